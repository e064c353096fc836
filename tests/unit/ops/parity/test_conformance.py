"""Each promise of the protocol is broken by a program that breaks it, and kept by one that does not."""

import json
import re
from pathlib import Path

import pytest

from ops.parity.conformance import Promise, check_oracle
from tests.fakes.message import NAME
from tests.fakes.program import program

LINES = [f'{{"id":"w{number}","type":"payin.create"}}'.encode() for number in range(3)]
HEAD = """
import hashlib, json, os, sys, uuid
def webhook(body, key=os.environ["WEBHOOK_SECRET"]):
    signed = hashlib.sha256((key + body).encode()).hexdigest()
    return {"kind": "webhook", "name": "payin.booked", "value": {"body": body, "headers": {"X-Signature": signed}}}
def say(one, effects=(), ending="done", **more):
    known = {"message_id": one["id"], "type": one["type"], "ending": ending}
    print(json.dumps({**known, "effects": list(effects), **more}))
"""
ALL = (
    "one answer for each notification, then ends with 0",
    "every answer is an outcome document",
    "state begins anew with each process",
    "an answer does not hang on what comes after it",
    "webhooks are signed with the secret that it is given",
    "an answer is about its notification, in their order",
)


def check(code: str) -> tuple[Promise, ...]:
    return check_oracle(program(f"{HEAD}\n{code}"), LINES, "secret", "other")


def broken(code: str) -> Promise:
    """The one promise that is broken, the others being kept, as far as they were tried."""
    found = check(code)
    (one,) = (promise for promise in found if not promise.kept)
    assert [promise.name for promise in found] == list(ALL[: len(found)])
    return one


GOOD = 'for line in sys.stdin: say(json.loads(line), [webhook(\'{"object_payload":{"a":1}}\')])'


def test_a_program_that_keeps_every_promise_is_told_so() -> None:
    found = check(GOOD)
    assert [one.name for one in found] == list(ALL)
    assert all(one.kept for one in found)
    assert found[0].found == "3 answers"
    assert found[4].found == "3 messages with another signature under another secret"


def test_turning_a_message_away_with_an_empty_line_is_an_answer() -> None:
    found = check("for line in sys.stdin: print()")
    assert all(one.kept for one in found)
    assert (found[1].found, found[4].found) == ("3 of them empty", "no webhook among these messages: not seen")


@pytest.mark.parametrize(
    ("code", "name", "told"),
    [
        ("print()\nfor line in sys.stdin: print()", ALL[0], "without a notification|4 answers"),
        ("sys.stdin.readline()\nfor line in sys.stdin: print()", ALL[0], "2 answers to 3"),
        (f"{GOOD}\nsys.exit(3)", ALL[0], "ended with 3"),
        ("for line in sys.stdin: print(line)", ALL[0], "without a notification|6 answers"),
        (f"for line in sys.stdin: print({NAME!r})", ALL[1], "answer 1: outcome: not JSON"),
        ("for line in sys.stdin: say(json.loads(line), [5])", ALL[1], r"answer 1: outcome.effects\[0\]: unfit"),
        (
            "for line in sys.stdin: say(json.loads(line), [{'kind': 'row', 'name': 't', 'value': 5}])",
            ALL[1],
            r"answer 1: outcome.effects\[0\].value: expected an object",
        ),
        (
            """
lines = sys.stdin.readlines()
for line in lines: say(json.loads(line), ending='done' if len(lines) == 3 else 'rejected')
""",
            ALL[3],
            "the first message ended otherwise",
        ),
        (
            "for line in sys.stdin: say(json.loads(line), [webhook('{\"object_payload\":{}}', 'own')])",
            ALL[4],
            "0 messages with another",
        ),
    ],
)
def test_a_promise_that_is_broken_is_named_with_what_was_seen(code: str, name: str, told: str) -> None:
    one = broken(code)
    assert one.name == name
    assert re.search(told, one.found), one.found
    assert NAME not in one.found


def test_state_that_is_kept_from_one_process_to_the_next_is_found(tmp_path: Path) -> None:
    code = (
        f"file = {str(tmp_path)!r} + '/state'\n"
        "known = os.path.exists(file)\n"
        "open(file, 'w').close()\n"
        "for line in sys.stdin: say(json.loads(line), ending='duplicate' if known else 'done')"
    )
    one = next(promise for promise in check(code) if not promise.kept)
    assert (one.name, one.found.partition(":")[0]) == (ALL[2], "3 messages ended otherwise in a second process")


def test_noise_breaks_no_promise_and_is_counted() -> None:
    found = check(
        "for line in sys.stdin:\n"
        "    say(json.loads(line), [{'kind': 'row', 'name': 't', 'value': {'a': str(uuid.uuid4())}}])"
    )
    assert all(one.kept for one in found)
    assert found[2].found == "3 messages with noise; `compare calibrate` says which"


def test_noise_in_what_is_signed_is_no_proof_that_the_secret_is_used() -> None:
    found = check(
        "for line in sys.stdin:\n"
        "    say(json.loads(line), [webhook(json.dumps({'object_payload': str(uuid.uuid4())}), 'own')])"
    )
    assert (found[4].kept, found[4].found) == (True, "3 messages with noise in what is signed: not seen")


def test_a_type_without_a_contract_is_tried_all_the_same() -> None:
    lines = [json.dumps({"id": "r1", "type": "refund.create"}).encode()]
    for key, kept in (("", True), (", 'own'", False)):
        code = f"{HEAD}\nfor line in sys.stdin: say(json.loads(line), [webhook('{{}}'{key})])"
        assert check_oracle(program(code), lines, "secret", "other")[4].kept is kept


def test_what_cannot_be_started_keeps_no_promise() -> None:
    (one,) = check_oracle(["/nonexistent"], LINES, "secret", "other")
    assert not one.kept
    assert "cannot be started" in one.found
