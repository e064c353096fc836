"""Peers that do as they are told, and an authority that they may be known by.

A test module takes these fixtures with `pytest_plugins = ("tests.fixtures_peer",)`, and imports nothing from here.
"""

import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.certificate import Authority
from tests.rig.peer import Act, Peer


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def make(*script: Act, tls: ssl.SSLContext | None = None) -> Peer:
        made.append(Peer(*script, tls=tls))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("tls"), "ours")
