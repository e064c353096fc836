"""Environment of the Lambda functions: read once at cold start, in one place; a wrong one stops the function there.

A model's validator is made when it is asked for: each function reads one of these.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class LedgerSettings(BaseModel):
    """What every function needs. Raises pydantic.ValidationError, which names the variable."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    seal_key_arn: str = Field(alias="SEAL_KEY_ARN", min_length=1)


class ProcessSettings(LedgerSettings):
    """What a family's function needs besides."""

    family: str = Field(alias="STRANGLER_FAMILY", min_length=1)
    records_table: str = Field(alias="RECORDS_TABLE", min_length=1)
    queue_url: str = Field(alias="QUEUE_URL", min_length=1)
    dead_letter_queue_url: str = Field(alias="DEAD_LETTER_QUEUE_URL", min_length=1)
    webhook_secret_arn: str = Field(alias="WEBHOOK_SECRET_ARN", min_length=1)
    control_table: str = Field(alias="CONTROL_TABLE", min_length=1)
    return_queue_url: str = Field(alias="RETURN_QUEUE_URL", min_length=1)
    claim_bucket: str = Field(alias="CLAIM_BUCKET", min_length=1)


class JudgeSettings(LedgerSettings):
    """What the judge needs besides."""

    control_table: str = Field(alias="CONTROL_TABLE", min_length=1)
    probe_one_in: int = Field(alias="PROBE_ONE_IN", ge=1)
    """After the first ones, mutants are made of one agreeing message in so many."""


class OutletSettings(LedgerSettings):
    """What outlet and sweeper need besides."""

    event_bus: str = Field(alias="EVENT_BUS", min_length=1)
    return_queue_url: str = Field(alias="RETURN_QUEUE_URL", min_length=1)
    letters_table: str = Field(alias="LETTERS_TABLE", min_length=1)
    webhook_origin: str = Field(alias="WEBHOOK_ORIGIN", default="", pattern=r"^(https?://[^/?#@\s]+)?$")
    """Scheme, host and port to send webhooks to instead of where the contract says; empty for there."""


class TimekeeperSettings(BaseModel):
    """What the timekeeper needs."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    allowed_lateness_s: int = Field(alias="ALLOWED_LATENESS_S", ge=1)
    """How many seconds after the other a side may tell, unless the type's contract says otherwise."""


class LettersSettings(BaseModel):
    """What the letters function needs."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    letters_table: str = Field(alias="LETTERS_TABLE", min_length=1)
    seal_key_arn: str = Field(alias="SEAL_KEY_ARN", min_length=1)


def ledger_settings(environment: Mapping[str, str]) -> LedgerSettings:
    """Settings of the control function."""
    return LedgerSettings.model_validate(dict(environment))


def judge_settings(environment: Mapping[str, str]) -> JudgeSettings:
    """Settings of the judge."""
    return JudgeSettings.model_validate(dict(environment))


def outlet_settings(environment: Mapping[str, str]) -> OutletSettings:
    """Settings of outlet and sweeper."""
    return OutletSettings.model_validate(dict(environment))


def letters_settings(environment: Mapping[str, str]) -> LettersSettings:
    """Settings of the letters function."""
    return LettersSettings.model_validate(dict(environment))


def timekeeper_settings(environment: Mapping[str, str]) -> TimekeeperSettings:
    """Settings of the timekeeper."""
    return TimekeeperSettings.model_validate(dict(environment))


def process_settings(environment: Mapping[str, str]) -> ProcessSettings:
    """Settings of a family's function."""
    return ProcessSettings.model_validate(dict(environment))
