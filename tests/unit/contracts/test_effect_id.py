import pytest

from contracts.effect_id import EVENT, effect_id, read_effect_id


@pytest.mark.parametrize("message_id", ["w1", "a:b", "a:1", ":", "é"])
@pytest.mark.parametrize("ordinal", [EVENT, "0", "17"])
def test_an_effect_id_says_message_and_ordinal(message_id: str, ordinal: str) -> None:
    assert read_effect_id(effect_id(message_id, ordinal)) == (message_id, ordinal)


@pytest.mark.parametrize("text", ["", "w1", ":1", "w1:", "w1:x", "w1:-1", "w1:²"])
def test_what_is_no_effect_id_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"^no effect id$"):
        read_effect_id(text)
