"""Entry points of the Lambda functions: wiring only."""

import gc

# What a function imports it keeps: to look for garbage among that, again and again, was a tenth of a cold start.
gc.set_threshold(20_000, 50, 100)
