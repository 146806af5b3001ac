"""What the declarations of the agents lead to."""

from typing import Any, cast

from prometheus_client import generate_latest

from pipeline.stream.agents import AGENTS, counters, no_counts
from pipeline.stream.metrics import WorkerMetrics
from pipeline.stream.progress import Progress
from pipeline.wire.topics import Topics


class Pool:
    """NLP processes that have done nothing."""

    restarts = 0
    waiting = 0


def test_the_topics_of_the_agents_are_those_whose_lag_is_shown() -> None:
    """An agent on a topic that `status` does not know would fall behind unseen."""
    topics = Topics("t")
    assert sorted(agent.topic(topics) for agent in AGENTS) == sorted(topics.taken)
    assert len({agent.name for agent in AGENTS}) == len(AGENTS)


def test_every_counter_is_a_metric_with_its_help() -> None:
    """What a step counts is seen, under the name and the text that it declares."""
    counts = no_counts()
    for number, name in enumerate(counts):
        counts[name] = number
    metrics = WorkerMetrics(
        counts, cast(Any, Pool()), Progress(1), lambda: 0.0, lambda: 0, lambda: 3
    )
    shown = generate_latest(metrics.registry).decode()
    assert "newswire_held_stories 3.0" in shown
    for number, (name, text) in enumerate(counters().items()):
        assert f"# HELP newswire_{name}_total {text}" in shown
        assert f"newswire_{name}_total {float(number)}" in shown
