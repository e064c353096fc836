"""Cases about what goes wrong: answers of SQS, outages, and ends of the bridge and of the broker."""

import time
from collections import defaultdict
from collections.abc import Callable

from tests.bench.scoreboard.case import Case, Verdict, payment, told, whole
from tests.bench.scoreboard.stand import LINGER_S, Stand
from tests.rig.entry import Entry
from tests.rig.fault import Fault

LATENCY_S = 0.1
"""Of SQS, where something is to happen in the midst of a batch."""
MANY = 300
BEGUN = 30
"""Entries after which it happens."""
CAUGHT_UP_S = 45.0
RESTARTED_S = 60.0


def _sender_fault(stand: Stand) -> Verdict:
    stand.aws.faults.arm(Fault.ENTRY_REFUSED, marked=_about("p4"))
    posts = [payment(number) for number in range(9)]
    stand.publish(posts)
    stand.start()
    stand.wait_settled()
    finding = stand.end()
    passed = whole(finding, duplicates=True) and (finding.accepted, stand.aside, stand.left) == (8, 1, 0)
    return Verdict(passed, told(stand, finding))


def _server_fault(stand: Stand) -> Verdict:
    stand.aws.faults.arm(Fault.ENTRY_INTERNAL, times=1, marked=_about("4.44"))
    posts = [payment(number, "p1", amount="4.44" if number == 4 else "1.00") for number in range(9)]
    stand.publish(posts)
    stand.start()
    stand.wait_settled()
    finding = stand.end()
    struck = stand.aws.faults.hits[Fault.ENTRY_INTERNAL]
    passed = whole(finding, duplicates=True) and finding.accepted == len(posts) and struck == 1
    return Verdict(passed, told(stand, finding))


def _fifo(stand: Stand) -> Verdict:
    # The answer to the first call never comes: all of it is sent again by the next process.
    stand.aws.faults.arm(Fault.SLOW, times=1, seconds=60)
    posts = [payment(number, f"p{number % 2}") for number in range(6)]
    stand.publish(posts)
    stand.start()
    stand.wait_taken(1)
    time.sleep(LINGER_S)
    stand.kill()
    stand.start()
    stand.wait_settled()
    finding = stand.end()
    keys = {post.digest: post.key for post in posts}
    groups: dict[str, set[str | None]] = defaultdict(set)
    for one, arrival in stand.arrivals():
        groups[keys.get(next(iter(arrival.digests), ""), "unknown")].add(one.group)
    apart = len(groups) == 2 and all(len(group) == 1 for group in groups.values())
    passed = whole(finding) and finding.accepted == len(posts) and apart and finding.swallowed > 0
    grouped = "a group per key" if apart else "no group per key"
    return Verdict(passed, f"{told(stand, finding)}; {grouped}{_refusals(stand)}")


def _lost_response(stand: Stand) -> Verdict:
    stand.aws.faults.arm(Fault.LOST_RESPONSE, times=3)
    posts = [payment(number, f"p{number % 6}") for number in range(30)]
    stand.publish(posts)
    stand.start()
    stand.wait_settled(30)
    finding = stand.end()
    lost = stand.aws.faults.hits[Fault.LOST_RESPONSE]
    passed = whole(finding) and finding.accepted == len(posts) and lost == 3
    return Verdict(passed, f"{told(stand, finding)}; {lost} answers lost")


def _outage(stand: Stand) -> Verdict:
    stand.publish([payment(0)])
    stand.start()
    stand.wait_taken(1)
    stand.aws.leave(for_s=stand.outage_s)
    posts = [payment(number, f"p{number % 5}") for number in range(1, 31)]
    stand.publish(posts)
    began = time.monotonic()
    stand.wait_settled(stand.outage_s + CAUGHT_UP_S)
    took_s = time.monotonic() - began - stand.outage_s - LINGER_S
    finding = stand.end()
    passed = whole(finding) and finding.accepted == len(posts) + 1 and not stand.aside
    return Verdict(
        passed, f"{told(stand, finding)}; away {stand.outage_s:.0f} s, all there {max(0.0, took_s):.0f} s later"
    )


def _terminate(stand: Stand) -> Verdict:
    began = _begin(stand)
    code = stand.stop()
    stand.start()
    stand.wait_settled(CAUGHT_UP_S)
    finding = stand.end()
    passed = began and code is not None and whole(finding, duplicates=True) and finding.accepted == MANY
    ended = "had to be killed" if code is None else f"stopped with exit code {code}"
    return Verdict(passed, f"{told(stand, finding)}; {ended}")


def _kill(stand: Stand) -> Verdict:
    began = _begin(stand)
    stand.kill()
    stand.start()
    stand.wait_settled(CAUGHT_UP_S)
    finding = stand.end()
    return Verdict(began and whole(finding) and finding.accepted == MANY, told(stand, finding))


def _restart_broker(stand: Stand) -> Verdict:
    began = _begin(stand)
    stand.node.restart()
    stand.wait_settled(RESTARTED_S)
    ended = "; its process had ended" if stand.has_ended else ""
    finding = stand.end()
    return Verdict(began and whole(finding) and finding.accepted == MANY, f"{told(stand, finding)}{ended}")


def _begin(stand: Stand) -> bool:
    """A stream of messages over thirty keys, of which some have gone and most have not."""
    stand.aws.latency_s = LATENCY_S
    stand.publish([payment(number, f"p{number % 30}") for number in range(MANY)])
    stand.start()
    return stand.wait_taken(BEGUN)


def _about(text: str) -> Callable[[Entry], bool]:
    """Entries whose body quotes a text."""
    return lambda entry: f'"{text}"' in entry.body


def _refusals(stand: Stand) -> str:
    codes = sorted({one.answer for one in stand.handed if one.stored == "no"})
    return f"; refused: {', '.join(codes)}" if codes else ""


TROUBLE = (
    Case("1 sender-fault in 9", "eight arrive once each, the ninth is put aside and holds nobody up", _sender_fault),
    Case("1 server-fault in 9 (order)", "nine of one key arrive once each and in order", _server_fault),
    Case(
        "FIFO group + stable dedup",
        "a group per key; what a second process sends again has the same deduplication id",
        _fifo,
        needs_fifo=True,
    ),
    Case("lost response", "three answers are lost: all arrive, nobody receives one twice", _lost_response),
    Case("SQS down (DLQ must stay empty)", "all arrive afterwards, in order, nothing is put aside", _outage),
    Case("SIGTERM mid-batch", "it ends in time, and its successor sends nothing again", _terminate),
    Case("kill -9", "its successor delivers the rest in order, nobody receives one twice", _kill),
    Case("broker restart", "it goes on by itself, in order, nobody receives one twice", _restart_broker),
)
