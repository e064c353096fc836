"""The operator's tool: the command `strangler`, what it reads, judges by and renders. Nothing imports this package."""
