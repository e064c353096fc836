"""`strangler types`: what the registry knows."""

from datetime import UTC, datetime

from ops.catalogue import catalogue
from ops.document import document
from ops.option import Output, OutputOption, lesson
from ops.output import show, show_json
from ops.table import catalogue_tables

EPILOG = lesson(
    [
        ("strangler types list", "what is known, and which differences are tolerated until when"),
        ("strangler types list -o json | jq '.[].types[].name'", "names only, for a script"),
    ],
    [],
)


def list_types(*, output: OutputOption = Output.TABLE) -> None:
    """List the message types that the contracts' registry knows.

    A family is what shares records, queue, function and authority; its
    types are listed with their origin on RabbitMQ, what identifies a
    message, which field is the business key, the effects that are
    compared, and the rules: differences that are tolerated, each with its
    reason, its owner and the day on which that ends. Reads no AWS.
    """
    families = catalogue(datetime.now(UTC).date())
    if output is Output.JSON:
        show_json(document(families))
    else:
        show(catalogue_tables(families))
