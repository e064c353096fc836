"""Comparisons as people meet them: both sides agree, five bugs, a blind comparer, more groups than anybody reads."""

from dataclasses import replace
from datetime import date

from contracts.confidence import confidence_of
from contracts.liveness import Survivor
from contracts.shown import ShownDifference
from contracts.tally import Sighting
from contracts.trap import GROUPING, ROUNDING, TRIM, Trap
from contracts.verdict import Verdict
from ops.comparison import (
    Comparison,
    DifferingGroup,
    Example,
    Exercised,
    MutantCount,
    RuleUse,
    Since,
    TypeAgreement,
)

NAMES = ("balance.update", "cardtransaction.create", "payin.create", "payin.update", "payout.update")
_BODY = '{"payinId":"45","history":[' + ",".join(f'{{"step":{number},"state":"BOOKED"}}' for number in range(60)) + "]}"
_MENDED = _BODY.replace('30,"state":"BOOKED', '30,"state":"BOOKED ')
MUTANTS = (
    MutantCount("payin.create", "lost row", 96, 0, 0),
    MutantCount("payin.create", "one cent", 188, 0, 0),
    MutantCount("payin.create", "one hour", 82, 12, 0),
    MutantCount("payout.update", "one cent", 140, 0, 0),
    MutantCount("payout.update", "wrong signature", 70, 0, 0),
)
RULES = (
    RuleUse(
        *("payin.create", "row:payins.recorded_at", "time within", "the clock of the side that writes the row"),
        *("payments", date(2027, 9, 30), 48_211, None),
    ),
    RuleUse(
        *("payout.update", "message:accounting/payout.settled.body.reference", "uuid", "a random reference"),
        *("payments", date(2026, 6, 30), 0, "expired"),
    ),
    RuleUse(
        *("balance.update", "row:balances.version", "counter within", "a sequence that both sides draw from"),
        *("ledger", date(2027, 9, 30), 0, "never hit"),
    ),
)


def of_type(name: str, counts: dict[Verdict, int], alpha: float = 0.01) -> TypeAgreement:
    """A type with its proof, and some branches that were never exercised."""
    never = ("object_payload.payins[].payinDate: absent", "object_payload.payins[].amount: negative", "ending rejected")
    return TypeAgreement(
        name,
        counts,
        confidence=confidence_of(counts, target=0.9999, alpha=alpha),
        exercised=Exercised(84, never, 212, 0.00031),
    )


def agreeing() -> Comparison:
    """A hundred and fifty thousand messages, and nothing to be done."""
    counts = {Verdict.MATCH: 51_000, Verdict.MATCH_BY_RULE: 4_211}
    return Comparison(tuple(of_type(name, counts) for name in NAMES), (), MUTANTS, (), (RULES[0],))


def differing() -> Comparison:
    """Five bugs."""
    counts = {Verdict.MATCH: 51_000, Verdict.MATCH_BY_RULE: 4_211}
    found = (
        group(
            "payin.create | row:payins.fee | value | float -> float",
            1_204,
            ("1234.565", "1234.57"),
            trap=ROUNDING,
            since="still there",
            also=(
                "payin.create | message:accounting/payin.booked.body.fee | value | float -> float",
                'payin.create | webhook:payin.booked.headers.X-Signature | value | "base64(32)" -> "base64(32)"',
            ),
        ),
        group(
            'payout.update | row:payouts.label | value | "a a" -> "a a"', 310, ("***", "***"), trap=TRIM, since="new"
        ),
        group(
            'balance.update | webhook:balance.changed.body.total_text | value | "9 9,9" -> "9 9,9"',
            57,
            ("12\u202f345,60", "12 345,60"),
            trap=GROUPING,
            since="new",
        ),
        group("payin.update | row:payins.history | encoding | json -> json", 4, (_BODY, _MENDED), since="new"),
        group(
            "cardtransaction.create | row:journal | missing effect | effect -> -", 1, ("***", None), since="still there"
        ),
    )
    differing_of = {one.type: one.count for one in found}
    types = tuple(of_type(name, counts | {Verdict.MISMATCH: differing_of[name]}) for name in NAMES)
    fixed = (
        "payin.create | row:payins.net | type | float -> int",
        "payout.update | row:journal | extra effect | - -> effect",
    )
    return Comparison(types, found, MUTANTS, (), RULES, fixed)


def void() -> Comparison:
    """Agrees, and would agree to anything."""
    survivors = (
        Survivor("payin.create", "one cent", "row:payins.net", 31),
        Survivor("payout.update", "wrong signature", "webhook:payout.settled.headers.X-Signature", 70),
    )
    mutants = (
        *MUTANTS[:1],
        replace(MUTANTS[1], killed=157, survived=31),
        *MUTANTS[2:4],
        replace(MUTANTS[4], killed=0, survived=70),
    )
    return replace(agreeing(), mutants=mutants, survivors=survivors)


def large(groups: int) -> Comparison:
    """So many groups, each with three examples of ten differences."""
    found = tuple(
        _with_examples(
            group(
                f"{NAMES[number % len(NAMES)]} | row:table_{number:04}.column_{number % 40} | value | float -> float",
                3 * (groups - number),
                ("10.005", "10.01"),
                trap=ROUNDING,
                since="new" if number % 3 else "still there",
            )
        )
        for number in range(groups)
    )
    return replace(differing(), groups=found)


def _with_examples(one: DifferingGroup) -> DifferingGroup:
    (example,) = one.examples
    more = tuple(replace(example.differences[0], path=f"row:payins.column_{number}") for number in range(9))
    full = replace(example, differences=(*example.differences, *more))
    return replace(one, examples=tuple(replace(full, message_id=f"{example.message_id}-{n}") for n in range(3)))


def group(
    signature: str,
    count: int,
    values: tuple[str | None, str | None],
    *,
    trap: Trap | None = None,
    since: Since | None = None,
    also: tuple[str, ...] = (),
) -> DifferingGroup:
    """Messages that differ in one place, and in those that came along."""
    name = signature.split(" | ", 1)[0]
    differences = (*(_difference(one, ("0.13", "0.12")) for one in also), _difference(signature, values))
    return DifferingGroup(
        signature,
        count,
        also,
        (Example(f"{name}-{count}", Verdict.MISMATCH, differences),),
        share=count / 55_211,
        first=Sighting(411, "2026-11-21T10:00:00Z"),
        last=Sighting(54_902, "2026-11-27T18:31:07Z"),
        trap=trap,
        since=since,
    )


def _difference(signature: str, values: tuple[str | None, str | None]) -> ShownDifference:
    _, path, kind, shapes = signature.split(" | ")
    control_shape, candidate_shape = shapes.split(" -> ")
    return ShownDifference(path, kind, control_shape, candidate_shape, *values)
