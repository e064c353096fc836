"""Scaffolds a message type that has no contract yet, from a corpus: infers, renders, and writes at the edge."""
