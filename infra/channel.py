"""SQS queues, each with the queue for what was given up on; and the queues that lead into the index of dead letters."""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

VISIBILITY = Duration.seconds(180)
"""Six times the functions' timeout, as Lambda asks for (developer guide, "Using Lambda with Amazon SQS")."""

_RETENTION = Duration.days(7)
_LONGEST_RETENTION = Duration.days(14)  # the most there is; for a standard queue it counts from the first sending

# The worker itself moves what can never succeed, with its cause, so SQS' own redrive is only the last resort for what
# crashes the worker. What may succeed later backs off by visibility: a hundred receives then outlast a long outage,
# and a backlog does not become dead letters because KMS or DynamoDB refused for an hour.
RECEIVES = 100

OUTCOME_RECEIVES = 1000
"""SQS' highest. Outcomes come back every three minutes, without growing delays: that outlasts two days of outage."""

_ACCEPTED = {
    "AwsSolutions::AwsSolutions-SQS3": "is itself where messages end",
    "Serverless::Serverless-SQSRedrivePolicy": "is itself where messages end",
}


# The way back to RabbitMQ has one consumer of ours that is away whenever the broker is: that must not count as failing.
RETURN_RECEIVES = 1000

# What nobody takes back in time is lost without a letter: nothing of ours counts while the returner is away. FIFO, so
# that what is redriven begins its time anew (developer guide, "Using dead-letter queues in Amazon SQS").
RETURN_RETENTION = _LONGEST_RETENTION


@dataclass(frozen=True, slots=True)
class Channel:
    """A queue and its dead letters."""

    queue: sqs.Queue
    dead_letters: sqs.Queue


def add_channel(
    scope: Construct,
    label: str,
    *,
    name: str,
    dead_letter_name: str,
    ordered: bool,
    receives: int,
    removal: RemovalPolicy,
    retention: Duration = _RETENTION,
) -> Channel:
    """Add a queue, FIFO in high-throughput mode where order matters, and its dead-letter queue."""
    dead_letters = add_dead_letter_queue(
        scope, f"{label}DeadLetters", name=dead_letter_name, ordered=ordered, removal=removal
    )
    queue = sqs.Queue(
        scope,
        f"{label}Queue",
        queue_name=name,
        visibility_timeout=VISIBILITY,
        retention_period=retention,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
        fifo=ordered or None,
        removal_policy=removal,
        deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP if ordered else None,
        fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID if ordered else None,
    )
    return Channel(queue, dead_letters)


def add_dead_letter_queue(
    scope: Construct, label: str, *, name: str, ordered: bool, removal: RemovalPolicy
) -> sqs.Queue:
    """Add a queue at the end of a way: a function empties it into an index, or an operator looks.

    It has no redrive: what cannot be taken from it stays in it.
    """
    queue = sqs.Queue(
        scope,
        label,
        queue_name=name,
        visibility_timeout=VISIBILITY,
        retention_period=_LONGEST_RETENTION,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        fifo=ordered or None,
        removal_policy=removal,
    )
    Validations.of(queue).acknowledge(*(Acknowledgment(id=rule, reason=why) for rule, why in _ACCEPTED.items()))
    return queue
