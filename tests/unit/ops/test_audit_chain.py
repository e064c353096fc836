from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest

from contracts import naming
from ops.audit_chain import TRIES, Act, AuditChain, Entry, NotAsReadError, link, verify
from ops.exit_code import ExitCode
from ops.fault import CommandError
from tests.fakes.fleet import create_control_table
from tests.unit.ops.conftest import STACK

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ACT = Act("live: begin", "arn:aws:iam::1:user/ada", "agreed", "payin", "CHG-17", {"run": "payin-1"})


@pytest.fixture
def client(aws: None) -> "DynamoDBClient":
    client = boto3.client("dynamodb")
    create_control_table(client, STACK)
    return client


@pytest.fixture
def chain(client: "DynamoDBClient") -> AuditChain:
    return AuditChain(client, STACK, lambda: AT)


def three() -> list[Entry]:
    entries: list[Entry] = []
    for number in range(3):
        before = entries[-1] if entries else None
        entries.append(link(replace(ACT, reason=f"reason {number}"), before, AT))
    return entries


def test_entries_follow_each_other_and_the_chain_holds(chain: AuditChain) -> None:
    written = [chain.append(ACT), chain.append(replace(ACT, ticket=None, family=None, detail={})), chain.append(ACT)]
    assert [one.sequence for one in written] == [1, 2, 3]
    assert list(chain.entries()) == written
    assert verify(chain.entries()) is None
    assert chain.last() == written[-1]


def test_entries_from_before_anybody_could_be_named_hold() -> None:
    """The hash of one, as it was written then."""
    entry = link(Act("live: begin", "ada", "agreed", "payin", "CHG-17", {"run": "payin-1"}), None, AT)
    assert entry.hash == "9581643661c1039444cb7bcbe7ab3708d7f0400abb6cd666c40e6ed4fab185bf"


def test_whom_the_operator_says_to_be_is_kept_and_cannot_be_altered(
    chain: AuditChain, client: "DynamoDBClient"
) -> None:
    written = chain.append(replace(ACT, named="alice"))
    assert (written.act.by, ACT.by) == ("alice (arn:aws:iam::1:user/ada)", "arn:aws:iam::1:user/ada")
    assert list(chain.entries()) == [written]
    assert verify(chain.entries()) is None
    client.update_item(
        TableName=naming.control_table_name(STACK),
        Key={"pk": {"S": "audit"}, "sk": {"S": "000000000001"}},
        UpdateExpression="REMOVE named",
    )
    found = verify(chain.entries())
    assert found is not None
    assert found.sequence == 1


def test_an_empty_chain_holds(chain: AuditChain) -> None:
    assert chain.last() is None
    assert verify(chain.entries()) is None


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (lambda entries: [entries[0], entries[2]], 2),
        (lambda entries: entries[1:], 1),
        (lambda entries: [replace(entries[0], act=replace(ACT, reason="other")), *entries[1:]], 1),
        (lambda entries: [entries[0], replace(entries[1], at="2026-11-22T09:00:00.000Z"), entries[2]], 2),
        (lambda entries: [entries[0], link(replace(ACT, reason="forged"), entries[0], AT), entries[2]], 3),
    ],
    ids=["one taken out", "its beginning cut off", "a reason changed", "a time changed", "one replaced"],
)
def test_whatever_was_done_to_the_chain_is_named(tamper: Callable[[list[Entry]], list[Entry]], where: int) -> None:
    assert verify(three()) is None
    found = verify(tamper(three()))
    assert found is not None
    assert found.sequence == where


def test_an_entry_that_was_altered_in_the_table_is_found(chain: AuditChain, client: "DynamoDBClient") -> None:
    chain.append(ACT)
    chain.append(ACT)
    client.update_item(
        TableName=naming.control_table_name(STACK),
        Key={"pk": {"S": "audit"}, "sk": {"S": "000000000001"}},
        UpdateExpression="SET #operator = :other",
        ExpressionAttributeNames={"#operator": "operator"},
        ExpressionAttributeValues={":other": {"S": "mallory"}},
    )
    found = verify(chain.entries())
    assert found is not None
    assert found.sequence == 1


def test_who_comes_second_writes_behind_the_first(client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = AuditChain(client, STACK, lambda: AT), AuditChain(client, STACK, lambda: AT)
    read = second.last
    monkeypatch.setattr(second, "last", lambda: (read(), first.append(ACT) if read() is None else None)[0])
    assert second.append(replace(ACT, operator="bob")).sequence == 2
    assert verify(first.entries()) is None


def test_a_chain_that_cannot_be_written_says_that_nothing_was_done(
    chain: AuditChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[None] = []
    chain.append(ACT)
    monkeypatch.setattr(chain, "last", lambda: tries.append(None))
    with pytest.raises(CommandError, match="nothing was done") as failure:
        chain.append(ACT)
    assert failure.value.code is ExitCode.UNREACHABLE
    assert len(tries) == TRIES


def test_an_entry_is_not_written_where_what_it_tells_of_cannot_be(chain: AuditChain, client: "DynamoDBClient") -> None:
    put = {
        "TableName": naming.control_table_name(STACK),
        "Item": {"pk": {"S": "authority#payin"}, "sk": {"S": "record"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
    with pytest.raises(NotAsReadError):
        chain.append_with(ACT, [{"Put": put}])
    assert list(chain.entries()) == []
