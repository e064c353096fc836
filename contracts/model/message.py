"""What all models share: frozen, never quoting their input, and PHP's casts where PHP casts."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from contracts.php.compare import empty
from contracts.php.number import is_numeric, to_int, to_text


class Model(BaseModel):
    """Frozen; an error names places and kinds, never values, for those may be personal.

    Its validator is made when the first message asks for it: a function sees the types of one family only.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore", strict=True, defer_build=True)


def _first(value: object) -> object:
    if isinstance(value, list):
        return value[:1]
    return [value[0]] if isinstance(value, dict) and 0 in value else value


def _told(value: object) -> object:
    return None if empty(value) else value


def _text(value: object) -> object:
    if isinstance(value, bool | int | float | str):
        return to_text(value)
    raise ValueError("expected a scalar")


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("expected a text")
    return value


def _numeric(value: object) -> object:
    if not is_numeric(value):
        raise ValueError("expected a number or a numeric text")
    return value


def _integer(value: object) -> object:
    if not is_numeric(value) or not isinstance(value, int | float | str):
        raise ValueError("expected a number")
    return to_int(value)


Text = Annotated[str, BeforeValidator(_text)]
"""A scalar as PHP's `(string)` writes it."""
FilledText = Annotated[str, BeforeValidator(_text), AfterValidator(_not_empty)]
Numeric = Annotated[int | float | str, BeforeValidator(_numeric)]
"""A number, or a text that PHP's `is_numeric` takes for one; kept as it came."""
Integer = Annotated[int, BeforeValidator(_integer)]
"""`(int)` of what `is_numeric` takes."""
LocalTime = Annotated[Text | None, BeforeValidator(_told)]
"""A local time as text; none where PHP's `empty` finds nothing: null, "", "0", 0, false, an empty list."""
EmptyList = Annotated[list[Any], Field(max_length=0)]
"""What an empty array or object has become: no scalar, and yet as good as none where PHP asks `empty`."""
Scalar = bool | int | float | str
_Item = TypeVar("_Item")
First = Annotated[list[_Item], BeforeValidator(_first), Field(min_length=1)]
"""The item at `[0]`, which is all that the monolith looks at: what else is in there may be anything."""


class OpenRecord(Model):
    """A record whose unknown fields matter too."""

    raw: dict[int | str, Any]
    """All fields as they came, in their order."""

    @model_validator(mode="before")
    @classmethod
    def _keep(cls, value: Any, _info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            raise ValueError("expected an object")  # noqa: TRY004  pydantic reports ValueError, not TypeError
        return {**{str(key): item for key, item in value.items()}, "raw": value}


class Notification(Model):
    """The envelope of a Treezor webhook (docs.treezor.com/guide/webhooks)."""

    webhook: FilledText
    webhook_id: FilledText | None = None
    """Identity of most types; some families are identified by AMQP instead."""
    webhook_created_at: Integer
    """1e-4 s since 1970."""
    object_id: FilledText

    @property
    def type(self) -> str:
        """The event's name; its casing varies."""
        return self.webhook.lower()
