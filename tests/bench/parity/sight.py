"""Bars 1 to 3: rare bugs, bugs under noise, and errors in fields that always differ."""

import uuid
from collections.abc import Sequence
from functools import cache
from math import inf, sqrt
from random import Random
from statistics import quantiles

from contracts.judged_type import JudgedType
from contracts.outcome_line import read_line
from contracts.registry import type_named
from contracts.verdict import Verdict
from ops.parity.calibrate import Calibration
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import TODAY, found_by, judge_pair, judging_by
from tests.bench.parity.rival import Diffy
from tests.simulation import first_flag, flagging_counts

FEES = ("row:payins.fee", "message:accounting/payin.booked.body.fee")
REFERENCE = "message:accounting/payout.settled.body.reference"
ALPHA = 0.05
_ONE_IN = 5_000
_NOISE = 0.10
_MEDIAN = 4_000
_PAYIN = (
    b'{"format":1,"message_id":"%b","type":"payin.create","attempt":1,"ending":"done","cause":null,'
    b'"at":"2026-11-21T10:00:00Z","effects":[{"kind":"row","name":"payins","key":"%b","value":{"payin_id":"%b",'
    b'"status":"VALIDATED","amount":"%b","fee":%b,"currency":"EUR","debtor_name":"\xc3\x89mile Zzyx",'
    b'"debtor_iban":"FR76ZZ861234567877235114665","label":"%b","recorded_at":"%b"}},{"kind":"message",'
    b'"name":"accounting/payin.booked","key":"","value":{"content_type":"application/json",'
    b'"body":"{\\"payin\\":\\"%b\\",\\"amount\\":%b,\\"fee\\":%b}"}}]}'
)
_PAYOUT = (
    b'{"format":1,"message_id":"%b","type":"payout.update","attempt":1,"ending":"done","cause":null,'
    b'"at":"2026-11-21T10:00:00Z","effects":[{"kind":"message","name":"accounting/payout.settled","key":"","value":'
    b'{"content_type":"application/json","body":"{%b\\"payout\\":\\"9117363642373014\\"}"}}]}'
)


def payin(
    number: int,
    *,
    amount: bytes = b"12.50",
    fee: bytes = b"0.07",
    label: bytes = b"Lbl-Zz Facture",
    recorded_at: bytes = b"2026-11-21 10:00:00",
) -> bytes:
    """What a side did for a payin, as a line of an outcome file."""
    name = b"%09d" % number
    return _PAYIN % (name, name, name, amount, fee, label, recorded_at, name, amount, fee)


def _payout(number: int, reference: bytes) -> bytes:
    """The same for a payout. Args: reference: as JSON within the body's JSON; nothing where it is left out."""
    member = b'\\"reference\\":%b,' % reference.replace(b'"', b'\\"') if reference else b""
    return _PAYOUT % (b"%09d" % number, member)


def find_rare_bug(messages: int, known: JudgedType) -> Measured:
    """A fee that comes to nothing for one amount of 5,000: 0.02 % of all messages, in fields without any noise."""
    judging, wrong = judging_by(known), 0
    for position in range(messages):
        cents = position % _ONE_IN
        amount, fee = b"%d.%02d" % divmod(cents, 100), b"0.%02d" % (1 + cents % 99)
        bug = cents == _ONE_IN // 2
        wrong += bug
        ours = payin(position, amount=amount, fee=b"0.00" if bug else fee)
        judge_pair(judging, payin(position, amount=amount, fee=fee), ours, position)
    counts = [one.count for one in found_by(judging).groups]
    diffy = Diffy(raw=wrong, noise=0, total=messages)
    groups = f"{len(counts)} {'group' if len(counts) == 1 else 'groups'} of {sum(counts):,} in {messages:,} messages"
    return Measured(
        f"{groups}; Diffy {diffy} ({diffy.absolute:.2f} % is not above 0.03 %)",
        counts == [wrong] and not diffy.flagged,
    )


def find_bug_in_noise(bug: float, runs: int, messages: int) -> Measured:
    """A bug in some more messages of a field that differs by itself in each tenth, in each side independently.

    Args:
        bug: share of messages, 0 to 1.
        runs: simulated ones, with the bug and without.
        messages: that pass through the real calibration, as bytes.
    """
    counts, random = _flagging_counts(), Random(1)
    at = [first_flag(counts, noise=_NOISE, bug=bug, messages=40_000, random=random) for _ in range(runs)]
    tenths = quantiles([inf if one is None else one for one in at], n=10)
    alarms = sum(
        first_flag(counts, noise=_NOISE, bug=0.0, messages=10_000, random=random) is not None for _ in range(runs)
    )
    allowed = ALPHA + 3 * sqrt(ALPHA * (1 - ALPHA) / runs)
    diffy = Diffy(raw=round((_NOISE + bug) * 1e6), noise=round(_NOISE * 1e6), total=1_000_000)
    calibrated, outside = _calibrated(bug, messages), _outside_of_envelope(bug)
    share = sum(one is not None for one in at) / runs
    return Measured(
        f"flagged in {share:.1%} of runs, at a median of {tenths[4]:,.0f} messages, p90 {tenths[8]:,.0f}; without a "
        f"bug in {alarms / runs:.1%}; by calibration itself after {messages:,}: {'yes' if calibrated else 'no'}; "
        f"outside of the envelope at message {outside or 'none'}; Diffy {diffy} ({diffy.relative:.1f} % is not above "
        "20 %)",
        abs(tenths[4] - _MEDIAN) <= _MEDIAN / 10
        and tenths[8] <= 10_000
        and alarms / runs <= allowed
        and calibrated
        and outside == 1
        and not diffy.flagged,
    )


@cache
def _flagging_counts() -> Sequence[int]:
    return flagging_counts(8_000, ALPHA)


def _calibrated(bug: float, messages: int) -> bool:
    """Whether calibration flags the field, each message's three outcomes read from their bytes."""
    random, found = Random(7), Calibration()
    for number in range(messages):

        def label(share: float) -> bytes:
            return b"Lbl-Zz %d" % random.randrange(10**9) if random.random() < share else b"Lbl-Zz Facture"

        secondary, candidate = payin(number, label=label(_NOISE)), payin(number, label=label(_NOISE + bug))
        found.add("payin.create", read_line(payin(number)), read_line(secondary), read_line(candidate))
    (place,) = found.places(alpha=ALPHA, owner="nobody", expires=TODAY, lag_s=3600, today=TODAY)
    return place.flagged


def _outside_of_envelope(bug: float) -> int | None:
    """The first message at which a time that always differs, and is two hours off where there is a bug, is seen."""
    judging = judging_by(type_named("payin.create"))
    late = b"2026-11-21 12:00:00" if bug else b"2026-11-21 10:00:59"
    for position in range(10):
        verdict = judge_pair(judging, payin(position), payin(position, recorded_at=late), position)
        if verdict is not Verdict.MATCH_BY_RULE:
            return position + 1
    return None


_WRONG: Sequence[tuple[str, bytes]] = (
    ("null", b"null"),
    ("a number", b"7"),
    ("true", b"true"),
    ("an object", b"{}"),
    ("an empty text", b'""'),
    ("a UUID cut short", b'"bc1ebc46-41dd-4fb9-b24c"'),
    ("a UUID in capitals", b'"BC1EBC46-41DD-4FB9-B24C-B0305EAD9410"'),
    ("a UUID without dashes", b'"bc1ebc4641dd4fb9b24cb0305ead9410"'),
    ("nothing", b""),
)


def find_error_in_noisy_field(messages: int, known: JudgedType) -> Measured:
    """Errors in a UUID that never agrees, each at the first message that it turns up in."""
    random = Random(3)

    def reference() -> bytes:
        return b'"%b"' % str(uuid.UUID(int=random.getrandbits(128), version=4)).encode()

    judging = judging_by(known)
    verdicts = {
        judge_pair(judging, _payout(position, reference()), _payout(position, reference()), position)
        for position in range(messages)
    }
    missed = [
        name
        for name, wrong in _WRONG
        if judge_pair(judging_by(known), _payout(1, reference()), _payout(1, wrong), 0) is not Verdict.MISMATCH
    ]
    seen = f"{len(_WRONG) - len(missed)} of {len(_WRONG)} kinds of error are a mismatch at the first message"
    return Measured(
        f"{seen}; {messages:,} pairs of random UUIDs are {' and '.join(sorted(verdicts))}",
        not missed and verdicts == {Verdict.MATCH_BY_RULE},
    )
