import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.registry import FAMILIES
from infra.synthesis import SynthesisError, run_cdk, synthesise
from tests.infra.template import STACK, Template

LIMIT_BYTES = 1_000_000
RESOURCES = 500


@pytest.fixture(scope="module")
def nag_reports(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("nag")
    run_cdk(folder, "--check")
    report = json.loads((folder / "validation-report.json").read_text("utf-8"))
    return list(report["pluginReports"])


def test_cdk_nag_finds_nothing_without_a_reason(nag_reports: list[dict[str, Any]]) -> None:
    names = {report["pluginName"] for report in nag_reports}
    assert {"AwsSolutions", "Serverless"} <= names, "the rules have to run to find nothing"
    assert [report["violations"] for report in nag_reports if report["violations"]] == []


def test_every_finding_that_stays_has_a_reason(nag_reports: list[dict[str, Any]]) -> None:
    reasons = {
        accepted["acknowledgedId"]: accepted["reason"]
        for report in nag_reports
        for accepted in report["suppressedViolations"]
    }
    wildcards = {name for name in reasons if name.startswith("AwsSolutions::AwsSolutions-IAM5[")}
    keys = {name.partition(".Arn>/")[2].rstrip("]") for name in wildcards}
    assert keys == {"*", *(f"{family.name}/*" for family in FAMILIES)}, "objects of claims, and nothing else"
    assert set(reasons) - wildcards == {
        "AwsSolutions::AwsSolutions-L1",
        "AwsSolutions::AwsSolutions-S1",
        "AwsSolutions::AwsSolutions-SQS3",
        "CloudFormation-Validate::W2509",
        "Serverless::Serverless-EventBusDLQ",
        "Serverless::Serverless-LambdaAsyncFailureDestination",
        "Serverless::Serverless-LambdaDLQ",
        "Serverless::Serverless-LambdaEventSourceMappingDestination",
        "Serverless::Serverless-LambdaLatestVersion",
        "Serverless::Serverless-LambdaTracing",
        "Serverless::Serverless-SQSRedrivePolicy",
    }
    assert all(len(reason) > len("is needed") for reason in reasons.values())


def test_cfn_lint_finds_nothing(template: Template, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(template.text, "utf-8")
    ignored = "W3005"  # a dependency that CDK states twice
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    command = [linter, "--regions", "eu-west-1", "--ignore-checks", ignored, "--", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_cloudformation_takes_a_template_of_that_size_and_so_many_resources(template: Template) -> None:
    """CloudFormation quotas: 1 MB from a bucket, 500 resources."""
    assert len(template.text.encode()) < LIMIT_BYTES
    assert len(template.document["Resources"]) < RESOURCES


def test_the_template_needs_no_bootstrap_and_no_asset(template: Template) -> None:
    assert not [name for name in template.document["Parameters"] if "Bootstrap" in name or "Asset" in name]
    assert "Rules" not in template.document
    ours = {"AllowedLateness", "CodeBucket", "CodeKey", "ProbeOneIn"}
    ours |= {"WebhookOrigin", "WebhookSecretArn", "WorkerConcurrency"}
    assert set(template.document["Parameters"]) == ours


def test_the_template_names_no_account_region_or_stack(template: Template) -> None:
    assert "arn:aws:" not in template.text
    assert f'"{STACK}-' not in template.text


def test_a_second_synthesis_comes_from_the_first(monkeypatch: pytest.MonkeyPatch, template: Template) -> None:
    def fail(*_: object) -> None:
        pytest.fail("CDK ran again")

    monkeypatch.setattr("infra.synthesis.run_cdk", fail)
    assert synthesise() == template.text


def test_a_failing_synthesis_says_what_cdk_said(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="unrecognized arguments: --no-such-option"):
        run_cdk(tmp_path, "--no-such-option")
