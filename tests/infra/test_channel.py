from typing import get_args

from contracts import naming
from contracts.registry import FAMILIES
from tests.infra.template import ACCOUNT, REGION, STACK, Resource, Template
from workers.observability import Metric

QUEUES = {
    **{
        naming.queue_name(STACK, family.name, ordered=family.ordered): naming.dead_letter_queue_name(
            STACK, family.name, ordered=family.ordered
        )
        for family in FAMILIES
    },
    naming.outcome_queue_name(STACK): naming.outcome_dead_letter_queue_name(STACK),
    naming.return_queue_name(STACK): naming.return_dead_letter_queue_name(STACK),
}
STRETCHES = [naming.judge_dead_letter_queue_name(STACK), naming.outlet_dead_letter_queue_name(STACK)]
INDEXED = [
    *(naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered) for family in FAMILIES),
    naming.return_dead_letter_queue_name(STACK),
    naming.invalid_queue_name(STACK),
]
"""Emptied into the index of dead letters."""
DEAD_LETTERS = sorted({*QUEUES.values(), *STRETCHES, *INDEXED})
SIX_TIMEOUTS = 6


def test_queues_have_the_names_of_the_contracts(template: Template) -> None:
    names = [queue.name for queue in template.resources("AWS::SQS::Queue")]
    assert sorted(names) == sorted([*QUEUES, *DEAD_LETTERS])


def test_every_queue_gives_up_into_its_own_dead_letters(template: Template) -> None:
    for name, dead_letters in QUEUES.items():
        redrive = template.named("AWS::SQS::Queue", name).properties["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead_letters}"
        assert redrive["maxReceiveCount"] >= 100, "an outage must not turn a backlog into dead letters"


def test_what_was_given_up_on_is_kept_for_as_long_as_there_is_and_given_up_no_further(template: Template) -> None:
    for name in DEAD_LETTERS:
        properties = template.named("AWS::SQS::Queue", name).properties
        assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert "RedrivePolicy" not in properties


def test_dead_letters_are_kept_longer_than_messages_wait(template: Template) -> None:
    for name, dead_letters in QUEUES.items():
        waits_s = template.named("AWS::SQS::Queue", name).properties["MessageRetentionPeriod"]
        kept_s = template.named("AWS::SQS::Queue", dead_letters).properties["MessageRetentionPeriod"]
        assert kept_s == 14 * 24 * 3600
        assert waits_s < kept_s or (name == naming.return_queue_name(STACK) and waits_s == kept_s)


def test_where_order_matters_the_queue_is_fifo_in_high_throughput_mode(template: Template) -> None:
    for family in FAMILIES:
        name = naming.queue_name(STACK, family.name, ordered=family.ordered)
        properties = template.named("AWS::SQS::Queue", name).properties
        expected = ("messageGroup", "perMessageGroupId") if family.ordered else (None, None)
        assert (properties.get("DeduplicationScope"), properties.get("FifoThroughputLimit")) == expected
        assert properties.get("FifoQueue", False) is family.ordered is name.endswith(".fifo")


def test_no_queue_can_be_reached_without_tls_or_keeps_plain_text(template: Template) -> None:
    queues = template.resources("AWS::SQS::Queue")
    policies = template.resources("AWS::SQS::QueuePolicy")
    assert all(queue.properties["SqsManagedSseEnabled"] for queue in queues)
    covered = {url.rsplit("/", 1)[1] for policy in policies for url in policy.properties["Queues"]}
    assert covered == {queue.name for queue in queues}
    for policy in policies:
        (statement,) = policy.properties["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_message_stays_invisible_for_six_times_the_function_that_works_on_it(template: Template) -> None:
    (timeout_s,) = {function.properties["Timeout"] for function in template.resources("AWS::Lambda::Function")}
    for name in [*QUEUES, *DEAD_LETTERS]:
        visible_s = template.named("AWS::SQS::Queue", name).properties["VisibilityTimeout"]
        assert visible_s >= SIX_TIMEOUTS * timeout_s


def test_what_nobody_takes_and_every_old_message_raises_an_alarm(template: Template) -> None:
    content = {_queue(alarm) for alarm in _alarms(template, "ApproximateNumberOfMessagesVisible")}
    assert content == set(DEAD_LETTERS) - set(INDEXED)
    assert {_queue(alarm) for alarm in _alarms(template, "ApproximateAgeOfOldestMessage")} == {*QUEUES, *INDEXED}
    for alarm in _alarms(template, "ApproximateNumberOfMessagesVisible"):
        assert alarm.properties["Threshold"] == 1


def test_a_letter_in_the_index_and_effects_that_do_not_leave_raise_an_alarm(template: Template) -> None:
    metrics = get_args(Metric)
    for metric, services in {"LettersIndexed": ["sweeper", "letters"], "EffectsOverdue": ["sweeper"]}.items():
        alarms = _alarms(template, metric)
        assert metric in metrics
        assert [_dimensions(alarm) for alarm in alarms] == [{"service": service} for service in services]
        assert {alarm.properties["Namespace"] for alarm in alarms} == {STACK}


def test_who_looks_by_the_clock_and_only_fails_raises_an_alarm(template: Template) -> None:
    alarms = _alarms(template, "Errors")
    failing = [naming.timekeeper_function_name(STACK), naming.sweeper_function_name(STACK)]
    assert [_dimensions(alarm) for alarm in alarms] == [{"FunctionName": name} for name in failing]
    assert {alarm.properties["EvaluationPeriods"] for alarm in alarms} == {3}


def test_a_side_that_tells_nothing_and_a_comparison_that_nobody_decides_raise_an_alarm(template: Template) -> None:
    (expired,), (overdue,) = _alarms(template, "MessagesExpired"), _alarms(template, "MessagesOverdueSeconds")
    assert {"MessagesExpired", "MessagesOverdueSeconds"} <= set(get_args(Metric))
    for alarm in (expired, overdue):
        assert (alarm.properties["Namespace"], _dimensions(alarm)) == (STACK, {"service": "timekeeper"})
    assert (expired.properties["Statistic"], expired.properties["Threshold"]) == ("Sum", 1)
    assert (overdue.properties["Statistic"], overdue.properties["Threshold"]) == ("Maximum", 600)


def test_a_judge_that_was_shown_to_be_blind_raises_an_alarm(template: Template) -> None:
    (blind,) = _alarms(template, "MutantsSurvived")
    assert "MutantsSurvived" in get_args(Metric)
    assert (blind.properties["Namespace"], _dimensions(blind)) == (STACK, {"service": "judge"})
    assert (blind.properties["Statistic"], blind.properties["Threshold"]) == ("Sum", 1)


def test_a_function_that_falls_behind_its_stream_raises_an_alarm(template: Template) -> None:
    behind = [_dimensions(alarm)["FunctionName"] for alarm in _alarms(template, "IteratorAge")]
    assert behind == [naming.judge_function_name(STACK), naming.outlet_function_name(STACK)]


def test_every_alarm_tells_somebody_and_is_not_raised_by_silence(template: Template) -> None:
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"]
        assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_only_alarms_of_this_account_reach_whoever_is_on_call(template: Template) -> None:
    (policy,) = template.resources("AWS::SNS::TopicPolicy")
    allowed = [one for one in policy.properties["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    (statement,) = allowed
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    source = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"
    assert statement["Condition"] == {"ArnLike": {"aws:SourceArn": source}}


def test_queues_outlive_the_stack_unless_it_is_disposable(template: Template, disposable_template: Template) -> None:
    kept = {queue.attributes["DeletionPolicy"] for queue in template.resources("AWS::SQS::Queue")}
    gone = {queue.attributes["DeletionPolicy"] for queue in disposable_template.resources("AWS::SQS::Queue")}
    assert (kept, gone) == ({"Retain"}, {"Delete"})


def _alarms(template: Template, metric: str) -> list[Resource]:
    return [one for one in template.resources("AWS::CloudWatch::Alarm") if one.properties.get("MetricName") == metric]


def _dimensions(alarm: Resource) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in alarm.properties["Dimensions"]}


def _queue(alarm: Resource) -> str:
    return _dimensions(alarm)["QueueName"]
