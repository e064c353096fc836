"""The commands: each gathers, decides its exit code, and hands what it found to whoever renders it."""
