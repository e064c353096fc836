"""What the monolith's handlers do, in Python: pure functions of a message, the rows it reads, and a context."""
