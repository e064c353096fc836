"""Every name of a channel, table or function comes from here, so that code and cloud cannot disagree.

`stack` is the deployment's name (two deployments stand side by side in one account); SQS asks FIFO queues to end in
`.fifo` (docs.aws.amazon.com/AWSSimpleQueueService, "Queue names").
"""

INVALID_MESSAGE_QUEUE = "strangler.invalid"
"""RabbitMQ queue of what *we* cannot read: the Invalid Message Channel."""

OVERSIZE_QUEUE = "strangler.oversize"
"""RabbitMQ queue of what came to the Invalid Message Channel and is too large for SQS, however compressed."""

OUTCOME_EXCHANGE = "strangler.outcomes"
"""RabbitMQ fanout exchange on which the recorder publishes what the monolith did."""

OUTCOME_QUEUE = "strangler.outcomes"
"""RabbitMQ queue from which the shipper takes the monolith's outcomes."""

DROPPED_EXCHANGE = "strangler.dropped"
"""RabbitMQ fanout exchange that a full tap queue drops its oldest messages to, so that they can be counted."""

DROPPED_QUEUE = "strangler.dropped"
"""RabbitMQ queue behind `DROPPED_EXCHANGE`; bounded itself, for its messages only count."""

ROUTE_EXCHANGE = "strangler.route"
"""RabbitMQ headers exchange of the router; its bindings match `contracts.stamp_header`."""

CONTROL_ATTRIBUTE = "control_attempt_"
"""Ledger attribute of the monolith's outcome, followed by the attempt's number."""

CONTROL_ENDING_ATTRIBUTE = "control_ending_"
"""Ledger attribute that says how an attempt of the monolith has ended, followed by its number: in the clear."""


def _channel(stack: str, role: str, *, ordered: bool) -> str:
    return f"{stack}-{role}.fifo" if ordered else f"{stack}-{role}"


def queue_name(stack: str, family: str, *, ordered: bool) -> str:
    """SQS queue from which a family's worker takes its messages."""
    return _channel(stack, family, ordered=ordered)


def dead_letter_queue_name(stack: str, family: str, *, ordered: bool) -> str:
    """SQS queue of what a family's worker, or SQS itself, gave up on."""
    return _channel(stack, f"{family}-dead", ordered=ordered)


def outcome_queue_name(stack: str) -> str:
    """SQS queue of the monolith's outcomes; their order does not matter, each names its attempt."""
    return _channel(stack, "outcomes", ordered=False)


def outcome_dead_letter_queue_name(stack: str) -> str:
    """SQS queue of outcomes that could not be read or written to the ledger."""
    return _channel(stack, "outcomes-dead", ordered=False)


def judge_dead_letter_queue_name(stack: str) -> str:
    """SQS queue that names the stretches of the ledger's stream that could not be judged."""
    return _channel(stack, "judge-dead", ordered=False)


def records_table_name(stack: str) -> str:
    """DynamoDB table of the new system's items."""
    return f"{stack}-records"


def ledger_table_name(stack: str) -> str:
    """DynamoDB table with one entry per message."""
    return f"{stack}-ledger"


def control_table_name(stack: str) -> str:
    """DynamoDB table of authority, routers, replay runs and the audit chain."""
    return f"{stack}-control"


def letters_table_name(stack: str) -> str:
    """DynamoDB table of dead letters: the index that is looked at, with the sealed bodies."""
    return f"{stack}-letters"


def return_queue_name(stack: str) -> str:
    """SQS queue of what goes back to RabbitMQ: follow-up messages, and what must be held."""
    return _channel(stack, "return", ordered=True)


def return_dead_letter_queue_name(stack: str) -> str:
    """SQS queue of what RabbitMQ would not take."""
    return _channel(stack, "return-dead", ordered=True)


def invalid_queue_name(stack: str) -> str:
    """SQS queue of what the Invalid Message Channel on RabbitMQ has got, on its way into the index."""
    return _channel(stack, "invalid", ordered=False)


def claim_bucket_name(stack: str, account: str, region: str) -> str:
    """S3 bucket of bodies that no queue takes. Such names are taken over all accounts, and end at 63 characters."""
    return f"{stack}-claims-{account}-{region}"


def event_bus_name(stack: str) -> str:
    """EventBridge bus on which the new side tells what it has processed."""
    return f"{stack}-events"


def outlet_dead_letter_queue_name(stack: str) -> str:
    """SQS queue that names the stretches of the ledger's stream whose effects could not be sent at once."""
    return _channel(stack, "outlet-dead", ordered=False)


def outlet_function_name(stack: str) -> str:
    """Lambda function that lets effects leave, as the ledger's stream tells of them."""
    return f"{stack}-outlet"


def sweeper_function_name(stack: str) -> str:
    """Lambda function that lets effects leave that the stream has missed, or that are to be tried again."""
    return f"{stack}-sweeper"


def timekeeper_function_name(stack: str) -> str:
    """Lambda function that decides comparisons of which a side does not tell in time."""
    return f"{stack}-timekeeper"


def letters_function_name(stack: str) -> str:
    """Lambda function that writes the index of dead letters."""
    return f"{stack}-letters"


def family_function_name(stack: str, family: str) -> str:
    """Lambda function that processes a family."""
    return f"{stack}-{family}"


def control_function_name(stack: str) -> str:
    """Lambda function that notes the monolith's outcomes in the ledger."""
    return f"{stack}-control"


def judge_function_name(stack: str) -> str:
    """Lambda function that judges both sides' outcomes."""
    return f"{stack}-judge"


def shipper_role_name(stack: str) -> str:
    """IAM role of the bridge's shipper."""
    return f"{stack}-shipper"


def tap_queue_name(family: str) -> str:
    """RabbitMQ queue of the shipper, bound beside the monolith's own queue of the family."""
    return f"strangler.tap.{family}"


def router_role_name(stack: str) -> str:
    """IAM role of the bridge's router."""
    return f"{stack}-router"


def returner_role_name(stack: str) -> str:
    """IAM role of the bridge's way back to RabbitMQ."""
    return f"{stack}-returner"


def legacy_queue_name(family: str) -> str:
    """RabbitMQ queue that the monolith consumes once the router stands before it."""
    return f"strangler.legacy.{family}"


def ship_queue_name(family: str) -> str:
    """RabbitMQ queue of messages that the new side has authority over."""
    return f"strangler.ship.{family}"


def shadow_queue_name(family: str) -> str:
    """RabbitMQ queue of copies for the new side."""
    return f"strangler.shadow.{family}"


def hold_queue_name(family: str) -> str:
    """RabbitMQ queue of messages that wait for a move of authority to end."""
    return f"strangler.hold.{family}"


def recording_queue_name(corpus: str) -> str:
    """RabbitMQ queue that a corpus is recorded from."""
    return f"strangler.record.{corpus}"


def recording_dropped_queue_name(corpus: str) -> str:
    """RabbitMQ queue of what a recording's queue has dropped; it is only counted."""
    return f"strangler.record.{corpus}.dropped"
