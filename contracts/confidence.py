"""How surely two sides agree, by a bound that holds however often somebody looks at it.

The usual exact bound (Clopper-Pearson) is for one look at a number of messages that was chosen beforehand. Looked at
after every message until it passes, it passes a type of exactly the tolerated mismatch rate in a quarter of all cases,
instead of the 5 % that it was asked for. An e-process keeps its promise at every look and at every stop: Ville's
inequality, see Howard et al., "Time-uniform, nonparametric, nonasymptotic confidence sequences" (2021) and
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (2020). It costs 12 % more messages
where nothing mismatches.

Refuted is that every message, given those before it, mismatches with at least some probability. Bugs hang
on the shape of a message: what was never in the traffic is not in the proof either, see `contracts.coverage`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.verdict import AGREED, UNDECIDED, Verdict

_LOWER_RATES = ((0.25, 0.0), *((0.125, share) for share in (1 / 100, 1 / 30, 1 / 10, 1 / 5, 1 / 3, 1 / 2)))
"""Weights of the rates that are betted on, as shares of the tolerated one; a quarter on there being no bug at all."""
_LEAST_RATE = 1e-300
_STEPS = 80
"""Halvings of a range of logarithms that is 691 wide: down to the last bit of a float."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is proven about the agreement of one message type."""

    messages: int
    """Decided ones: all but *single* and *pending*."""
    mismatches: int
    """Decided, and not agreed on: errors of one side, duplicates, expired and incomparable ones are among them."""
    alpha: float
    """Largest probability, 0 to 1, that something is ever called proven which is not so."""
    target: float
    """Wanted agreement, 0 to 1."""
    proven: bool
    agreement_at_least: float
    """Largest agreement that is proven, 0 to 1."""
    messages_needed: int
    """How many more messages, all of them agreeing, until the target is proven; 0 where it is."""


def confidence(messages: int, mismatches: int, *, target: float, alpha: float) -> Confidence:
    """What so many decided messages, with so many mismatches among them, prove. Raises ValueError."""
    needed = messages_needed(messages, mismatches, target, alpha)
    return Confidence(
        messages=messages,
        mismatches=mismatches,
        alpha=alpha,
        target=target,
        proven=not needed,
        agreement_at_least=agreement_at_least(messages, mismatches, alpha),
        messages_needed=needed,
    )


def confidence_of(counts: Mapping[Verdict, int], *, target: float, alpha: float) -> Confidence:
    """What the verdicts on one message type prove. Raises ValueError."""
    decided = sum(count for verdict, count in counts.items() if verdict not in UNDECIDED)
    agreed = sum(count for verdict, count in counts.items() if verdict in AGREED)
    return confidence(decided, decided - agreed, target=target, alpha=alpha)


def share_alpha(alpha: float, types: int) -> float:
    """The `alpha` of each of so many message types, so that all their proofs together err as rarely as `alpha` says.

    Bonferroni's: it holds however the types hang together. Raises ValueError.
    """
    _check_alpha(alpha)
    if types < 1:
        raise ValueError(f"types: at least 1, not {types}")
    return alpha / types


def proven(messages: int, mismatches: int, target: float, alpha: float) -> bool:
    """Whether an agreement of more than `target` is proven. Raises ValueError."""
    _check_alpha(alpha)
    return _log_e_below(messages, mismatches, _rate(target)) >= -math.log(alpha)


def messages_needed(messages: int, mismatches: int, target: float, alpha: float) -> int:
    """How many more messages, all of them agreeing, until `target` is proven; 0 where it is. Raises ValueError."""
    if proven(messages, mismatches, target, alpha):
        return 0
    # Each agreeing message raises the evidence, so that the first number that suffices can be found by halving.
    few, enough = 0, 1
    while not proven(messages + enough, mismatches, target, alpha):
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        if proven(messages + middle, mismatches, target, alpha):
            enough = middle
        else:
            few = middle
    return enough


def agreement_at_least(messages: int, mismatches: int, alpha: float) -> float:
    """The largest agreement that is proven, 0 to 1 and never 1 itself; 0.0 where nothing is. Raises ValueError.

    A confidence sequence: with probability 1 - `alpha` the agreement is above it at every look.
    """
    _check_alpha(alpha)
    wanted = -math.log(alpha)
    # The evidence against a rate grows with the rate: a higher one is refuted wherever a lower one is.
    kept, refuted = math.log(_LEAST_RATE), math.log(math.nextafter(1.0, 0.0))
    if _log_e_below(messages, mismatches, math.exp(refuted)) < wanted:
        return 0.0
    for _ in range(_STEPS):
        middle = (kept + refuted) / 2
        if _log_e_below(messages, mismatches, math.exp(middle)) < wanted:
            kept = middle
        else:
            refuted = middle
    agreement = -math.expm1(refuted)
    while agreement == 1.0 or (agreement > 0.0 and not proven(messages, mismatches, agreement, alpha)):
        agreement = math.nextafter(agreement, 0.0)  # rounded down: what is told is always proven itself
    return agreement


def e_value_below(messages: int, mismatches: int, rate: float) -> float:
    """Evidence that messages mismatch more rarely than `rate` (above 0, below 1); infinite past a float's range.

    Where they do not, it reaches 1/alpha at any time with probability alpha at most. Raises ValueError.
    """
    return _exp(_log_e_below(messages, mismatches, rate))


def _log_e_below(messages: int, mismatches: int, rate: float) -> float:
    """Logarithm of a weighted sum of likelihood ratios; the ratios themselves leave a float's range."""
    if not 0 <= mismatches <= messages:
        raise ValueError(f"mismatches: 0 to {messages}, not {mismatches}")
    if not 0 < rate < 1:
        raise ValueError(f"rate: between 0 and 1, not {rate}")
    agreeing, tolerated = messages - mismatches, math.log1p(-rate)
    terms = []
    for weight, factor in _LOWER_RATES:
        other = factor * rate
        if other == 0.0 and mismatches:
            continue
        odds = mismatches * math.log(other / rate) if mismatches else 0.0
        terms.append(math.log(weight) + agreeing * (math.log1p(-other) - tolerated) + odds)
    largest = max(terms)
    return largest + math.log(math.fsum(math.exp(term - largest) for term in terms))


def _exp(logarithm: float) -> float:
    try:
        return math.exp(logarithm)
    except OverflowError:
        return math.inf


def _rate(target: float) -> float:
    if not 0 < target < 1:
        raise ValueError(f"target: between 0 and 1, not {target}: no number of messages proves that none mismatches")
    return 1 - target


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: between 0 and 1, not {alpha}")
