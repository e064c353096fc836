"""Options of the commands that move authority, and their checks."""

from typing import Annotated

import typer

from contracts.registry import UnknownTypeError, family_named


def _family(value: str | None) -> str | None:
    if value is not None:
        try:
            family_named(value)
        except UnknownTypeError as error:
            raise typer.BadParameter(str(error)) from error
    return value


FamilyArgument = Annotated[
    str, typer.Argument(metavar="FAMILY", callback=_family, help="The family; `strangler types list` names them all.")
]
OptionalFamilyArgument = Annotated[
    str | None, typer.Argument(metavar="[FAMILY]", callback=_family, help="Only this family.", show_default=False)
]
OperatorOption = Annotated[
    str | None,
    typer.Option(
        "--operator", metavar="WHO", help="Who does it, for the audit chain; kept beside the ARN of your credentials."
    ),
]
MonolithOption = Annotated[
    str | None,
    typer.Option(
        "--monolith",
        envvar="STRANGLER_MONOLITH_STATE",
        metavar="COMMAND",
        help="Program that writes the monolith's rows; {family} stands for the family.",
        show_default=False,
    ),
]
PreflightTimeoutOption = Annotated[
    float,
    typer.Option("--patience", min=0, metavar="S", help="How long what is under way may take to come to its end."),
]
ConfirmTimeoutOption = Annotated[
    float, typer.Option(min=1, metavar="S", help="How long routers may take to confirm the fence.")
]
QuiesceTimeoutOption = Annotated[
    float,
    typer.Option(
        min=1, metavar="S", help="How long what was stamped before may take to be final; likewise to catch up."
    ),
]
ReleaseTimeoutOption = Annotated[
    float, typer.Option(min=1, metavar="S", help="How long routers may take to release what was held.")
]
