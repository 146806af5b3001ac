"""Process 4: saved searches on what was just indexed, to webhooks and a topic."""
