"""From legacy bytes to values: what is in a message body, whoever wrote it."""
