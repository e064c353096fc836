"""The template, its permissions and names, and the packages; nothing here talks to a server."""
