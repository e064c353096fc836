"""Unit tests share two slow cores with everything else: no deadlines, and few examples each."""

from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=50)
settings.load_profile("unit")
