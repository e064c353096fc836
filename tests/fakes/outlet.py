"""Where effects go, in memory: an event bus, partners, an index of letters. Each can be made to refuse."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.effect_id import EVENT, effect_id
from contracts.return_message import Returned, ReturnedEffect
from workers.fate import UnavailableError
from workers.outlet.port import Call, Event, NotSentError
from workers.port import Occurrence


@dataclass
class Received:
    """Effect ids as all receivers together have seen them, in order."""

    effects: list[str] = field(default_factory=list)

    @property
    def repeated(self) -> set[str]:
        return {one for one, times in Counter(self.effects).items() if times > 1}


@dataclass
class MemoryEvents:
    received: Received
    refuse: int = 0
    before: Callable[[Event], None] = lambda _: None
    details: list[dict[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def put(self, event: Event) -> None:
        self.before(event)
        if self.refuse:
            self.refuse -= 1
            raise NotSentError("PutEvents: InternalFailure")
        detail = json.loads(event.detail)
        assert detail["id"] == effect_id(detail["message_id"], EVENT)
        self.events.append(event)
        self.details.append(detail)
        self.received.effects.append(detail["id"])


@dataclass
class EffectReturns:
    """The return queue without SQS's own deduplication, so that a repeated effect is seen."""

    received: Received
    refuse: int = 0
    sent: list[ReturnedEffect] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    before: Callable[[ReturnedEffect], None] = lambda _: None

    def send(self, returned: Returned, *, group: str, deduplication: str) -> None:
        assert isinstance(returned, ReturnedEffect)
        assert deduplication == returned.effect
        self.before(returned)
        if self.refuse:
            self.refuse -= 1
            raise UnavailableError("SendMessage: ThrottlingException")
        self.sent.append(returned)
        self.groups.append(group)
        self.received.effects.append(returned.effect)


@dataclass
class MemoryWebhooks:
    received: Received
    refuse: int = 0
    calls: list[Call] = field(default_factory=list)
    before: Callable[[Call], None] = lambda _: None
    """Where a test lets somebody else be faster."""

    def post(self, call: Call) -> None:
        self.before(call)
        if self.refuse:
            self.refuse -= 1
            raise NotSentError("webhook: 503")
        self.calls.append(call)
        self.received.effects.append(call.effect)


@dataclass
class MemoryLetters:
    """Letters by id and delivery."""

    letters: dict[tuple[str, str], Occurrence] = field(default_factory=dict)
    refuse: bool = False

    def index(self, occurrence: Occurrence) -> bool:
        if self.refuse:
            raise UnavailableError("UpdateItem: ThrottlingException")
        key = occurrence.letter_id, occurrence.delivery
        new = key not in self.letters
        self.letters[key] = occurrence
        return new
