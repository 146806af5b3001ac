"""Real Apache Kafka and Elasticsearch on this machine, fetched by Maven: for trials and tests.

Each server is a class with one small surface (`process.Server`), to be started, stopped, killed and
paused. `newswire run --engine real` starts both; the tests start them too.
"""
