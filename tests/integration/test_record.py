"""A corpus recorded from a real RabbitMQ: nothing is lost, whatever ends it, and the broker is left clean."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pika
import pytest

from contracts.registry import FAMILIES
from infra.local.rabbitmq import RabbitNode
from ops.corpus import CorpusReader, outline
from ops.corpus_key import file_key
from ops.exit_code import ExitCode
from tests.contract.parity.side import scenario
from tests.leak import leaks
from tests.patience import eventually

pytest_plugins = ("tests.fixtures_bridge",)

REPOSITORY = Path(__file__).parents[2]
_RUN = "import sys; from ops.cli import main; sys.exit(main())"
_WITHIN_S = 30.0


class Site:
    """A folder, a broker, and the command between."""

    def __init__(self, node: RabbitNode, folder: Path) -> None:
        self.node = node
        self.folder = folder
        self.corpus = folder / "payments.corpus"
        self.key = folder / "corpus.key"
        self.connection = pika.BlockingConnection(pika.URLParameters(node.amqp_url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.said: list[bytes] = []

    def environment(self, **changes: str) -> dict[str, str]:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "AMQP_", "STRANGLER_"))}
        return {**inherited, "AMQP_URL": self.node.amqp_url, "STRANGLER_CORPUS_KEY": str(self.key), **changes}

    def start(self, *arguments: str, point: str = "", **changes: str) -> subprocess.Popen[bytes]:
        """Begin to record. Args: point: where the process kills itself."""
        program = _RUN
        if point:
            program = (
                "import os, signal; from contracts import point\n"
                f"point.hook(lambda name: name == {point!r} and os.kill(os.getpid(), signal.SIGKILL))\n{_RUN}"
            )
        return subprocess.Popen(
            [sys.executable, "-c", program, "record", "--corpus", str(self.corpus), *arguments],
            cwd=REPOSITORY,
            env=self.environment(**changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def end(self, running: subprocess.Popen[bytes], number: int = 0) -> tuple[int, str]:
        """How it ends, and what it has said. Args: number: of a signal that it is sent first."""
        if number:
            running.send_signal(number)
        out, err = running.communicate(timeout=60)
        self.said += [out, err]
        assert b"Traceback" not in err, err.decode()
        assert out == b""
        return running.returncode, err.decode()

    def record(self, *arguments: str, **changes: str) -> tuple[int, str]:
        return self.end(self.start(*arguments, **changes))

    def queues(self) -> set[str]:
        """Queues of recordings, as the broker has them."""
        found = set()
        for name in (f"strangler.record.{self.id()}", f"strangler.record.{self.id()}.dropped"):
            with pika.BlockingConnection(pika.URLParameters(self.node.amqp_url)) as connection:
                try:
                    connection.channel().queue_declare(name, passive=True)
                    found.add(name)
                except pika.exceptions.ChannelClosedByBroker:
                    pass
        return found

    def id(self) -> str:
        return outline(self.corpus).header.corpus

    def await_queue(self) -> None:
        def bound() -> bool:
            return self.corpus.exists() and self.corpus.stat().st_size > 0 and len(self.queues()) == 2

        eventually(bound, _WITHIN_S, "the recording has its queue")

    def publish(self, notifications: Sequence[Mapping[str, Any]], headers: Mapping[str, Any] | None = None) -> None:
        for one in notifications:
            properties = pika.BasicProperties(
                headers={**one["headers"], **(headers or {})}, delivery_mode=2, **one["properties"]
            )
            self.channel.basic_publish(
                one["exchange"], one["routing_key"], base64.b64decode(one["body_base64"]), properties
            )

    def records(self, *, unfinished: bool = False) -> list[dict[str, Any]]:
        with CorpusReader(self.corpus, file_key(self.key), unfinished=unfinished) as reader:
            return [json.loads(one.line) for one in reader.records()]


@pytest.fixture
def site(node: RabbitNode, tmp_path: Path) -> Iterator[Site]:
    site = Site(node, tmp_path)
    yield site
    site.connection.close()


@pytest.fixture(scope="module")
def notifications(php: Sequence[str]) -> list[dict[str, Any]]:
    return scenario(php, 120, 31)


def test_what_is_published_stands_in_the_corpus_as_it_was_and_the_broker_is_left_clean(
    site: Site, notifications: list[dict[str, Any]]
) -> None:
    running = site.start("--messages", str(len(notifications)))
    site.await_queue()
    site.publish(notifications, {"x-note": "é", "x-bytes": b"\xff", "x-table": {"n": [1, None, True]}})
    code, err = site.end(running)
    assert (code, f"{len(notifications)} records" in err) == (ExitCode.OK, True)
    found = site.records()
    for name in ("id", "type", "exchange", "routing_key", "body_base64"):
        assert [one[name] for one in found] == [one[name] for one in notifications], name
    table = {"x-note": "é", "x-bytes": {"base64": "/w=="}, "x-table": {"n": [1, None, True]}}
    assert all(table.items() <= one["headers"].items() for one in found)
    assert all(
        {**two["properties"], "delivery_mode": 2} == one["properties"]
        for one, two in zip(found, notifications, strict=True)
    )
    assert all(one["redelivered"] is False and re.fullmatch(r"20..-.*T.*Z", one["at"]) for one in found)
    assert site.queues() == set()


def test_only_what_was_chosen_is_recorded(site: Site, notifications: list[dict[str, Any]]) -> None:
    chosen = [one for one in notifications if one["type"] in ("payin.create", "balance.update")]
    running = site.start("--type", "payin.create", "--type", "balance.update", "--messages", str(len(chosen)))
    site.await_queue()
    site.publish(notifications)
    assert site.end(running)[0] == ExitCode.OK
    assert [one["body_base64"] for one in site.records()] == [one["body_base64"] for one in chosen]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(site: Site, notifications: list[dict[str, Any]], number: int) -> None:
    running = site.start()
    site.await_queue()
    site.publish(notifications)
    # Not by the queue's own count: what was handed out may still be on its way.
    eventually(lambda: len(site.records(unfinished=True)) == len(notifications), _WITHIN_S, "all messages are sealed")
    site.publish(notifications[:20])
    code, _ = site.end(running, number)
    assert code == ExitCode.OK
    found, sent = ([one["body_base64"] for one in side] for side in (site.records(), [*notifications, *notifications]))
    assert len(found) >= len(notifications)
    assert found == sent[: len(found)], "what had come by then, in its order, and nothing left out"
    assert site.queues() == set()


def test_so_long_and_not_longer(site: Site) -> None:
    assert site.record("--for", "1s")[0] == ExitCode.OK
    assert site.records() == []


@pytest.mark.parametrize(("point", "twice"), [("record.taken", False), ("record.sealed", True)])
def test_a_recording_that_was_killed_goes_on_and_nothing_is_lost(
    site: Site, notifications: list[dict[str, Any]], point: str, *, twice: bool
) -> None:
    running = site.start(point=point)
    site.await_queue()
    site.publish(notifications[:60])
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL
    site.publish(notifications[60:])
    before = site.records(unfinished=True)
    assert bool(before) is twice, "sealed before it was killed, or not"
    code, err = site.record("--continue", "--messages", str(len(notifications)))
    assert code == ExitCode.OK
    bodies = [one["body_base64"] for one in site.records()]
    assert set(bodies) == {one["body_base64"] for one in notifications}
    assert bodies[len(before) :] == [one["body_base64"] for one in notifications], "all in order behind what was there"
    assert "came again" in err
    assert site.queues() == set()


def test_a_queue_that_is_kept_goes_on_filling(site: Site, notifications: list[dict[str, Any]]) -> None:
    assert site.record("--for", "1s", "--keep-queue")[0] == ExitCode.OK
    site.publish(notifications)
    assert site.record("--continue", "--messages", str(len(notifications)))[0] == ExitCode.OK
    assert [one["body_base64"] for one in site.records()] == [one["body_base64"] for one in notifications]


def test_one_that_goes_on_without_its_queue_says_what_is_missing(site: Site) -> None:
    assert site.record("--for", "1s")[0] == ExitCode.OK
    code, err = site.record("--continue", "--for", "1s")
    assert (code, "its queue was gone" in err) == (ExitCode.ATTENTION, True)


def test_what_a_full_queue_has_dropped_is_told(site: Site, notifications: list[dict[str, Any]]) -> None:
    small = {"STRANGLER_TAP_LENGTH": "10"}
    assert site.record("--for", "1s", "--keep-queue", **small)[0] == ExitCode.OK
    site.publish(notifications[:25])
    code, err = site.record("--continue", "--messages", "10", **small)
    assert (code, "has dropped 15 messages" in err) == (ExitCode.ATTENTION, True)
    assert [one["id"] for one in site.records()] == [one["id"] for one in notifications[15:25]]


def test_a_type_that_has_no_contract_is_recorded_from_its_exchange(site: Site) -> None:
    site.channel.exchange_declare("billing", "topic", durable=True)
    running = site.start("--exchange", "billing", "--routing-key", "invoice.#", "--name", "invoice", "--messages", "2")
    site.await_queue()
    for key in ("invoice.paid", "refund.paid", "invoice.sent"):
        site.channel.basic_publish("billing", key, b"{}", pika.BasicProperties(message_id=f"m-{key}"))
    assert site.end(running)[0] == ExitCode.OK
    assert [(one["type"], one["routing_key"], one["id"]) for one in site.records()] == [
        ("invoice", "invoice.paid", "m-invoice.paid"),
        ("invoice", "invoice.sent", "m-invoice.sent"),
    ]


def test_the_broker_refuses_and_nothing_is_left(site: Site) -> None:
    code, err = site.record("--exchange", "nowhere", "--name", "invoice")
    assert (code, "no exchange 'nowhere'" in err) == (ExitCode.REFUSED, True)
    assert not site.corpus.exists()


def test_a_corpus_goes_on_only_as_it_was_begun(site: Site) -> None:
    assert site.record("--for", "1s", "--type", "payin.create", "--pseudonymise")[0] == ExitCode.OK
    before = site.corpus.read_bytes()
    assert site.record("--for", "1s", "--continue")[0] == ExitCode.USAGE
    code, err = site.record("--for", "1s", "--continue", "--type", "payin.create", "--pseudonymise")
    assert (code, "record another corpus" in err) == (ExitCode.OBJECTED, True)
    assert site.corpus.read_bytes() == before


def test_pseudonyms_stay_the_same_as_long_as_the_queue_is_kept(site: Site, notifications: list[dict[str, Any]]) -> None:
    secret = site.corpus.with_name(f"{site.corpus.name}.pseudonyms")
    assert site.record("--for", "1s", "--pseudonymise", "--keep-queue")[0] == ExitCode.OK
    assert secret.exists()
    count = str(len(notifications))
    for last in (False, True):
        site.publish(notifications)
        kept = () if last else ("--keep-queue",)
        assert site.record("--continue", "--pseudonymise", "--messages", count, *kept)[0] == ExitCode.OK
    assert not secret.exists()
    bodies = [one["body_base64"] for one in site.records()]
    assert bodies[: len(notifications)] == bodies[len(notifications) :]


def test_a_lost_broker_comes_back_and_the_recording_with_it(
    site: Site, notifications: list[dict[str, Any]], node: RabbitNode
) -> None:
    running = site.start("--messages", str(len(notifications)))
    site.await_queue()
    site.publish(notifications[:40])
    site.connection.close()
    node.restart()
    again = Site(node, site.folder)
    again.publish(notifications[40:])
    code, err = again.end(running)
    again.connection.close()
    site.connection = again.connection = pika.BlockingConnection(pika.URLParameters(node.amqp_url))
    assert (code, "connection was lost" in err) == (ExitCode.OK, True)
    found = [one["body_base64"] for one in again.records()]
    assert set(found) <= {one["body_base64"] for one in notifications}
    assert len(found) == len(notifications)


@pytest.mark.parametrize("pseudonymise", [False, True])
def test_nothing_personal_stands_anywhere_but_in_the_sealed_corpus(
    site: Site, notifications: list[dict[str, Any]], *, pseudonymise: bool
) -> None:
    options = ("--pseudonymise",) if pseudonymise else ()
    running = site.start(*options, point="record.sealed")
    site.await_queue()
    site.publish(notifications, {"customer": "Zoé Zzyx "})
    running.communicate(timeout=60)
    code, _ = site.record("--continue", *options, "--messages", str(len(notifications)))
    assert code == ExitCode.OK
    shown = subprocess.run(
        [sys.executable, "-c", _RUN, "corpus", "show", str(site.corpus), "-o", "json"],
        cwd=REPOSITORY, env=site.environment(), capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(shown.stdout)["pseudonymised"] is pseudonymise
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"payments.corpus", "corpus.key"}, "the secret is thrown away"
    places = [(path.name, path.read_bytes()) for path in files]
    places += [("said", one) for one in (*site.said, shown.stdout, shown.stderr)]
    places += [("rabbitmq.log", site.node.log.read_bytes())]
    assert leaks(places) == []

    found = site.records()
    inside = [(one["id"], base64.b64decode(one["body_base64"]).replace(b"\\", b"")) for one in found]
    inside += [(one["id"], str(one["headers"]).encode()) for one in found]
    assert bool(leaks(inside)) is not pseudonymise
    types = {one.name: one for family in FAMILIES for one in family.types}
    for one in found:
        types[one["type"]].decode(base64.b64decode(one["body_base64"]))
