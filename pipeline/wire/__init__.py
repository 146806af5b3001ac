"""What a story is, and what every process agrees on: records, versions, topics, errors."""
