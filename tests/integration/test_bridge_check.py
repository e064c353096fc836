"""`strangler bridge … --check` as a program, on a real broker and an embedded AWS: one clear line for each mistake."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pika
import pytest

from contracts import naming
from contracts.registry import FAMILIES, PAYIN, PAYOUT
from infra.local.aws import EmbeddedAws
from infra.local.process import free_ports
from infra.local.rabbitmq import RabbitNode
from tests.bridge_site import STACK
from tests.stage import REPOSITORY

pytest_plugins = ("tests.fixtures_bridge",)

NO_DEPLOYMENT, UNREACHABLE, REFUSED = 66, 69, 77
WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Site:
    """A broker with the monolith's exchanges and queues, and an AWS with the deployment's queues and tables."""

    node: RabbitNode
    aws: EmbeddedAws
    folder: Path

    def check(self, command: str, config: str = "", **environment: str) -> tuple[int, list[str], list[str]]:
        """Exit code, lines that are well, and lines that are not."""
        file = self.folder / "strangler.toml"
        file.write_text(f'[bridge]\nstack = "{STACK}"\n{config}', "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "ops", "bridge", command, "--check", "--config", str(file)],
            cwd=REPOSITORY,
            env={
                "PATH": os.defpath,
                **self.aws.environment,
                "AMQP_URL": self.node.amqp_url,
                "STRANGLER_JOURNAL": str(self.folder / "journal"),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert self.node.password not in done.stdout + done.stderr
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        return (
            done.returncode,
            [one for one in lines if one.startswith("ok ")],
            [one for one in lines if not one.startswith("ok ")],
        )


@pytest.fixture
def site(node: RabbitNode, aws: EmbeddedAws, tmp_path: Path) -> Site:
    return Site(node, aws, tmp_path)


def queues(node: RabbitNode, *names: str) -> set[str]:
    """Which of them there are."""
    found = set()
    connection = pika.BlockingConnection(pika.URLParameters(node.amqp_url))
    for name in names:
        channel = connection.channel()
        try:
            channel.queue_declare(name, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            continue
        found.add(name)
    connection.close()
    return found


@pytest.mark.parametrize("command", ["ship", "route", "return"])
def test_all_is_well_and_nothing_was_changed(command: str, site: Site) -> None:
    code, well, wrong = site.check(command)
    assert (code, wrong) == (0, [])
    assert len(well) > 3
    assert any("not there yet: will be declared" in line for line in well)
    assert not site.folder.joinpath("journal").exists()
    assert queues(site.node, "strangler.tap.payin", "strangler.invalid", "strangler.hold.payin") == set()


def test_a_wrong_password_is_one_line(site: Site) -> None:
    url = f"amqp://{site.node.user}:wr0ng@127.0.0.1:{site.node.port}/%2F"
    code, _, wrong = site.check("ship", AMQP_URL=url)
    where = f"127.0.0.1:{site.node.port}/%2F"
    assert wrong == [
        f"refused      RabbitMQ {where}: refuses our user or password (AMQP_URL)",
    ]
    assert code == REFUSED


def test_a_virtual_host_and_a_host_that_are_not_there_are_one_line_each(site: Site) -> None:
    [port] = free_ports(1)
    base = f"amqp://{site.node.user}:{site.node.password}@127.0.0.1"
    code, _, wrong = site.check("ship", AMQP_URL=f"{base}:{site.node.port}/nowhere,{base}:{port}/%2F")
    assert [line.split(":")[0] for line in wrong] == [
        "refused      RabbitMQ 127.0.0.1",
        "unreachable  RabbitMQ 127.0.0.1",
    ]
    assert "virtual host (AMQP_URL)" in wrong[0]
    assert code == REFUSED


def test_a_missing_exchange_of_a_tapped_family_is_one_line(site: Site) -> None:
    exchange = PAYIN.types[0].origin.exchange
    connection = pika.BlockingConnection(pika.URLParameters(site.node.amqp_url))
    connection.channel().exchange_delete(exchange)
    try:
        code, _, wrong = site.check("ship")
    finally:
        connection.channel().exchange_declare(exchange, "topic", durable=True)
        connection.close()
    assert code == NO_DEPLOYMENT
    assert len(wrong) == 1
    assert wrong[0].startswith(f"absent       exchange {exchange}: not there, and the tap of payin, ")


def test_a_missing_queue_of_a_routed_family_is_one_line(site: Site) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(site.node.amqp_url))
    connection.channel().queue_delete(PAYOUT.legacy_queue)
    try:
        code, _, wrong = site.check("route")
        only_payin = site.check("route", '[route]\nfamilies = ["payin"]\n')
    finally:
        connection.channel().queue_declare(PAYOUT.legacy_queue, durable=True)
        connection.close()
    assert code == NO_DEPLOYMENT
    assert len(wrong) == 1
    assert wrong[0].startswith(f"absent       queue {PAYOUT.legacy_queue}: not there, and family payout needs it: ")
    assert only_payin[0] == 0


def test_a_missing_sqs_queue_is_one_line(site: Site) -> None:
    name = naming.outcome_queue_name(STACK)
    sqs = site.aws.session().client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
    try:
        code, _, wrong = site.check("ship")
    finally:
        sqs.create_queue(QueueName=name)
    assert code == NO_DEPLOYMENT
    assert len(wrong) == 1
    assert wrong[0].startswith(f"absent       SQS queue {name}: not in region eu-west-1 of this account")


def test_a_wrong_region_is_one_line_a_queue(site: Site) -> None:
    code, _, wrong = site.check("ship", AWS_DEFAULT_REGION="eu-west-3", AWS_REGION="eu-west-3")
    assert code == NO_DEPLOYMENT
    assert len(wrong) == len(FAMILIES) + 2
    assert all(": not in region eu-west-3 of this account" in line for line in wrong)
    assert all("AWS_DEFAULT_REGION" in line for line in wrong)


def test_missing_credentials_and_an_aws_that_does_not_answer_are_one_line(site: Site) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    code, _, wrong = site.check("ship", **nobody)
    assert (code, len(wrong)) == (REFUSED, 1)
    assert "no usable AWS credentials" in wrong[0]
    code, _, wrong = site.check("ship", AWS_ENDPOINT_URL=f"https://127.0.0.1:{free_ports(1)[0]}")
    assert (code, len(wrong)) == (UNREACHABLE, 1)
    assert "AWS does not answer for region eu-west-1" in wrong[0]
    assert wrong[0].endswith("more not looked at")


def test_missing_tables_are_one_line_each_for_a_router(site: Site) -> None:
    code, _, wrong = site.check("route", STRANGLER_STACK="other")
    assert code == NO_DEPLOYMENT
    assert [line.partition(":")[0] for line in wrong] == [
        *(f"absent       authority over {family.name}" for family in FAMILIES),
        "absent       ledger",
    ]
