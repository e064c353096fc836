"""Opens letters: what they keep sealed, as the message that it was. Here alone commands decrypt letters."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from bridge.port import Delivery
from contracts.amqp_value import UnknownAmqpTypeError, untag_table
from contracts.claim import Claim, LostClaimError
from contracts.envelope import AmqpFacts, MalformedEnvelopeError, read_envelope
from contracts.letter import LetterContent, MalformedLetterError
from contracts.parked import MalformedParkedError, Parked, read_parked
from contracts.return_message import MalformedReturnError, ReturnedHold, read_return
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import Letter
from ops.replay_message import RefusedLetterError, legacy_body
from workers.fate import UnavailableError
from workers.store.seal import BrokenSealError


class Contents(Protocol):
    """What letters keep sealed; `workers.store.letters.LetterStore` is it."""

    def content(self, letter_id: str) -> LetterContent | None:
        """None where it is gone. Raises BrokenSealError, UnavailableError, MalformedLetterError."""


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A letter's message in clear. Never shown, logged or written as it is."""

    content: LetterContent = field(repr=False)
    body: bytes = field(repr=False)
    """What the monolith published; of an effect, what was to leave. Empty where it lies in S3 and was not fetched."""
    claim: Claim | None = None
    """On the body, where it lies in S3."""
    parked: Parked | None = field(default=None, repr=False)
    """Of the Invalid Message Channel only."""


class LetterOpener:
    """Opens letters of one deployment."""

    def __init__(self, contents: Callable[[], Contents], fetch: Callable[[Claim], bytes]) -> None:
        """Take what it works with.

        Args:
            contents: made when it is first needed, for that takes a call to KMS.
            fetch: as `ops.claim.Claims.fetch`.
        """
        self._make = contents
        self._fetch = fetch
        self._contents: Contents | None = None

    def open_whole(self, letter: Letter) -> OpenedLetter:
        """As `open`, with the body from wherever it lies."""
        opened = self.open(letter)
        if opened.claim is None:
            return opened
        try:
            return replace(opened, body=self._fetch(opened.claim))
        except LostClaimError as error:
            raise RefusedLetterError(f"its body is not in S3 as it was ({error.what})") from error

    def open(self, letter: Letter) -> OpenedLetter:
        """The letter's message. Raises RefusedLetterError where it cannot be had, CommandError where AWS refuses."""
        if self._contents is None:
            self._contents = self._make()
        try:
            content = self._contents.content(letter.letter_id)
            if content is None:
                raise RefusedLetterError("its message is not kept any more")
            return read_opened(letter, content)
        except UnavailableError as error:
            code = ExitCode.REFUSED if "AccessDenied" in str(error) else ExitCode.UNREACHABLE
            raise CommandError(code, f"the letter cannot be opened: {error}") from error
        except (BrokenSealError, MalformedLetterError, MalformedParkedError) as error:
            raise RefusedLetterError(f"what it keeps sealed cannot be read ({type(error).__name__})") from error


def read_opened(letter: Letter, content: LetterContent) -> OpenedLetter:
    """What a letter keeps, as a message. Raises MalformedParkedError."""
    if letter.source == "return":
        return OpenedLetter(content, *_returned_body(content.body))
    if letter.effect is not None:
        return OpenedLetter(content, content.body.encode("utf-8", "surrogateescape"))
    if letter.source != "invalid":
        return OpenedLetter(content, *legacy_body(content))
    parked = read_parked(content.body)
    return OpenedLetter(content, parked.body, parked=parked)


def _returned_body(text: str) -> tuple[bytes, Claim | None]:
    """The body in a message of the way back, or the claim on it; of one that nobody can read, all of it."""
    try:
        returned = read_return(text)
    except MalformedReturnError:
        return text.encode(), None
    try:
        claim = read_envelope(returned.envelope).claim if isinstance(returned, ReturnedHold) else None
    except MalformedEnvelopeError:
        claim = None
    return returned.body, claim


def delivery(parked: Parked) -> Delivery:
    """A parked message as RabbitMQ delivered it, for a translator. Raises RefusedLetterError."""
    if "headers" in parked.notes:
        raise RefusedLetterError("headers: known in words only")
    try:
        headers = None if parked.headers is None else untag_table(parked.headers)
    except UnknownAmqpTypeError as error:
        raise RefusedLetterError("headers: of types that are not AMQP's") from error
    facts = AmqpFacts(parked.exchange, parked.routing_key, redelivered=False, properties=parked.properties)
    return Delivery(parked.queue, parked.body, facts, headers, tag=0)
