from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_body import decode_json


def test_a_notification_is_read_in_its_order() -> None:
    body = '{"webhook":"payin.create","object_payload":{"payins":[{"amount":"17.01","label":"é\\/"}]},"webhook":"x"}'
    decoded = decode_json(body.encode())
    assert list(decoded) == ["webhook", "object_payload"]
    assert decoded["webhook"] == "x"
    assert decoded["object_payload"] == {"payins": [{"amount": "17.01", "label": "é/"}]}


@pytest.mark.parametrize(
    ("body", "code", "position"),
    [
        (b"", "empty", None),
        (b"   ", "truncated", 3),
        (b'{"a":1', "truncated", 6),
        (b'{"a":"', "truncated", 6),
        (b"no json", "syntax", 0),
        (b'{"a":NaN}', "syntax", 5),
        (b'{"a":[1}', "syntax", 7),
        (b'{"a":"\xe9"}', "encoding", 6),
        (b'{"a":"\\ud800"}', "encoding", 6),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "too_deep", 2555),
        (b"[]", "not_an_object", None),
        (b'"text"', "not_an_object", None),
    ],
)
def test_anything_else_is_refused_with_its_place(body: bytes, code: str, position: int | None) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_json(body)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_a_body_past_the_limit_is_refused() -> None:
    with pytest.raises(DecodeError, match="too_large"):
        decode_json(b'{"a":1}', Limits(max_bytes=6))


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text('{}[]:,"\\u0123d8ab tfn-.eE', max_size=60).map(str.encode))
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(body: bytes) -> None:
    with suppress(DecodeError):
        assert isinstance(decode_json(body), dict)
