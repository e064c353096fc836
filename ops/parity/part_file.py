"""A part's findings on disk, sealed as the corpus is: its examples hold values of messages."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from contracts.coverage import Coverage
from contracts.difference import Difference
from contracts.effect import parse_json, write_json
from contracts.liveness import Liveness
from contracts.tally import ClassTally, Example, Sighting, Tally, TypeTally
from contracts.verdict import Verdict
from ops.corpus import CorpusReader
from ops.corpus_key import CorpusKey
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.part import Part

_RECORD = "strangler.part"


def write_part(path: Path, part: Part, key: CorpusKey) -> None:
    """Write it, whole or not at all: it is at `path` only once it is finished. Raises CommandError."""
    unfinished = path.with_suffix(".unfinished")
    with suppress(FileNotFoundError):
        unfinished.unlink()
    writer = CorpusWriter.create(unfinished, key, now=datetime.now(UTC), types=None)
    try:
        writer.append(write_json(_document(part)).encode(), _RECORD, None)
        writer.finish()
    except BaseException:
        writer.close()
        raise
    unfinished.replace(path)


def read_part(path: Path, key: CorpusKey) -> Part:
    """Read it. Raises CommandError where it was altered, sealed with another key, or is something else."""
    with CorpusReader(path, key) as reader:
        records = list(islice(reader.records(), 2))
    try:
        (record,) = records
        return _part(parse_json(record.line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(ExitCode.FAILED, f"{path} holds no findings of a run") from error


def _document(part: Part) -> dict[str, Any]:
    return {
        "types": {name: _type_document(one) for name, one in part.tally.types.items()},
        "mutants": [[*key, count] for key, count in part.liveness.fates.items()],
        "agreed": dict(part.liveness.agreed),
        "coverage": {name: one.to_dict() for name, one in part.coverage.items()},
    }


def _part(document: Any) -> Part:
    return Part(
        Tally({name: _type_tally(one) for name, one in document["types"].items()}),
        Liveness(
            Counter({(name, kind, path, fate): count for name, kind, path, fate, count in document["mutants"]}),
            Counter(document["agreed"]),
        ),
        {name: Coverage.from_dict(one) for name, one in document["coverage"].items()},
    )


def _type_document(tally: TypeTally) -> dict[str, Any]:
    return {
        "counts": {verdict.value: count for verdict, count in tally.counts.items()},
        "rules": dict(tally.rules),
        "classes": [
            {
                "signatures": sorted(signatures),
                "first": _sighting(one.first),
                "last": _sighting(one.last),
                "count": one.count,
                "examples": [
                    {
                        "size_bytes": example.size_bytes,
                        "seen": _sighting(example.seen),
                        "message_id": example.message_id,
                        "verdict": example.verdict.value,
                        "differences": [
                            [d.path, d.kind, d.control_shape, d.candidate_shape, d.control, d.candidate]
                            for d in example.differences
                        ],
                    }
                    for example in one.examples
                ],
            }
            for signatures, one in tally.classes.items()
        ],
    }


def _type_tally(document: Any) -> TypeTally:
    return TypeTally(
        Counter({Verdict(name): count for name, count in document["counts"].items()}),
        {
            frozenset(one["signatures"]): ClassTally(
                Sighting(*one["first"]),
                Sighting(*one["last"]),
                one["count"],
                [
                    Example(
                        example["size_bytes"],
                        Sighting(*example["seen"]),
                        example["message_id"],
                        Verdict(example["verdict"]),
                        tuple(Difference(*difference) for difference in example["differences"]),
                    )
                    for example in one["examples"]
                ],
            )
            for one in document["classes"]
        },
        Counter(document["rules"]),
    )


def _sighting(seen: Sighting) -> list[object]:
    return [seen.position, seen.at]
