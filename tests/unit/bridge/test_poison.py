from bridge.poison import Poison


def test_the_limit_itself_is_no_flood() -> None:
    poison = Poison(3)
    for now in (0.0, 1.0, 2.0):
        poison.count(now)
    assert not poison.flooded(2.0)
    poison.count(3.0)
    assert poison.flooded(3.0)


def test_what_came_more_than_a_minute_ago_does_not_count() -> None:
    poison = Poison(1)
    poison.count(0.0)
    poison.count(60.1)
    assert not poison.flooded(60.1)


def test_the_operator_is_told_the_limit_and_where_to_look() -> None:
    assert "more than 7 messages" in Poison(7).sentence
    assert "strangler dlq list" in Poison(7).sentence
