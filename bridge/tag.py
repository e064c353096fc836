"""Delivery tags of one channel: which are unsettled, what they weigh, and how few acknowledgements settle them. Pure.

AMQP lets one acknowledgement settle every tag up to its own (AMQP 0-9-1, basic.ack, `multiple`): it must never reach
past a tag that is unsettled, or a message is lost that nobody has sent.
"""

from collections.abc import Iterable, Sequence


class Tags:
    """The tags that a channel has handed out, in order."""

    def __init__(self) -> None:
        self._unsettled: dict[int, int] = {}
        self.size_bytes = 0
        """Bodies of what is unsettled."""

    def __len__(self) -> int:
        return len(self._unsettled)

    def add(self, tag: int, size_bytes: int) -> None:
        """A delivery has come; tags only grow."""
        self._unsettled[tag] = size_bytes
        self.size_bytes += size_bytes

    def settle(self, tags: Iterable[int]) -> Sequence[tuple[int, bool]]:
        """Settle tags: the acknowledgements to be sent, each a tag and whether it stands for all before it.

        Raises KeyError for a tag that is not unsettled: each is settled once.
        """
        settled = sorted(tags)
        for tag in settled:
            self.size_bytes -= self._unsettled.pop(tag)
        oldest = next(iter(self._unsettled), None)
        below = [tag for tag in settled if oldest is None or tag < oldest]
        above = settled[len(below) :]
        first = [(below[-1], len(below) > 1)] if below else []
        return [*first, *((tag, False) for tag in above)]
