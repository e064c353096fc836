"""Side-by-side comparison away from production: recorded messages, both sides, one judge."""
