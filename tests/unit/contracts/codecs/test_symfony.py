import base64
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.symfony import ENVELOPE, SymfonyMessage, decode_symfony
from contracts.php.text import addslashes
from contracts.php.value import PhpObject

MESSAGE = b'O:7:"App\\Msg":2:{s:11:"\0App\\Msg\0id";s:4:"po_1";s:9:"\0*\0amount";s:5:"12.50";}'
NO_STAMPS = b"a:0:{}"
DELAY = b'a:1:{s:5:"Delay";a:1:{i:0;O:5:"Delay":1:{s:5:"delay";i:5;}}}'


def envelope(message: bytes = MESSAGE, stamps: bytes = NO_STAMPS, name: str = ENVELOPE) -> bytes:
    mangled = [f"\0{name}\0{field}".encode() for field in ("stamps", "message")]
    properties = b"".join(
        b's:%d:"%s";%s' % (len(key), key, value) for key, value in zip(mangled, (stamps, message), strict=True)
    )
    return b'O:%d:"%s":2:{%s}' % (len(name), name.encode(), properties)


def refusal(body: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_symfony(body, limits or Limits())
    return caught.value.code


def test_a_slashed_envelope_is_opened() -> None:
    assert decode_symfony(addslashes(envelope(stamps=DELAY))) == SymfonyMessage(
        class_name="App\\Msg",
        properties={"id": "po_1", "amount": "12.50"},
        stamps={"Delay": (PhpObject("Delay", {"delay": 5}),)},
    )


def test_base64_of_a_slashed_envelope_is_opened() -> None:
    body = base64.b64encode(addslashes(envelope(b'O:1:"M":1:{s:1:"x";s:1:"\xe9";}')))
    assert decode_symfony(body).properties == {"x": "\udce9"}
    assert decode_symfony(body + b"\n").properties == {"x": "\udce9"}  # PHP's base64_decode skips what it does not know


def test_a_nul_before_a_digit_is_not_an_octal_escape() -> None:
    body = addslashes(envelope(b'O:1:"M":1:{s:1:"x";s:2:"\x007";}'))
    assert decode_symfony(body).properties == {"x": "\x007"}


@pytest.mark.parametrize("body", [b"", b"0", b"!!!!"])
def test_a_body_with_nothing_in_it_is_empty(body: bytes) -> None:
    assert refusal(body) == "empty"


@pytest.mark.parametrize(
    "text",
    [
        b"i:1;}",
        b'O:13:"ReceivedSt0mp":0:{}',
        MESSAGE,
        envelope(message=b"N;"),
        envelope(message=b'C:1:"M":0:{}'),
        envelope(stamps=b"i:1;"),
        envelope(stamps=b'a:1:{s:5:"Delay";i:1;}'),
        envelope(stamps=b'a:1:{s:5:"Delay";a:1:{i:0;i:1;}}'),
        envelope(name="App\\Envelope"),
        b'O:%d:"%s":0:{}' % (len(ENVELOPE), ENVELOPE.encode()),
    ],
)
def test_what_is_no_envelope_is_refused(text: bytes) -> None:
    assert refusal(addslashes(text)) == "not_an_envelope"


def test_a_json_body_is_refused() -> None:
    assert refusal(b'{"message": "bar"}') == "syntax"


def test_an_envelope_past_the_limit_is_refused() -> None:
    assert refusal(addslashes(envelope()), Limits(max_bytes=50)) == "too_large"


def test_the_message_is_not_shown_in_a_repr() -> None:
    assert "po_1" not in repr(decode_symfony(addslashes(envelope())))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100), st.integers(0, 400), st.integers(0, 20), st.booleans())
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(
    piece: bytes,
    start: int,
    length: int,
    in_base64: bool,  # noqa: FBT001
) -> None:
    body = addslashes(envelope(stamps=DELAY))
    body = body[:start] + piece + body[start + length :]
    with suppress(DecodeError):
        decode_symfony(base64.b64encode(body) if in_base64 else body)
