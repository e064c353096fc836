"""Alarms: something was given up on, or nothing moves any more. No other state of a queue needs a human at night."""

from aws_cdk import Aws, CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_PERIOD = Duration.minutes(1)
_PERIODS_TOO_OLD = 3
_TOO_OLD = Duration.minutes(10)
_LONGEST_PAUSE = Duration.hours(1)
"""Between two tries at an effect, see `workers.outlet.outlet`."""
_WHILE_TRIED = Duration.hours(1)
"""Mutants of the same kind come more often, unless hardly any message does."""


class Alarms(Construct):  # type: ignore[misc]  # CDK's own types are not followed, see pyproject.toml
    """All alarms of a deployment, and the topic that whoever is on call subscribes to."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "Alarms")
        topic = sns.Topic(self, "Topic", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
                    }
                },
            )
        )
        self._notify = actions.SnsAction(topic)
        CfnOutput(scope, "AlarmTopicArn", value=topic.topic_arn)

    def on_content(self, label: str, queue: sqs.Queue, name: str) -> None:
        """Alarm when a queue that should be empty is not."""
        metric = queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum")
        self._add(f"{label}NotEmpty", f"{name}-not-empty", metric, 1, 1, f"{name}: messages were given up on")

    def on_age(self, label: str, queue: sqs.Queue, name: str) -> None:
        """Alarm when a queue's oldest message has waited too long."""
        metric = queue.metric_approximate_age_of_oldest_message(period=_PERIOD, statistic="Maximum")
        threshold = _TOO_OLD.to_seconds()
        self._add(f"{label}TooOld", f"{name}-too-old", metric, threshold, _PERIODS_TOO_OLD, f"{name} does not drain")

    def on_stream_age(self, label: str, function: lambda_.Function, name: str) -> None:
        """Alarm when a function has fallen behind its stream."""
        metric = function.metric("IteratorAge", period=_PERIOD, statistic="Maximum")
        threshold = _TOO_OLD.to_milliseconds()
        self._add(f"{label}TooOld", f"{name}-too-old", metric, threshold, _PERIODS_TOO_OLD, f"{name} falls behind")

    def on_errors(self, label: str, function: lambda_.Function, name: str) -> None:
        """Alarm when a function that nothing waits for fails every time."""
        metric = function.metric_errors(period=_PERIOD)
        self._add(f"{label}Fails", f"{name}-fails", metric, 1, _PERIODS_TOO_OLD, f"{name} fails every minute")

    def on_overdue(self, name: str) -> None:
        """Alarm when the sweeper finds effects that should have left long ago.

        They are tried ever less often, so that the alarm lasts until an hour has gone without one.
        """
        metric = _count("EffectsOverdue", name, _LONGEST_PAUSE)
        self._add("EffectsOverdue", f"{name}-overdue", metric, 1, 1, "effects do not leave")

    def on_expired(self, name: str) -> None:
        """Alarm when a side of a comparison has told nothing in time: what should have told may be lost."""
        metric = _count("MessagesExpired", name)
        self._add("MessagesExpired", f"{name}-expired", metric, 1, 1, "a side has told nothing: strangler status")

    def on_undecided(self, name: str) -> None:
        """Alarm when a comparison whose time is up stays undecided: neither the judge nor the clock decides it."""
        metric = _metric("MessagesOverdueSeconds", name, statistic="Maximum")
        threshold = _TOO_OLD.to_seconds()
        self._add("MessagesOverdue", f"{name}-overdue", metric, threshold, _PERIODS_TOO_OLD, "no verdict in its time")

    def on_survivors(self, name: str) -> None:
        """Alarm when the judge has called a mutant equal: it is blind there, and its verdicts prove nothing.

        One message in so many is tried, so that the alarm lasts until an hour has gone without one.
        """
        metric = _count("MutantsSurvived", name, _WHILE_TRIED)
        self._add("MutantsSurvived", f"{name}-blind", metric, 1, 1, "a mutant survived: strangler compare show")

    def on_letters(self, label: str, name: str) -> None:
        """Alarm when the index of dead letters gets one: the queues before it are emptied, so they cannot tell."""
        metric = _count("LettersIndexed", name)
        self._add(f"{label}Indexed", f"{name}-indexed", metric, 1, 1, "messages were given up on: strangler dlq list")

    def _add(
        self, label: str, name: str, metric: cloudwatch.IMetric, threshold: float, periods: int, description: str
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            label,
            alarm_name=name,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._notify)


def _count(metric: str, function: str, period: Duration = _PERIOD) -> cloudwatch.Metric:
    """A count of `workers.observability`, of one function."""
    return _metric(metric, function, statistic="Sum", period=period)


def _metric(metric: str, function: str, *, statistic: str, period: Duration = _PERIOD) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=Aws.STACK_NAME,
        metric_name=metric,
        dimensions_map={"service": function.removeprefix(f"{Aws.STACK_NAME}-")},
        period=period,
        statistic=statistic,
    )
