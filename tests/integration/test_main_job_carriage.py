"""Whatever a message is made of, it is carried whole through SQS into the worker.

Card transactions are identified by AMQP, so that their bodies may be anything to the bridge; the worker puts aside
what it cannot decode, and the dead letter shows what has reached it.
"""

import pytest

from contracts.amqp_value import untag_table
from contracts.verdict import Verdict
from tests.misfit import NESTED_HEADERS, TWELVE_HEADERS, Misfits
from tests.stage import CASE_HEADER, Letter, Stage

CARRIED = {
    "empty": "unreadable:empty",
    "binary": "unreadable:syntax at byte 0",
    "control characters": "unreadable:syntax at byte 0",
    "12 headers": "unreadable:encoding at byte 0",
    "nested headers": "unreadable:encoding at byte 0",
}


@pytest.fixture(scope="module")
def letters(stage: Stage, misfits: Misfits) -> dict[str, Letter]:
    found = {letter.attributes["id"]: letter for letter in stage.letters()}
    return {name: found[misfits[name].id] for name in CARRIED}


@pytest.mark.parametrize("name", CARRIED)
def test_a_body_reaches_the_worker_byte_for_byte(name: str, misfits: Misfits, letters: dict[str, Letter]) -> None:
    assert letters[name].cause == CARRIED[name]
    assert letters[name].body == misfits[name].post.body


@pytest.mark.parametrize("name", CARRIED)
def test_headers_and_properties_reach_the_worker_with_their_types(
    name: str, misfits: Misfits, letters: dict[str, Letter]
) -> None:
    post, amqp = misfits[name].post, letters[name].envelope.amqp

    carried = untag_table(amqp.headers or {})
    assert carried == post.headers
    assert [type(value) for value in carried.values()] == [type(value) for value in post.headers.values()]
    assert amqp.properties == post.properties
    assert (amqp.exchange, amqp.routing_key, amqp.redelivered) == (post.exchange, post.routing_key, False)


@pytest.mark.parametrize(("name", "headers"), [("12 headers", TWELVE_HEADERS), ("nested headers", NESTED_HEADERS)])
def test_the_header_tables_are_those_that_were_meant(name: str, headers: dict[str, object], misfits: Misfits) -> None:
    # So that the tests above cannot pass over an empty table.
    assert set(headers) | {CASE_HEADER} <= set(misfits[name].post.headers)


@pytest.mark.parametrize("name", CARRIED)
def test_both_sides_refuse_it(name: str, stage: Stage, misfits: Misfits) -> None:
    message_id = misfits[name].id

    assert stage.judged([message_id]) == {message_id: Verdict.MATCH}
