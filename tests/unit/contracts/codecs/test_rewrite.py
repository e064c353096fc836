"""Values change, and nothing else: key order, spacing, escapes, lengths and classes stay byte for byte."""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError
from contracts.codecs.json_body import read_json
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.codecs.rewrite import MOST_NESTED, rewrite_body
from contracts.php.text import addslashes
from contracts.php.value import PhpEnum, PhpObject, PhpReference

_SWAPPED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123456789éèÉÈ",
    "bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA234567891èéÈÉ",
)


@dataclass
class Turned:
    """A `Change` that moves letters and digits on by one; it notes what it was asked."""

    plain: frozenset[str] = frozenset()
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def text(self, value: str, name: str | None) -> str:
        self.asked.append((value, name))
        return value if name in self.plain else value.translate(_SWAPPED)

    def number(self, lexeme: str, name: str | None) -> str:
        self.asked.append((lexeme, name))
        mantissa, *exponent = re.split("(?=[eE])", lexeme, maxsplit=1)
        return lexeme if name in self.plain else mantissa.translate(_SWAPPED) + "".join(exponent)

    def key(self, key: str) -> str:
        return key.translate(_SWAPPED) if " " in key else key

    def enters(self, class_name: str) -> bool:
        return class_name != "Kept"

    def opens(self, name: str | None) -> bool:
        return name not in self.plain


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'{"a":"abc"}', b'{"a":"bcd"}'),
        (b' { "a" : "abc" ,\n"b":[1, 20.50,-3e5 ] } ', b' { "a" : "bcd" ,\n"b":[2, 30.60,-4e5 ] } '),
        (rb'{"a":"x\/y\u00e9\u00E9 \n\"z\""}', rb'{"a":"y\/z\u00e8\u00E8 \n\"a\""}'),
        ('{"é":"é"}'.encode(), '{"é":"è"}'.encode()),
        (rb'{"a":"\ud83d\ude00 \u0061\u0041"}', rb'{"a":"\ud83d\ude00 \u0062\u0042"}'),
        (b'{"a":true,"b":false,"c":null,"d":"","e":[],"f":{}}', b'{"a":true,"b":false,"c":null,"d":"","e":[],"f":{}}'),
        (b'{"a b":"a"}', b'{"b c":"b"}'),
        (b'"abc"', b'"bcd"'),
        (b"12", b"23"),
        (b"null", b"null"),
        (rb'{"a":"{\"b\":\"c\",\"d\":1}"}', rb'{"a":"{\"b\":\"d\",\"d\":2}"}'),
        (rb'{"a":"a:1:{s:1:\"k\";s:1:\"v\";}"}', rb'{"a":"a:1:{s:1:\"k\";s:1:\"w\";}"}'),
        (b'{"a":"{no JSON}"}', b'{"a":"{op KTPO}"}'),
        (b's:3:"abc";', b's:3:"bcd";'),
        (b'a:2:{i:7;i:15;s:1:"k";d:2.5;}', b'a:2:{i:7;i:26;s:1:"k";d:3.6;}'),
        (b'O:1:"M":2:{s:4:"\0*\0p";s:1:"v";s:4:"\0M\0q";b:1;}', b'O:1:"M":2:{s:4:"\0*\0p";s:1:"w";s:4:"\0M\0q";b:1;}'),
        (b'a:2:{i:0;E:6:"Suit:A";i:1;N;}', b'a:2:{i:0;E:6:"Suit:A";i:1;N;}'),
        (b'a:2:{i:0;O:4:"Kept":1:{i:0;s:1:"v";}i:1;s:1:"v";}', b'a:2:{i:0;O:4:"Kept":1:{i:0;s:1:"v";}i:1;s:1:"w";}'),
        (b'a:2:{i:0;O:1:"M":1:{s:1:"p";s:1:"v";}i:1;r:2;}', b'a:2:{i:0;O:1:"M":1:{s:1:"p";s:1:"w";}i:1;r:2;}'),
        (b'a:1:{s:3:"a b";s:2:"\xc3\xa9";}', b'a:1:{s:3:"b c";s:2:"\xc3\xa8";}'),
        (b's:2:"a\xe9";', b's:2:"b\xe9";'),
        (b"i:1;rest", b"i:2;sftu"),
        (b'C:1:"M":3:{abc}', b'C:1:"M":3:{bcd}'),
        (b'a:1:{i:0;s:7:"{"a":1}";}', b'a:1:{i:0;s:7:"{"a":2}";}'),
        (b"a:1:{i:0;d:INF;}", b"a:1:{i:0;d:JOG;}"),
    ],
)  # fmt: skip
def test_values_change_and_nothing_else(body: bytes, changed: bytes) -> None:
    assert rewrite_body(body, Turned()) == changed


def test_values_are_asked_for_by_the_name_of_their_field() -> None:
    turned = Turned(frozenset({"kept"}))
    body = b'{"a":[{"b":"1"},["x"]],"kept":["y",{"c":2}],"d":{"kept":"z"},"e":3}'
    rewrite_body(body, turned)
    assert turned.asked == [("1", "b"), ("x", "a"), ("y", "kept"), ("2", "c"), ("z", "kept"), ("3", "e")]
    turned = Turned()
    rewrite_body(b'O:1:"M":1:{s:4:"\0M\0p";a:2:{i:0;s:1:"x";s:1:"k";i:5;}}', turned)
    assert turned.asked == [("x", "p"), ("5", "k")]


def test_a_plain_text_is_not_looked_into() -> None:
    body = rb'{"kept":"{\"b\":\"c\"}"}'
    assert rewrite_body(body, Turned(frozenset({"kept"}))) == body


def test_texts_within_texts_are_looked_into_so_deep_and_no_deeper() -> None:
    body = b'{"a":"b"}'
    for _ in range(MOST_NESTED):
        body = json.dumps({"a": body.decode()}).encode()
    turned = Turned()
    rewrite_body(body, turned)
    assert turned.asked == [("b", "a")]
    turned = Turned()
    rewrite_body(json.dumps({"a": body.decode()}).encode(), turned)
    assert turned.asked == [('{"a":"b"}', "a")]


def test_slashes_and_base64_are_seen_through() -> None:
    text = php_serialize(PhpObject("App\\M", {"p": 'O\'Brien \\ "x"\0y', "q": "é"}))
    expected = php_serialize(PhpObject("App\\M", {"p": 'P\'Csjfo \\ "y"\0z', "q": "è"}))
    assert rewrite_body(addslashes(text), Turned()) == addslashes(expected)
    wrapped = rewrite_body(base64.b64encode(addslashes(text)) + b"\n", Turned())
    assert wrapped == base64.b64encode(addslashes(expected)) + b"\n"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b'{"a":}', b'{"a":"\xe9"}', rb'{"a":"\ud800"}', b"hello", b's:5:"abc";', b'a:1:{i:0;S:2:"\\61b";}',
        rb'O:1:\"M\":1:{s:1:\"p\";s:2:\"a\5\";}', b"Tzo" + b"=" * 2 + b"x",
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        rewrite_body(body, Turned())


scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.text("aé/\\\"'\0 z1😀{", max_size=8))
json_values = st.recursive(
    st.one_of(scalars, st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text('abé "', max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
php_values = st.recursive(
    st.one_of(scalars, st.just(PhpEnum("App\\Suit", "Hearts"))),
    lambda inner: st.one_of(
        st.dictionaries(st.one_of(st.integers(0, 99), st.text('abé"', min_size=1, max_size=4)), inner, max_size=4),
        st.builds(
            lambda properties: PhpObject("App\\M", properties),
            st.dictionaries(st.text("pq", min_size=1, max_size=3), inner, max_size=3),
        ),
    ),
    max_leaves=12,
)  # fmt: skip


def outline(value: Any) -> Any:
    """What a value is, without texts and numbers."""
    match value:
        case PhpReference():
            return outline(value.value)
        case PhpObject():
            return value.class_name, [outline(one) for one in value.properties.values()]
        case dict():
            return [outline(one) for one in value.values()]
        case list():
            return [outline(one) for one in value]
        case str():
            return len(value.encode("utf-8", "surrogateescape"))
        case bool() | None | PhpEnum():
            return value
    return type(value)


@given(json_values, st.booleans(), st.sampled_from([None, 1]), st.booleans())
def test_json_parses_to_the_same_structure(value: Any, ascii_only: bool, indent: int | None, slashes: bool) -> None:  # noqa: FBT001
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    body = (text.replace("/", "\\/") if slashes else text).encode()
    changed = rewrite_body(body, Turned())
    assert len(changed) == len(body)
    assert outline(read_json(changed)) == outline(read_json(body))

    def bones(text: bytes) -> bytes:
        return re.sub(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', b"", text)

    assert bones(changed) == bones(body)


@given(php_values)
def test_php_reads_the_same_structure(value: Any) -> None:
    body = php_serialize(value)
    changed = rewrite_body(body, Turned())
    assert len(changed) == len(body)
    assert outline(php_unserialize(changed)) == outline(php_unserialize(body))
    slashed = addslashes(php_serialize(PhpObject("M", {"p": value})))
    assert len(rewrite_body(slashed, Turned())) == len(slashed)
