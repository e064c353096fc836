"""A little of `python -m tests.fuzz` in every run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, EncodeError
from tests.fuzz import target
from tests.fuzz.mutant import inputs
from tests.fuzz.target import SEEDS, TARGETS, timed


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_no_findings(name: str) -> None:
    for seed in SEEDS:
        timed(name, seed)


DECODERS = {
    "unserialize": "php_unserialize",
    "envelope": "decode_symfony",
    "message": "read_message",
    "sealed": "read_message",
    "json": "decode_json",
}


@pytest.mark.parametrize("error", [RecursionError(), KeyError("x"), ValueError("x"), EncodeError("x"), MemoryError()])
@pytest.mark.parametrize("name", TARGETS)
def test_any_exception_but_a_decoders_own_is_a_finding(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(target, DECODERS[name], fail)
    with pytest.raises(type(error)):
        timed(name, SEEDS[0])


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoders_own_refusal_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DecodeError("syntax", 0)

    monkeypatch.setattr(target, DECODERS[name], refuse)
    timed(name, SEEDS[0])


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(list(TARGETS)), inputs)
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(name: str, data: bytes) -> None:
    timed(name, data)
