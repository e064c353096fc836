"""Samples of invented types, as a corpus would hold them."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import pytest

from ops.corpus import Recorded
from ops.scaffold.design import Design, naming
from ops.scaffold.effect import Effects
from ops.scaffold.infer import Told, infer
from ops.scaffold.sample import Sample, take_sample

Infer = Callable[..., Design]


def recorded(bodies: Iterable[bytes], type_name: str, **facts: Any) -> Iterable[Recorded]:
    for position, body in enumerate(bodies):
        line = {
            "id": f"m{position}",
            "type": type_name,
            "exchange": "billing",
            "routing_key": type_name,
            "body_base64": base64.b64encode(body).decode(),
            "properties": {"message_id": f"m{position}"},
            "headers": {},
            **facts,
        }
        yield Recorded(position, orjson.dumps(line))


@pytest.fixture
def infer_type() -> Infer:
    def design(
        bodies: Iterable[bytes],
        type_name: str = "invoice.create",
        told: Told | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> Design:
        sample: Sample = take_sample(
            recorded(bodies, type_name, headers=headers or {}), type_name, first=1000, spread=1000
        )
        return infer(naming(type_name, None), sample, Effects(), told or Told(), pseudonymised=False)

    return design
