import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts import naming
from contracts.registry import FAMILIES
from tests.infra.template import ACCOUNT, REGION, STACK, Resource, Template
from workers.settings import judge_settings, ledger_settings, process_settings, timekeeper_settings

FAMILY_FUNCTIONS = {naming.family_function_name(STACK, family.name): family for family in FAMILIES}
CONTROL = naming.control_function_name(STACK)
JUDGE = naming.judge_function_name(STACK)
OUTLET, SWEEPER = naming.outlet_function_name(STACK), naming.sweeper_function_name(STACK)
LETTERS = naming.letters_function_name(STACK)
TIMEKEEPER = naming.timekeeper_function_name(STACK)


def _variables(template: Template, name: str) -> dict[str, str]:
    return dict(template.named("AWS::Lambda::Function", name).properties["Environment"]["Variables"])


def _sources(template: Template, name: str) -> dict[str, Resource]:
    """What invokes a function, by the last part of the source's name."""
    mappings = [
        one for one in template.resources("AWS::Lambda::EventSourceMapping") if one.properties["FunctionName"] == name
    ]
    return {mapping.properties["EventSourceArn"].rpartition(":")[2]: mapping for mapping in mappings}


def _mappings(template: Template) -> dict[str, Resource]:
    """The only mapping of each function that has one; the letters function has several."""
    mappings = template.resources("AWS::Lambda::EventSourceMapping")
    return {one.properties["FunctionName"]: one for one in mappings if one.properties["FunctionName"] != LETTERS}


def _invokes(rule: Resource) -> str:
    (target,) = rule.properties["Targets"]
    return str(target["Arn"])


def test_functions_have_the_names_of_the_contracts(template: Template) -> None:
    names = [function.name for function in template.resources("AWS::Lambda::Function")]
    assert sorted(names) == sorted([*FAMILY_FUNCTIONS, CONTROL, JUDGE, TIMEKEEPER, OUTLET, SWEEPER, LETTERS])


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
    [(list(FAMILY_FUNCTIONS), process_settings), ([CONTROL], ledger_settings)],
    ids=["process", "control"],
)
def test_the_workers_can_read_their_settings(
    template: Template, names: list[str], read: Callable[[dict[str, str]], Any]
) -> None:
    for name in names:
        read(_variables(template, name))


def test_each_family_has_its_own_queue_dead_letters_and_name(template: Template) -> None:
    for name, family in FAMILY_FUNCTIONS.items():
        variables = _variables(template, name)
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


@pytest.mark.parametrize(
    ("name", "failures"),
    [(JUDGE, naming.judge_dead_letter_queue_name), (OUTLET, naming.outlet_dead_letter_queue_name)],
    ids=["judge", "outlet"],
)
def test_who_follows_the_ledger_repeats_by_age_halves_what_fails_and_says_what_it_gave_up(
    template: Template, name: str, failures: Callable[[str], str]
) -> None:
    properties = _mappings(template)[name].properties
    assert properties["StartingPosition"] == "TRIM_HORIZON", "an entry written before the mapping stood is judged too"
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumRetryAttempts" not in properties
    assert properties["MaximumRecordAgeInSeconds"] == 12 * 3600
    destination = properties["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{failures(STACK)}"


def test_a_stream_has_no_more_readers_than_it_serves(template: Template) -> None:
    followers = [name for name, mapping in _mappings(template).items() if "/" in mapping.properties["EventSourceArn"]]
    assert sorted(followers) == sorted([JUDGE, OUTLET])


def test_the_judge_is_called_only_for_entries_that_are_due(template: Template) -> None:
    filters = _mappings(template)[JUDGE].properties["FilterCriteria"]["Filters"]
    images = [json.loads(one["Pattern"])["dynamodb"]["NewImage"] for one in filters]
    assert all(image["comparison"] == {"S": ["due"]} for image in images)
    assert [sorted(image) for image in images] == [
        ["candidate", "comparison", "control_seen"],
        ["authority", "candidate", "comparison"],
        ["comparison", "conflict"],
        ["comparison", "stale"],
    ]


def test_the_outlet_is_called_for_effects_that_were_never_tried(template: Template) -> None:
    (one,) = _mappings(template)[OUTLET].properties["FilterCriteria"]["Filters"]
    assert json.loads(one["Pattern"]) == {"dynamodb": {"NewImage": {"outlet": {"S": ["pending"]}}}}


@pytest.mark.parametrize("name", [SWEEPER, TIMEKEEPER])
def test_who_looks_by_the_clock_is_called_every_minute_and_a_run_that_fails_is_not_repeated(
    template: Template, name: str
) -> None:
    (rule,) = [one for one in template.resources("AWS::Events::Rule") if _invokes(one).endswith(f":function:{name}")]
    (target,) = rule.properties["Targets"]
    (permission,) = [
        one for one in template.resources("AWS::Lambda::Permission") if one.properties["FunctionName"] == target["Arn"]
    ]
    (once,) = [
        one for one in template.resources("AWS::Lambda::EventInvokeConfig") if one.properties["FunctionName"] == name
    ]
    assert (rule.properties["ScheduleExpression"], rule.properties["State"]) == ("rate(1 minute)", "ENABLED")
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert once.properties["MaximumRetryAttempts"] == 0
    assert permission.properties["Principal"] == "events.amazonaws.com"
    assert permission.properties["SourceArn"], "no other rule of the account may call it"


def test_nothing_else_is_called_by_the_clock(template: Template) -> None:
    assert len(template.resources("AWS::Events::Rule")) == 2


def test_the_timekeeper_is_told_how_late_a_side_may_tell(template: Template) -> None:
    variables = _variables(template, TIMEKEEPER)
    assert variables["ALLOWED_LATENESS_S"] == "${AllowedLateness}"
    parameter = template.document["Parameters"]["AllowedLateness"]
    default = timekeeper_settings({**variables, "ALLOWED_LATENESS_S": str(parameter["Default"])})
    assert default.allowed_lateness_s == 3600
    assert (parameter["MinValue"], parameter["MaxValue"]) == (60, 7 * 24 * 3600), "queues keep seven days"


def test_the_judge_is_told_of_how_many_messages_mutants_are_made(template: Template) -> None:
    variables = _variables(template, JUDGE)
    assert variables["PROBE_ONE_IN"] == "${ProbeOneIn}"
    parameter = template.document["Parameters"]["ProbeOneIn"]
    settings = judge_settings({**variables, "PROBE_ONE_IN": str(parameter["Default"])})
    assert (settings.probe_one_in, settings.control_table) == (500, naming.control_table_name(STACK))
    assert parameter["MinValue"] == 1


def test_every_queue_of_what_was_given_up_on_is_emptied_into_the_index(template: Template) -> None:
    sources = _sources(template, LETTERS)
    queues = [naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered) for family in FAMILIES]
    queues += [naming.return_dead_letter_queue_name(STACK), naming.invalid_queue_name(STACK)]
    assert sorted(sources) == sorted(queues)
    for mapping in sources.values():
        assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping.properties["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_what_lets_effects_leave_knows_where_to(template: Template) -> None:
    for name in (OUTLET, SWEEPER):
        variables = _variables(template, name)
        assert variables["EVENT_BUS"] == naming.event_bus_name(STACK)
        assert variables["RETURN_QUEUE_URL"].endswith("/" + naming.return_queue_name(STACK))
        assert variables["LETTERS_TABLE"] == naming.letters_table_name(STACK)
        assert variables["WEBHOOK_ORIGIN"] == "${WebhookOrigin}"


def test_a_family_can_see_whether_authority_has_moved_and_hold_what_is_stale(template: Template) -> None:
    for name in FAMILY_FUNCTIONS:
        variables = _variables(template, name)
        assert variables["CONTROL_TABLE"] == naming.control_table_name(STACK)
        assert variables["RETURN_QUEUE_URL"].endswith("/" + naming.return_queue_name(STACK))


def test_every_function_logs_into_a_group_of_its_own_that_forgets(template: Template) -> None:
    groups = {group.name: group for group in template.resources("AWS::Logs::LogGroup")}
    for function in template.resources("AWS::Lambda::Function"):
        group = groups.pop(function.properties["LoggingConfig"]["LogGroup"])
        assert group.name == f"/aws/lambda/{function.name}"
        assert group.properties["RetentionInDays"] == 90
    assert not groups
