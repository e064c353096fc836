"""DynamoDB and KMS: records, ledger and the sealing of what is personal."""
