"""Which PHP the monolith runs: what the handlers' answers must be those of."""

from contracts.php.runtime import PhpRuntime

MONOLITH = PhpRuntime(version=(8, 2), timezone="Europe/Paris")
"""Captured by `legacy/runtime.php`; notifications carry local times of its zone."""
