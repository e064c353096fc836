"""`--check` asks no more of AWS than the roles of the bridge may do; held to the real template with IAM enforced."""

from typing import Any

import pytest

from bridge.aws_probe import AwsProbe
from bridge.check import ProbeError
from contracts import naming
from contracts.registry import FAMILIES
from tests.deployed import ONE_TRY, STACK, Deployed

pytest_plugins = ("tests.fixtures_stack",)


def probe_as(deployed: Deployed, role: str) -> AwsProbe:
    session = deployed.as_role(deployed.outputs[f"{role.capitalize()}RoleArn"], f"{role}-check")

    def make(service: str) -> Any:
        return session.client(service, config=ONE_TRY)  # type: ignore[call-overload]

    return AwsProbe(make, STACK)


def test_a_shippers_role_may_look_up_its_destinations_and_read_no_table(deployed: Deployed) -> None:
    probe = probe_as(deployed, "shipper")
    for family in FAMILIES:
        assert probe.find_queue(naming.queue_name(STACK, family.name, ordered=family.ordered)) == "found in eu-west-1"
    for name in (naming.outcome_queue_name(STACK), naming.invalid_queue_name(STACK)):
        assert probe.find_queue(name) == "found in eu-west-1"
    with pytest.raises(ProbeError, match="AWS denies this to our role") as denied:
        probe.read_ledger()
    assert denied.value.fault == "refused"


def test_a_routers_role_may_read_what_a_check_reads(deployed: Deployed) -> None:
    probe = probe_as(deployed, "router")
    for family in FAMILIES:
        assert probe.read_authority(family.name) == "found in eu-west-1"
    assert probe.read_ledger() == "found in eu-west-1"


def test_a_returners_role_may_look_up_the_return_queue(deployed: Deployed) -> None:
    assert probe_as(deployed, "returner").find_queue(naming.return_queue_name(STACK)) == "found in eu-west-1"
