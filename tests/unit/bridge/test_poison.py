from bridge.poison import Poison


def test_it_is_full_at_its_limit() -> None:
    poison = Poison(3)
    for now in (0.0, 1.0, 2.0):
        assert not poison.full(now)
        poison.count(now)
    assert poison.full(3.0)
    assert poison.full(60.0)


def test_what_came_more_than_a_minute_ago_does_not_count() -> None:
    poison = Poison(2)
    for now in (0.0, 30.0):
        poison.count(now)
    assert poison.full(60.0)
    assert not poison.full(60.1)
    poison.count(60.1)
    assert poison.full(90.0)
    assert not poison.full(90.1)


def test_the_operator_is_told_the_limit_and_where_to_look() -> None:
    assert "7 messages within a minute" in Poison(7).sentence
    assert "strangler dlq list" in Poison(7).sentence
