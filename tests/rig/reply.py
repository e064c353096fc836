"""SQS's answer to those who send, and how a fault spoils it after everything was accepted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.rig.entry import Entry
from tests.rig.fault import Arming, Fault
from tests.rig.refusal import JSON_TYPE, Refusal
from tests.rig.web import Answer

_WRONG = "0" * 32
_PAGE = b"<html><head><title>Sign in</title></head><body>Welcome to the guest network</body></html>"


@dataclass(slots=True)
class Reply:
    """What is said of each entry."""

    successful: list[dict[str, Any]]
    failed: list[dict[str, Any]]


def write_reply(document: Mapping[str, Any]) -> Answer:
    """An answer of the JSON protocol."""
    headers = {"Content-Type": JSON_TYPE, "x-amzn-RequestId": "00000000-0000-4000-8000-000000000000"}
    return Answer(200, json.dumps(document).encode(), headers)


def spoil(reply: Reply, entries: Sequence[Entry], faults: Sequence[Arming], *, single: bool) -> Answer:
    """The answer as it leaves, with all that is wrong with it."""
    for one in faults:
        chosen = {entry.id for entry in entries if one.marked is None or one.marked(entry)}
        spoiled = [success for success in reply.successful if success["Id"] in chosen]
        _spoil_entries(one.fault, reply, spoiled if one.marked is not None else spoiled[:1])
    answer = _single(reply) if single else write_reply({"Successful": reply.successful, "Failed": reply.failed})
    for one in faults:
        if one.fault is Fault.SLOW:
            answer = replace(answer, delay_s=one.seconds)
        elif one.fault is Fault.LOST_RESPONSE:
            answer = replace(answer, silent=True)
        elif one.fault is Fault.TRUNCATED:
            answer = replace(answer, body=answer.body[: len(answer.body) // 2])
        elif one.fault is Fault.HTML:
            answer = replace(answer, body=_PAGE, headers={"Content-Type": "text/html"})
    return answer


def _spoil_entries(fault: Fault, reply: Reply, spoiled: Sequence[dict[str, Any]]) -> None:
    for success in spoiled:
        if fault is Fault.WRONG_BODY_CHECKSUM:
            success["MD5OfMessageBody"] = _WRONG
        elif fault is Fault.WRONG_ATTRIBUTE_CHECKSUM:
            success["MD5OfMessageAttributes"] = _WRONG
        elif fault is Fault.MISSING_ID:
            reply.successful.remove(success)
        elif fault is Fault.UNKNOWN_ID:
            success["Id"] = "nobody-s"
        elif fault is Fault.DOUBLED_ID:
            reply.successful.append(success)
        elif fault is Fault.CONTRADICTORY_ID:
            failure = {
                "Id": success["Id"],
                "SenderFault": False,
                "Code": "InternalError",
                "Message": "An error occurred.",
            }
            reply.failed.append(failure)


def _single(reply: Reply) -> Answer:
    if reply.failed:
        failure = reply.failed[0]
        blames_us = not failure["SenderFault"]
        refusal = Refusal(failure["Code"], failure["Message"], 500 if blames_us else 400, receiver=blames_us)
        return refusal.as_json()
    return write_reply({name: value for name, value in next(iter(reply.successful), {}).items() if name != "Id"})
