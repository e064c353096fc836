import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts import naming
from contracts.registry import FAMILIES
from tests.infra.template import ACCOUNT, REGION, STACK, Resource, Template
from workers.settings import ledger_settings, process_settings

FAMILY_FUNCTIONS = {naming.family_function_name(STACK, family.name): family for family in FAMILIES}
CONTROL = naming.control_function_name(STACK)
JUDGE = naming.judge_function_name(STACK)


def _mappings(template: Template) -> dict[str, Resource]:
    mappings = template.resources("AWS::Lambda::EventSourceMapping")
    return {mapping.properties["FunctionName"]: mapping for mapping in mappings}


def test_functions_have_the_names_of_the_contracts(template: Template) -> None:
    names = [function.name for function in template.resources("AWS::Lambda::Function")]
    assert sorted(names) == sorted([*FAMILY_FUNCTIONS, CONTROL, JUDGE])


def test_every_handler_is_a_function_that_exists(template: Template) -> None:
    for function in template.resources("AWS::Lambda::Function"):
        module, _, name = function.properties["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), function.name


def test_functions_run_on_the_runtime_that_the_package_is_built_for(template: Template) -> None:
    for function in template.resources("AWS::Lambda::Function"):
        assert (function.properties["Runtime"], function.properties["Architectures"]) == ("python3.13", ["arm64"])
        assert function.properties["Code"] == {"S3Bucket": "${CodeBucket}", "S3Key": "${CodeKey}"}


@pytest.mark.parametrize(
    ("names", "read"),
    [(list(FAMILY_FUNCTIONS), process_settings), ([CONTROL, JUDGE], ledger_settings)],
    ids=["process", "control and judge"],
)
def test_the_workers_can_read_their_settings(
    template: Template, names: list[str], read: Callable[[dict[str, str]], Any]
) -> None:
    for name in names:
        read(template.named("AWS::Lambda::Function", name).properties["Environment"]["Variables"])


def test_each_family_has_its_own_queue_dead_letters_and_name(template: Template) -> None:
    for name, family in FAMILY_FUNCTIONS.items():
        variables = template.named("AWS::Lambda::Function", name).properties["Environment"]["Variables"]
        settings = process_settings(variables)
        assert settings.family == variables["POWERTOOLS_SERVICE_NAME"] == family.name
        assert settings.queue_url.endswith("/" + naming.queue_name(STACK, family.name, ordered=family.ordered))
        dead_letters = naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered)
        assert settings.dead_letter_queue_url.endswith("/" + dead_letters)


def test_every_queue_function_reports_single_failures_of_small_batches(template: Template) -> None:
    mappings = _mappings(template)
    sources = {
        **{name: naming.queue_name(STACK, one.name, ordered=one.ordered) for name, one in FAMILY_FUNCTIONS.items()},
        CONTROL: naming.outcome_queue_name(STACK),
    }
    for name, queue in sources.items():
        properties = mappings[name].properties
        assert properties["EventSourceArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BatchSize"] == 10
        assert properties["ScalingConfig"] == {"MaximumConcurrency": "${WorkerConcurrency}"}


def test_the_judge_repeats_by_age_halves_what_fails_and_says_what_it_gave_up(template: Template) -> None:
    properties = _mappings(template)[JUDGE].properties
    assert properties["StartingPosition"] == "TRIM_HORIZON", "an entry written before the mapping stood is judged too"
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumRetryAttempts" not in properties
    assert properties["MaximumRecordAgeInSeconds"] == 12 * 3600
    destination = properties["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{naming.judge_dead_letter_queue_name(STACK)}"


def test_the_judge_is_called_only_for_entries_that_are_due(template: Template) -> None:
    filters = _mappings(template)[JUDGE].properties["FilterCriteria"]["Filters"]
    images = [json.loads(one["Pattern"])["dynamodb"]["NewImage"] for one in filters]
    assert all(image["comparison"] == {"S": ["due"]} for image in images)
    assert [sorted(image) for image in images] == [
        ["candidate", "comparison", "control_seen"],
        ["comparison", "conflict"],
    ]


def test_every_function_logs_into_a_group_of_its_own_that_forgets(template: Template) -> None:
    groups = {group.name: group for group in template.resources("AWS::Logs::LogGroup")}
    for function in template.resources("AWS::Lambda::Function"):
        group = groups.pop(function.properties["LoggingConfig"]["LogGroup"])
        assert group.name == f"/aws/lambda/{function.name}"
        assert group.properties["RetentionInDays"] == 90
    assert not groups
