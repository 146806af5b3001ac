"""The command line: the one place that knows connectors, pipeline and config together."""
