"""Messages that mismatch at a known rate, looked at one by one: how often, and how late, a rule calls it.

A rule is what it takes: for every number of mismatches, the number of messages at which it passes. Agreeing messages
only ever help, so its evidence peaks just before each mismatch and nothing has to be looked at in between: a run of a
million messages is as many steps as it has mismatches, and misses no peek.
"""

import math
from collections.abc import Sequence
from random import Random

from contracts.confidence import messages_needed
from contracts.noise import log_e_value


def needed_anytime(most_mismatches: int, target: float, alpha: float) -> tuple[int, ...]:
    """Messages at which our rule passes, by the number of mismatches among them."""
    return tuple(known + messages_needed(known, known, target, alpha) for known in range(most_mismatches + 1))


def needed_at_one_look(most_mismatches: int, target: float, alpha: float) -> tuple[int, ...]:
    """The same of Clopper and Pearson's one-sided exact bound, which holds for one look only."""
    return tuple(_needed_at_one_look(known, 1 - target, alpha) for known in range(most_mismatches + 1))


def _needed_at_one_look(mismatches: int, rate: float, alpha: float) -> int:
    few, enough = mismatches, max(1, mismatches)
    while _at_most(mismatches, enough, rate) > alpha:
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _at_most(mismatches, middle, rate) <= alpha else (middle, enough)
    return enough


def _at_most(mismatches: int, messages: int, rate: float) -> float:
    """Probability of at most so many mismatches (binomial)."""
    return math.fsum(
        math.exp(
            math.lgamma(messages + 1)
            - math.lgamma(known + 1)
            - math.lgamma(messages - known + 1)
            + known * math.log(rate)
            + (messages - known) * math.log1p(-rate)
        )
        for known in range(min(mismatches, messages) + 1)
    )


def first_pass(needed: Sequence[int], rate: float, random: Random) -> int | None:
    """The message after which a rule passes first; None if it has not when there are too many mismatches for it."""
    seen, scale = 0, 1 / math.log1p(-rate)
    for least in needed:
        next_mismatch = seen + 1 + int(math.log(1.0 - random.random()) * scale)
        if next_mismatch - 1 >= least:
            return max(seen, least)
        seen = next_mismatch
    return None


def passing_share(needed: Sequence[int], rate: float, *, runs: int, seed: int) -> float:
    """Share of runs in which a rule passes at some time, 0 to 1, if messages mismatch at `rate` for ever."""
    random = Random(seed)
    return sum(first_pass(needed, rate, random) is not None for _ in range(runs)) / runs


def flagging_counts(most_pairs: int, alpha: float) -> tuple[int, ...]:
    """By the number of pairs, how many of them must be against the candidate for it to be flagged.

    One more than there are where that is never enough.
    """
    wanted, counts = -math.log(alpha), [1]
    for pairs in range(1, most_pairs + 1):
        count = counts[-1]
        while count <= pairs and log_e_value(count, pairs - count) < wanted:
            count += 1
        counts.append(count)
    return tuple(counts)


def first_flag(counts: Sequence[int], *, noise: float, bug: float, messages: int, random: Random) -> int | None:
    """The message at which a field is flagged; None where it is not within so many messages, or pairs.

    Each side differs from the primary in a share `noise` of messages, each in its own; the candidate in a share `bug`
    more.
    """
    candidate = noise + bug
    against, other = candidate * (1 - noise), noise * (1 - candidate)
    scale, odds = 1 / math.log1p(-(against + other)), against / (against + other)
    seen = candidate_differs = 0
    for enough in counts[1:]:
        seen += 1 + int(math.log(1.0 - random.random()) * scale)
        if seen > messages:
            return None
        candidate_differs += random.random() < odds
        if candidate_differs >= enough:
            return seen
    return None
