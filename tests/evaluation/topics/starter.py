"""`python -m tests.evaluation.topics.starter`: train the model of topics that comes with newswire.

It learns from the lists of words and the stories of this folder, which were written for it, and
is written to pipeline/enrich/topics/data/starter.json. The held-out stories are not read.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.enrich import topics
from pipeline.enrich.topics.inferred import TopicModel, save
from pipeline.enrich.topics.training import Quality, tables, train
from tests.evaluation.topics import lists, stories

TARGET = Path(topics.__file__).parent / "data" / "starter.json"


def starter() -> tuple[TopicModel, Quality]:
    """Train the model."""
    return train([*stories("seen.txt"), *lists()], "starter")


if __name__ == "__main__":
    model, found = starter()
    save(model, TARGET)
    print("\n".join([f"{len(model.words)} words, {TARGET.stat().st_size} bytes", *tables(found)]))
