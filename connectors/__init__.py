"""Outside world to Kafka: sources say where bytes come from, formats what they mean."""
