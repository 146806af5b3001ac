"""What a text states that can be checked: figures, dates, quotes, and what changed.

Pure: no Kafka, no index, no model. Names and places come with the enriched story.
docs/facts.md describes it.
"""
