"""What a function prints: log lines and metrics, read back."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from workers.observability import logger, metrics


@dataclass
class Printed:
    """What a function has printed so far."""

    log: io.StringIO
    capsys: pytest.CaptureFixture[str]
    _metrics: str = ""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log lines."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def metrics(self) -> Counter[str]:
        """Sums of its metrics, in CloudWatch's embedded metric format."""
        self._metrics += self.capsys.readouterr().out
        sums: Counter[str] = Counter()
        for line in self._metrics.splitlines():
            document = json.loads(line)
            (directive,) = document["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "strangler"
            for metric in directive["Metrics"]:
                sums[metric["Name"]] += int(sum(document[metric["Name"]]))
        return sums

    @property
    def text(self) -> str:
        """All of it."""
        _ = self.metrics
        return self.log.getvalue() + self._metrics + self.capsys.readouterr().err


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Printed]:
    """The function's output; its metrics have the namespace that the deployment gives them."""
    log = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", log)
    monkeypatch.setattr(metrics.provider, "namespace", "strangler")
    monkeypatch.setattr(metrics.provider, "service", "payin")
    metrics.clear_metrics()
    yield Printed(log, capsys)
    metrics.clear_metrics()
