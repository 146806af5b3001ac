"""One feed: read deliveries, archive, publish, acknowledge."""
