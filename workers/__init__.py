"""The new side: Lambda functions that take messages from SQS and write encrypted items and the ledger."""
