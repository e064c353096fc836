"""`strangler demo`: the main job on one machine, with real RabbitMQ, real PHP and the embedded AWS."""
