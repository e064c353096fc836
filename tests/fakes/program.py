"""Oracles as small Python programs: what a monolith of somebody else's might do."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.parity.candidate import Candidate

SECRET = "a secret of the tests"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
_PYTHON = (sys.executable, "-I", "-S", "-u", "-c")
_ANSWER = (
    "import json, sys\n"
    "answers = json.load(open(sys.argv[1]))\n"
    "for line in sys.stdin:\n"
    "    print(answers[json.loads(line)['id']].pop(0))\n"
)


def program(code: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs this code, unbuffered, with nothing imported but what it imports."""
    return (*_PYTHON, code, *arguments)


def outcomes(notifications: Iterable[dict[str, Any]]) -> list[bytes]:
    """What our own side makes of them at `NOW`; a repeated delivery is told as the monolith tells it."""
    candidate = Candidate(SECRET.encode(), lambda: NOW, timedelta())
    made = []
    for one in notifications:
        answer = candidate.process(one).outcome
        repeated = {
            "message_id": str(one["id"]),
            "type": one["type"],
            "ending": "duplicate",
            "attempt": 2,
            "effects": [],
        }
        made.append(json.dumps(repeated).encode() if answer is None else answer)
    return made


def answering(folder: Path, notifications: Sequence[dict[str, Any]], answers: Iterable[bytes]) -> tuple[str, ...]:
    """A program that has these answers ready, by id; those to one id in order."""
    known: dict[str, list[str]] = {}
    for one, answer in zip(notifications, answers, strict=True):
        known.setdefault(str(one["id"]), []).append(answer.decode())
    file = folder / f"answers-{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(known))
    return program(_ANSWER, str(file))
