"""Every bar with its planted case, at the size of a benchmark or of a test."""

from dataclasses import dataclass
from functools import partial

from contracts.registry import type_named
from tests.bench.parity import alive, late, monolith, noise, passing, privacy, rival, sight, value
from tests.bench.parity.bar import Bar, Measured
from tests.bench.parity.comparer import masked, without_maps
from tests.fakes.comparisons import MemoryComparisons


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rare: int = 1_000_000
    """Messages among which one in 5,000 is wrong."""
    noise_runs: int = 2_000
    calibrated: int = 20_000
    noisy: int = 1_000
    cases: int = 1_000
    gate_runs: int = 20_000
    late: int = 60
    orders: int = 20
    alive: int = 400
    personal: int = 600
    beside_itself: int = 3_000


FULL = Size()
SMALL = Size(
    rare=10_000,
    noise_runs=150,
    calibrated=4_000,
    noisy=20,
    cases=20,
    gate_runs=1_000,
    late=12,
    orders=3,
    alive=120,
    personal=40,
    beside_itself=200,
)


def bars(size: Size) -> tuple[Bar, ...]:
    """All of them, by number."""
    return tuple(sorted((*without_php(size), *with_php(size)), key=lambda one: one.number))


def without_php(size: Size) -> tuple[Bar, ...]:
    """Bars of outcomes that are made up here."""
    payin, payout = type_named("payin.create"), type_named("payout.update")
    rare, noisy = partial(sight.find_rare_bug, size.rare), partial(sight.find_error_in_noisy_field, size.noisy)
    by_key = partial(privacy.show_nothing_personal, list(privacy.wrong_under_keys()), revealed=False)
    in_noise = partial(sight.find_bug_in_noise, runs=size.noise_runs, messages=size.calibrated)
    return (
        Bar(
            1,
            "a bug in 0.02 % of messages",
            f"one group, of {size.rare // 5_000:,} messages in {size.rare:,}",
            partial(rare, payin),
            "a mask over the field",
            partial(rare, masked("payin.create", *sight.FEES)),
        ),
        Bar(
            2,
            "2 % of bug under 10 % of noise",
            "E >= 20 at a median of about 4,000 messages, p90 <= 10,000; at message 1 outside of the envelope",
            partial(in_noise, 0.02),
            "no bug",
            partial(in_noise, 0.0),
        ),
        Bar(
            3,
            "a wrong type in a field that never agrees",
            "a mismatch at the first message",
            partial(noisy, payout),
            "a mask in place of the envelope",
            partial(noisy, masked("payout.update", sight.REFERENCE)),
        ),
        Bar(
            4,
            "a line doubled in a list without order",
            f"all of {size.cases:,} as rows and as a list, and none that is only in another order",
            partial(value.find_doubled_line, size.cases, value.ours),
            "DeepDiff(ignore_order=True)",
            partial(value.find_doubled_line, size.cases, rival.deepdiff_differs),
        ),
        Bar(
            5,
            "cents that a double loses",
            f"all of {size.cases + 1:,} pairs",
            partial(value.find_lost_cents, size.cases, value.ours),
            "json.loads",
            partial(value.find_lost_cents, size.cases, rival.json_differs),
        ),
        Bar(
            6,
            "a gate that is looked at after every message",
            f"passes a type of exactly the tolerated rate in at most {passing.ALPHA:.0%} of runs",
            partial(passing.pass_falsely, size.gate_runs, passing.anytime),
            "Clopper and Pearson's bound",
            partial(passing.pass_falsely, size.gate_runs, passing.clopper_pearson),
        ),
        Bar(
            7,
            "nothing was compared",
            "no pass",
            partial(passing.pass_nothing, passing.gate),
            "a gate to which no data is success",
            partial(passing.pass_nothing, passing.no_data_is_success),
        ),
        Bar(
            11,
            "an outcome that comes an hour late",
            "amends the clock's verdict, which is kept; every figure that was read can be computed again",
            partial(late.amend_what_was_said, size.late, size.orders, MemoryComparisons),
            "a store that does not amend",
            partial(late.amend_what_was_said, size.late, size.orders, late.Forgetful),
        ),
        Bar(
            14,
            "names and IBANs as keys of objects",
            "no hit",
            partial(by_key, known=payout),
            "a contract that calls no place a map",
            partial(by_key, known=without_maps("payout.update")),
        ),
    )


def with_php(size: Size) -> tuple[Bar, ...]:
    """Bars of outcomes of the reference monolith."""

    def show(*, revealed: bool) -> Measured:
        lines = monolith.control(size.personal, 14)
        return privacy.show_nothing_personal(privacy.wrong_values(lines), revealed=revealed)

    return (
        Bar(
            12,
            "a comparer that is blind to bodies, or was not tried",
            "void, and the command fails; in a sound one no mutant survives",
            partial(alive.void_what_is_blind, size.alive, alive.alive),
            "liveness switched off, and that it is off not asked",
            partial(alive.void_what_is_blind, size.alive, alive.dead),
        ),
        Bar(
            14,
            "names and IBANs as values",
            "no hit",
            partial(show, revealed=False),
            "values revealed",
            partial(show, revealed=True),
        ),
        Bar(
            15,
            "the monolith beside itself",
            f"no false alarm in {size.beside_itself:,} messages, and its noise is learnt by itself",
            partial(noise.beside_itself, size.beside_itself, noise.REGISTRY),
            "no rules",
            partial(noise.beside_itself, size.beside_itself, noise.NO_RULES),
        ),
    )
