"""How fast bridges from RabbitMQ to SQS are: ours, the fastest rival, and a consumer that does nothing."""
