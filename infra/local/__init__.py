"""The local stack: an embedded AWS and a private RabbitMQ, as programs of our own on 127.0.0.1."""
