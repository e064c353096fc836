"""Tells a bug from noise in a field that differs by itself, by a paired test that holds at every look.

Three sides handle a message: the monolith (primary), the monolith once more (secondary) and ours (candidate). Where
secondary and primary differ, it is noise. Compared are only messages in which exactly one of secondary and candidate
differs from the primary. If the candidate is no other than the monolith, then each of both is the one that differs
equally often; a candidate that differs more often has a bug. Diffy (Twitter, 2015) compares the two rates over all
messages and hides a field whose noise is large enough; a pair has its own noise in it.

The e-value is the likelihood ratio to even odds, averaged over all odds that are worse for the candidate: an e-process
(Ville's inequality; Howard et al. 2021), valid at every look. It finds small effects slowly. It is for fields with
measured noise only: in a field without any, the first difference is a bug.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

_NEGLIGIBLE = 2.0**-60


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """How often exactly one of both sides differed from the primary, in one field. Add up what was counted apart."""

    candidate_differs: int = 0
    """And the secondary agrees."""
    secondary_differs: int = 0
    """And the candidate agrees."""

    def after(self, *, candidate_differs: bool, secondary_differs: bool) -> "PairedCounts":
        """The counts with one more message, in which these sides differ from the primary."""
        if candidate_differs == secondary_differs:
            return self
        return self + PairedCounts(int(candidate_differs), int(secondary_differs))

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        return PairedCounts(
            self.candidate_differs + other.candidate_differs, self.secondary_differs + other.secondary_differs
        )

    @property
    def e_value(self) -> float:
        """Evidence that the candidate differs more often than the secondary; at 1/alpha it does."""
        return e_value(self.candidate_differs, self.secondary_differs)


def e_value(candidate_differs: int, secondary_differs: int) -> float:
    """The integral over t in (1/2, 1] of 2 (2t)^b (2 - 2t)^c dt, of both counts; infinite past a float's range.

    If the candidate differs no more often than the secondary, it reaches 1/alpha at any time with probability alpha at
    most. Raises ValueError.
    """
    try:
        return math.exp(log_e_value(candidate_differs, secondary_differs))
    except OverflowError:
        return math.inf


def log_e_value(candidate_differs: int, secondary_differs: int) -> float:
    """Natural logarithm of `e_value`. Absolute error: 1e-15 times the number of pairs and its logarithm, at most.

    The work grows with the square root of the smaller count. Raises ValueError.
    """
    more, fewer = candidate_differs, secondary_differs
    if more < 0 or fewer < 0:
        raise ValueError("counts: not below 0")
    if more <= fewer:
        return _log_half(more, fewer)
    # Both halves of the integral, from 0 on, are a beta function; what is left after the smaller half loses no digits.
    pairs = more + fewer
    both = (pairs + 1) * math.log(2) - (math.lgamma(pairs + 2) - math.lgamma(more + 1) - math.lgamma(fewer + 1))
    return both + math.log1p(-math.exp(_log_half(fewer, more) - both))


def _log_half(fewer: int, more: int) -> float:
    """Logarithm of the integral for counts b <= c: 1/(c+1) (1 + b/(c+2) + b(b-1)/((c+2)(c+3)) + ...).

    By parts, b times. All terms are positive and each is smaller than the one before.
    """
    term = total = 1.0
    for step in range(1, fewer + 1):
        term *= (fewer + 1 - step) / (more + 1 + step)
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return math.log(total) - math.log(more + 1)


def flagged(e_values: Mapping[str, float], alpha: float) -> frozenset[str]:
    """The fields with a bug, such that of those named at most a share of `alpha` is expected to have none.

    e-BH (Wang and Ramdas, "False discovery rate control with e-values", 2022): holds however the fields hang together.
    All fields that are tested have to be among them, those without any difference too (their e-value is 1): leaving
    them out makes the test too easy. Raises ValueError.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: between 0 and 1, not {alpha}")
    strongest = sorted(e_values, key=lambda name: (-e_values[name], name))
    last = max(
        (rank for rank, name in enumerate(strongest, 1) if rank * e_values[name] >= len(strongest) / alpha), default=0
    )
    return frozenset(strongest[:last])
