"""Unit tests share two slow cores: no deadlines, few examples each, botocore's models read once."""

from functools import cache

from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

settings.register_profile("unit", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")

# Every test has clients of its own, and each would read megabytes of JSON that never change: a third of all time.
_read_once = cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda _, file_path: _read_once(file_path)  # type: ignore[assignment, method-assign]
