"""The Messaging Bridge: takes the monolith's notifications from RabbitMQ and republishes them to SQS, byte for byte."""
