"""The handler's module, as text: it reads nothing and decides nothing, and says what is to be done."""

from collections.abc import Iterator, Sequence

from ops.scaffold.design import Design
from ops.scaffold.effect import EffectSeen
from ops.scaffold.source import docstring, imports
from ops.wording import number

_FIELDS_SHOWN = 40


def handler_text(design: Design, titles: Sequence[str]) -> str:
    """The module `workers/logic/NAME.py`. Args: titles: of sections of docs/porting.md that it needs."""
    model = design.naming.class_name
    text = docstring(
        f"{design.naming.type}: not ported yet. It reads no rows and decides nothing: all is seen to be missing.",
        _paragraphs(design, titles),
    )
    ours = imports(
        [
            (f"contracts.model.{design.naming.module}", [model]),
            ("workers.logic.decision", ["Context", "Decision", "Row", "RowKey"]),
            ("workers.logic.handler", ["Handler"]),
        ]
    )
    return f"""{text}

from collections.abc import Mapping

{ours}


def _reads(_message: {model}) -> tuple[RowKey, ...]:
    return ()


def _decide(
    _message: {model},
    _rows: Mapping[RowKey, Row],
    _context: Context,
) -> Decision:
    return Decision(())


HANDLER = Handler(_reads, _decide)
"""


def _paragraphs(design: Design, titles: Sequence[str]) -> Iterator[str]:
    effects = design.effects
    if design.told_effects:
        told = "\n".join(_effect(one) for one in design.told_effects)
        yield f"What the monolith made of {number(effects.asked)} messages, and this has to make:\n{told}"
    else:
        yield "Nobody was asked what the monolith makes of its messages: `strangler compare run` shows what is missing."
    if refused := effects.endings["rejected"]:
        yield f"It refused {number(refused)} of them: raise RejectedMessageError where it does."
    if titles:
        listed = "\n".join(f"- {title}" for title in titles)
        yield f"What its values may meet, in docs/porting.md:\n{listed}"


def _effect(one: EffectSeen) -> str:
    fields = list(_paths(one))
    more = f", and {len(fields) - _FIELDS_SHOWN} more" if len(fields) > _FIELDS_SHOWN else ""
    return f"- {one.path}, in {number(one.messages)}: {', '.join(fields[:_FIELDS_SHOWN])}{more}"


def _paths(one: EffectSeen) -> Iterator[str]:
    """Columns of a row; fields of a message's body, else of the whole."""
    body = one.place.fields.get("body")
    place = one.place if body is None or not body.fields else body
    yield from place.fields
