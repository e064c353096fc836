"""What a bridge finds on both ends: the names that `tests.fixtures_bridge` makes."""

STACK = "s"
