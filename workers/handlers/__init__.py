"""Entry points of the Lambda functions: wiring only."""
