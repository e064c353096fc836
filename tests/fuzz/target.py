"""What is fuzzed: each target takes any bytes and lets out an exception only where a decoder is wrong."""

import base64
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from contracts.codecs.error import DecodeError, EncodeError, Limits
from contracts.codecs.json_body import decode_json
from contracts.codecs.laravel_seal import seal_again
from contracts.codecs.legacy import read_message, write_message
from contracts.codecs.legacy_message import Seal
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.codecs.symfony import ENVELOPE, decode_symfony
from contracts.php.runtime import PHP_8_2
from contracts.php.text import addslashes
from ops.inspection import inspect
from tests.fuzz.graph import isomorphic, unshared

LIMITS = Limits(max_bytes=256 * 1024, max_elements=10_000)
KEY = bytes(range(32))
SLOWEST_S = 2.0
"""Of processor time, for one input: none is larger than LIMITS allows."""


class FindingError(AssertionError):
    """A decoder did what it promises not to do."""


def unserialize(data: bytes) -> None:
    """Both ways of reading agree, and what was read with its references can be written and read again."""
    plain = kept = None
    with suppress(DecodeError):
        plain = php_unserialize(data, LIMITS)
    try:
        kept = php_unserialize(data, LIMITS, references="keep")
    except DecodeError:
        if plain is not None:
            raise FindingError("read with references resolved, but not with references kept") from None
        return
    if plain is not None and unshared(kept) != plain and b"NAN" not in data:
        raise FindingError("with references kept it is another value")
    _rewritten(kept)


def envelope(data: bytes) -> None:
    """Symfony's, with slashes and base64."""
    for body in (data, addslashes(data), base64.b64encode(addslashes(data))):
        with suppress(DecodeError):
            decode_symfony(body, LIMITS)
    message(data)


def message(data: bytes) -> None:
    """Any message: can be told, and what is written of it is read as the same."""
    for headers in ({}, {"type": "A", "X-Message-Stamp-B": data.decode("utf-8", "surrogateescape")}):
        try:
            read = read_message(data, headers, key=KEY, limits=LIMITS)
        except DecodeError:
            continue
        inspect(read, key=KEY)
        try:
            written = write_message(read, runtime=PHP_8_2, key=KEY)
        except EncodeError:
            continue
        again = read_message(written.body, written.headers, key=KEY, limits=Limits(max_bytes=8 * LIMITS.max_bytes))
        if (again.framework, again.name, again.attempts) != (read.framework, read.name, read.attempts):
            raise FindingError("written, it is another message")
        if write_message(again, runtime=PHP_8_2, key=KEY).body != written.body:
            raise FindingError("written twice, it is not the same")


def sealed(data: bytes) -> None:
    """A job of Laravel's that is encrypted with the right key, whatever is in it."""
    for seal in (Seal("cbc", bytes(16)), Seal("gcm", bytes(12))):
        command = seal_again(php_serialize(data), seal, KEY)
        body = b'{"job":"x","data":{"commandName":"A","command":"%s"}}' % command.encode()
        try:
            read = read_message(body, key=KEY, limits=Limits(max_bytes=4 * LIMITS.max_bytes))
        except DecodeError:
            continue
        if write_message(read, runtime=PHP_8_2, key=KEY).body != body and not data.startswith(b"O:"):
            raise FindingError("sealed again, it is another text")


def json(data: bytes) -> None:
    """A notification."""
    with suppress(DecodeError):
        decode_json(data, LIMITS)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (unserialize, envelope, message, sealed, json)
}

SEEDS = (
    b'a:4:{i:0;O:1:"A":1:{s:1:"x";s:1:"v";}i:1;r:2;i:2;R:3;i:3;E:6:"Suit:A";}',
    b'O:1:"B":4:{s:4:"\0B\0x";d:0.5;s:4:"\0*\0y";a:1:{s:1:"k";N;}s:4:"\0A\0x";i:-7;s:1:"z";b:1;}',
    b"a:5:{i:0;i:5;i:1;R:2;i:0;a:1:{i:0;i:6;}i:2;R:2;i:3;R:5;}",
    b'a:3:{i:0;s:1:""";i:1;s:3:"a"b";i:2;s:5:"";i:2";}',
    b'O:8:"stdClass":2:{s:1:"a";a:1:{i:0;R:2;}s:1:"b";r:1;}',
    b'a:2:{i:0;C:3:"Old":8:{raw}data}i:1;S:3:"\\41\\00b";}',
    b'a:3:{i:0;s:5:"a"b"c";i:1;s:3:"""";i:2;E:6:"Suit:A";}',
    b"a:2:{i:0;a:1:{i:0;i:7;}i:1;a:3:{i:0;R:2;i:1;R:2;i:2;R:2;}}",
    b'O:%d:"%s":2:{s:44:"\0%s\0stamps";a:0:{}s:45:"\0%s\0message";O:1:"M":1:{s:1:"x";s:2:"\xc3\xa9";}}'
    % (len(ENVELOPE), ENVELOPE.encode(), ENVELOPE.encode(), ENVELOPE.encode()),
    b'{"uuid":"1","displayName":"A","job":"B@call","data":{"commandName":"A","command":"O:1:\\"A\\":0:{}"},"id":"x"}',
    b'[{"delay":1000,"at":"2024-03-31T01:59:59+01:00","x":1.5e3,"y":{"0":"\\u00e9\\/"}}]',
)
WORDS = tuple(
    word.encode("latin-1")
    for word in (
        *(
            "R:1;",
            "R:2;",
            "r:1;",
            "r:2;",
            "N;",
            "}",
            "{",
            '"',
            '";',
            ":",
            ";",
            "9",
            "-",
            "\\",
            "\0",
            "i:0;",
            "b:1;",
            "d:0.5;",
        ),
        *('s:1:"', 's:0:"";', "a:2:{", "a:0:{}", 'O:1:"A":1:{', 'E:3:"A:B";', 'C:1:"A":1:{x}', 'S:1:"\\41";', "\xff"),
        *("99999999999", "[", "]", ",", "\\u0000", "null", "1e400", '"command":"', '"job":', '"data":{'),
    )
)
"""Pieces of the formats, for whoever makes inputs of them."""


def timed(name: str, data: bytes) -> None:
    """Run one target on one input. Raises FindingError, or whatever the decoder let out."""
    started = time.process_time()
    TARGETS[name](data)
    if time.process_time() - started > SLOWEST_S:
        raise FindingError(f"{name}: {len(data)} bytes took more than {SLOWEST_S} s")


def _rewritten(kept: object) -> None:
    try:
        written = php_serialize(kept)
    except EncodeError:  # a reference behind a body whose values nobody can number
        return
    roomy = Limits(max_bytes=8 * LIMITS.max_bytes, max_depth=4096)
    again = php_unserialize(written, roomy, references="keep")
    last = php_serialize(again)
    if not isomorphic(php_unserialize(last, roomy, references="keep"), again):
        raise FindingError("written and read again, it is another graph")
