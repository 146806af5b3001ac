"""Settings, feeds and logging. Imports neither `connectors` nor `pipeline`."""
