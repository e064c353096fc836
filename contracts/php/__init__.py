"""PHP 8.2's semantics, as far as handlers were written in them: one module for each kind of value."""
