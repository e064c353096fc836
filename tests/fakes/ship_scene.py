"""A shipper with nothing real about it but its journal."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from bridge.backoff import Backoff
from bridge.delivery_log import DELIVERY_SCHEMA, DeliveryLog
from bridge.invalid import parking_translator
from bridge.journal_file import JournalFile
from bridge.port import Express, Sink, SourceRefusedError
from bridge.shipper import DEFAULT_LIMITS, ShipLimits, Shipper, ShipRoute
from bridge.translator import notification_translator, outcome_translator, stamped_translator
from contracts import naming
from contracts.registry import FAMILIES
from tests.fakes.broker import MemoryBroker, MemorySource
from tests.fakes.calls import MemoryCalls
from tests.fakes.clock import FakeClock
from tests.fakes.message import delivery, payin
from tests.fakes.sink import MemorySink
from tests.rig.delivered import played

PAYINS = "s-payin.fifo"
CARDS = "s-cardtransaction"
BALANCES = "s-balance.fifo"
INVALID = "s-invalid"
TAP = naming.tap_queue_name("payin")


@dataclass
class Scene:
    """A shipper between a broker, a sink and a clock of the test's own."""

    folder: ClassVar[Path]
    files: ClassVar[list[JournalFile]]
    clock: FakeClock = field(default_factory=FakeClock)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    sink: MemorySink = field(default_factory=MemorySink)
    prefetch: int = 200
    refuses: bool = False
    calls: MemoryCalls = field(default_factory=MemoryCalls)
    limits: ShipLimits = DEFAULT_LIMITS
    express: Express | None = None

    def __post_init__(self) -> None:
        self.file = JournalFile(self.folder / str(len(self.files)), "shipper", DELIVERY_SCHEMA)
        self.files.append(self.file)
        self.log = DeliveryLog(self.file)
        self.broker.idle = self.clock.advance
        self.shipper = self.shipper_over(self.sink)
        self.shipper.open()

    def shipper_over(self, sink: Sink) -> Shipper:
        routes = {}
        for family in FAMILIES:
            destination = naming.queue_name("s", family.name, ordered=family.ordered)
            tap = naming.tap_queue_name(family.name)
            leave = any(one.tap.name == tap for one in self.broker.successions)
            routes[tap] = ShipRoute(destination, notification_translator(family, self.clock.now), leave=leave)
            for queue in (naming.ship_queue_name(family.name), naming.shadow_queue_name(family.name)):
                routes[queue] = ShipRoute(destination, stamped_translator(family, self.clock.now))
        routes[naming.OUTCOME_QUEUE] = ShipRoute("s-outcomes", outcome_translator(self.clock.now))
        routes[naming.INVALID_MESSAGE_QUEUE] = ShipRoute(INVALID, parking_translator())
        return Shipper(
            self.connect,
            sink,
            routes,
            self.log,
            self.calls,
            self.clock,
            lambda: Backoff(first_s=1, most_s=8, uniform=lambda _, most_s: most_s),
            disk=MemoryCalls(),
            limits=self.limits,
            express=self.express,
        )

    def connect(self) -> MemorySource:
        if self.refuses:
            raise SourceRefusedError("refused by the test")
        return self.broker.connect(self.prefetch)

    @property
    def source(self) -> MemorySource:
        return self.broker.connections[-1]

    def publish(self, webhook_id: str, payin_id: str = "p1") -> None:
        self.broker.deliver(delivery("payin.create", payin(webhook_id, payin_id)))

    def step_until(self, reached: Callable[[], bool]) -> None:
        for _ in range(100):
            if reached():
                return
            self.shipper.step()
            self.clock.advance(self.shipper.waits_s())
        raise AssertionError("never came to it")

    @property
    def acknowledged(self) -> int:
        return len(self.broker.acknowledged)

    def places(self) -> list[tuple[str, str | None]]:
        """Id and place of every delivery, in order."""
        return [(one.taken.id, one.place) for one in played(self.file)]


@contextlib.contextmanager
def scenes_in(folder: Path) -> Iterator[None]:
    """Scenes may be made, whose journals lie in a folder and are closed in the end."""
    Scene.folder, Scene.files = folder, []
    yield
    for file in Scene.files:
        file.close()
