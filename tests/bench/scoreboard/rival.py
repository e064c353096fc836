"""The rivals: mq-bridge as its README starts it, mq-bridge with its retries and dead letters, Redpanda's connectors.

They live in a virtual environment of their own, made on demand under `var/bench`, with pinned versions. Configuration
as their documentation has it; where a payment company would choose the safer value, that one.
"""

import base64
import binascii
import contextlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.message_type import Family
from infra.local.process import Child
from tests.bench.scoreboard.contender import REPOSITORY, Arrival, Seat, Source
from tests.rig.aws import REGION
from tests.rig.s3 import Object
from tests.rig.sqs import Handed

FOLDER = REPOSITORY / "var" / "bench" / "rivals"
PACKAGES = {
    "mq-bridge": "1.2.0",
    "mq-bridge-connect": "0.2.2",
    "pika": "1.4.4",
    "orjson": "3.13.0",
    "uvloop": "0.23.0",  # of the programs that measure throughput
}
DEAD = "rival.dead"
"""Queue of RabbitMQ for the dead letters of those that have some."""
_INSTALL_WITHIN_S = 600
_SLACK = {"batch_size": 128}
_ROUTE = Path(__file__).with_name("route.py")


def install() -> Path:
    """Make the rivals' virtual environment where there is none; returns its Python."""
    python = FOLDER / "bin" / "python"
    pins = [f"{name}=={version}" for name, version in PACKAGES.items()]
    done = FOLDER / "installed"
    if not done.exists() or done.read_text("utf-8") != "\n".join(pins):
        venv.create(FOLDER, with_pip=True, clear=True)
        sys.stderr.write(f"installing {', '.join(pins)} into {FOLDER.relative_to(REPOSITORY)}\n")
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins]
        subprocess.run(command, check=True, timeout=_INSTALL_WITHIN_S)
        done.write_text("\n".join(pins), "utf-8")
    return python


class _Rival:
    """What all have in common: a route of mq-bridge in a process."""

    name = ""
    fifo = False
    taps = False
    asides: Sequence[str] = ()

    def version(self) -> str:
        return f"mq-bridge {PACKAGES['mq-bridge']}"

    def source(self, family: Family) -> Source:
        return Source(f"rival.{family.name}")

    def sink(self, family: Family, *, fifo: bool) -> str:
        return f"rival-{family.name}" + (".fifo" if fifo else "")

    def others(self) -> Sequence[str]:
        return ()

    def start(self, seat: Seat) -> Child:
        config = seat.folder / "route.json"
        config.write_text(json.dumps({"input": self._input(seat), "output": self._output(seat), **_SLACK}), "utf-8")
        command = [str(install()), str(_ROUTE), str(config)]
        environment = {"PATH": os.environ["PATH"], **seat.environment}
        log = seat.folder / "rival.log"
        return Child(self.name, command, environment=environment, folder=seat.folder, log=log)

    def read(self, one: Handed, objects: Mapping[tuple[str, str], Object]) -> Arrival:
        body = one.body.encode("utf-8", "surrogatepass")
        bodies = [body]
        with contextlib.suppress(binascii.Error):
            bodies.append(base64.b64decode(body, validate=True))
        keys = one.attributes
        return Arrival(
            keys.get("amqp_message_id"), bodies, dict(keys), keys.get("amqp_routing_key"), keys.get("amqp_exchange")
        )

    def parked(self, one: Handed) -> bytes | None:
        return None

    def _input(self, seat: Seat) -> Mapping[str, Any]:
        return {"amqp": {"url": seat.amqp_url, "queue": seat.queue, "source_metadata": True}}

    def _output(self, seat: Seat) -> Mapping[str, Any]:
        return {"aws": {"queue_url": seat.queue_url, "region": REGION, "endpoint_url": seat.endpoint}}


class MqBridge(_Rival):
    """The route of its README: no middleware."""

    name = "mq-bridge"


class MqBridgeDlq(_Rival):
    """With the `retry` and `dlq` middlewares of its cookbook, and bodies as base64, so that any bytes pass."""

    name = "mq-bridge-dlq"
    asides = (DEAD,)

    def _output(self, seat: Seat) -> Mapping[str, Any]:
        dead = {"amqp": {"url": seat.amqp_url, "queue": DEAD}}
        sink = {**super()._output(seat)["aws"], "binary_payload_mode": True}
        return {"middlewares": [{"retry": {}}, {"dlq": {"endpoint": dead}}], "aws": sink}


class MqBridgeConnect(_Rival):
    """Redpanda Connect's `amqp_0_9` input and `aws_sqs` output: batches of ten, one at a time, far below the limit."""

    name = "mq-bridge-connect"
    fifo = True
    batching: Mapping[str, Any] = {"count": 10, "byte_size": 500_000, "period": "50ms"}
    in_flight = 64

    def version(self) -> str:
        return f"mq-bridge-connect {PACKAGES['mq-bridge-connect']} (Redpanda Connect's connectors)"

    def _input(self, seat: Seat) -> Mapping[str, Any]:
        source = {"urls": [seat.amqp_url], "queue": seat.queue, "prefetch_count": 100}
        return _connect({"input": {"amqp_0_9": source}, "max_in_flight": self.in_flight})

    def _output(self, seat: Seat) -> Mapping[str, Any]:
        sink: dict[str, Any] = {
            "url": seat.queue_url,
            "region": REGION,
            "endpoint": seat.endpoint,
            "credentials": {"id": "none", "secret": "none"},
            "max_in_flight": 1,
            "batching": self.batching,
        }
        if seat.queue_url.endswith(".fifo"):
            sink["message_group_id"] = '${! json("object_id") }'
            sink["message_deduplication_id"] = '${! metadata("amqp_message_id") }'
        # What mq-bridge hands over is one batch already, whatever its size: made anew by the output's own policy.
        return _connect({"pipeline": {"processors": [{"split": {"size": 1}}]}, "output": {"aws_sqs": sink}})


class MqBridgeConnectOrdered(MqBridgeConnect):
    """With one message in flight, as its documentation advises where order matters."""

    name = "mq-bridge-connect-1"
    batching: Mapping[str, Any] = {"count": 1}
    in_flight = 1


def _connect(config: Mapping[str, Any]) -> Mapping[str, Any]:
    # Redpanda Connect reads YAML, of which JSON is a part.
    return {"custom": {"name": "connect", "config": {"yaml": json.dumps(config)}}}
