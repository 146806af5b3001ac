"""Topics that a model infers of stories without codes, and how it is trained."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from config.settings import Enrichment, Settings
from pipeline.enrich import unenriched
from pipeline.enrich.topics import inferred
from pipeline.enrich.topics.codes import TOP
from pipeline.enrich.topics.features import features, text_features
from pipeline.enrich.topics.inferred import LEAST_CONFIDENCE, TopicModel, load, save, topics_of
from pipeline.enrich.topics.training import (
    Answer,
    Example,
    Quality,
    lists_of,
    quality,
    tables,
    train,
)
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Status, Story, Subject
from tests.evaluation.topics import stories
from tests.evaluation.topics.starter import TARGET, starter

SPORT, WEATHER, RELIGION = "15000000", "17000000", "12000000"
WORDS = {
    SPORT: ("striker", "goal", "keeper", "referee", "halftime", "corner", "league", "coach"),
    WEATHER: ("rain", "fog", "drizzle", "gale", "frost", "sleet", "thunder", "breeze"),
}
COMMON = ("the", "was", "in", "and", "said", "on", "for", "with", "after", "at", "two", "people")
MATCH = Story(id="m", headline="Late goal", body="The striker and the coach praised the referee.")


def made(count: int = 40) -> list[Example]:
    """Stories of two topics in turn, each with six words of its topic between common ones."""
    draw = random.Random(1)
    found = []
    for number in range(count):
        topic = (SPORT, WEATHER)[number % 2]
        words = draw.sample(WORDS[topic], 6) + draw.sample(COMMON, 8)
        draw.shuffle(words)
        found.append(Example(f"s{number:03}", text_features(" ".join(words)), frozenset({topic})))
    return found


@pytest.fixture(scope="module")
def model() -> TopicModel:
    return train(made())[0]


def test_a_model_learns_from_stories_with_topics(model: TopicModel) -> None:
    """And gives a story that it has not seen its topic, with its confidence."""
    [topic] = topics_of(MATCH, model)
    assert (topic.code, topic.name, topic.level, topic.relation) == (SPORT, "sport", 1, "inferred")
    assert LEAST_CONFIDENCE <= topic.confidence <= 1


def test_equal_stories_give_an_equal_model(model: TopicModel) -> None:
    """In whatever order they come."""
    again = train(reversed(made()))[0]
    assert msgspec.json.encode(again) == msgspec.json.encode(model)
    assert train(made(38))[0].version != model.version


def test_what_was_sent_is_never_overruled(model: TopicModel) -> None:
    """A story with a code keeps it, whatever its words say, and gets nothing beside it."""
    sent = msgspec.structs.replace(MATCH, subjects=(Subject(code=RELIGION, scheme="medtop"),))
    assert [(t.code, t.relation, t.confidence) for t in topics_of(sent, model)] == [
        (RELIGION, "sent", None)
    ]


@pytest.mark.parametrize(
    "body",
    ["", "The and said two people.", "Zorvex plimt quandle hesk brovin.", "東京で会議が開かれた。"],
)
def test_a_story_that_says_nothing_gets_no_topic(model: TopicModel, body: str) -> None:
    """No text, common words, unknown words: the model is silent."""
    assert topics_of(Story(id="s", body=body), model) == ()


def test_a_withdrawn_story_gets_no_topic(model: TopicModel) -> None:
    """Whatever text it still carries."""
    killed = msgspec.structs.replace(MATCH, status=Status.WITHDRAWN)
    assert topics_of(killed, model) == ()


def test_the_dateline_says_nothing() -> None:
    """Where a story was filed, and by whom, is not what it is about."""
    found = features(Story(id="s", body="NORWICH, England (AP) — Rain fell on it."))
    assert set(found) == {"rain", "fell", "on", "it"}


def test_features_are_words_beginnings_and_names() -> None:
    """Case, diacritics and a plural's s are gone; two capitalised words that touch are a name."""
    assert set(text_features("Élection goals of Anna Berg, Oslo")) == {
        "election", "electi*", "goal", "of", "anna", "berg", "anna berg", "oslo",
    }  # fmt: skip


def test_too_few_stories_are_named() -> None:
    """Two topics need some stories each."""
    with pytest.raises(SetupError, match="two topics must have 3 stories"):
        train(made(4))


def test_a_model_takes_over_what_another_knows(model: TopicModel) -> None:
    """So that few stories of other topics are enough, and topics without a story are known."""
    prayers = [
        Example(f"p{n}", text_features(f"bishop {word} prayer sermon"), frozenset({RELIGION}))
        for n, word in enumerate(COMMON)
    ]
    both = train([*prayers, *lists_of(model)])[0]
    assert [each.code for each in topics_of(MATCH, both)] == [SPORT]
    assert both.stories == len(prayers)


def test_held_out_stories_were_not_learned_from() -> None:
    """A word that only one story has can't help to answer it; the tables count every story once."""
    found = train([*made(), Example("odd", {"unheard": 1.0}, frozenset({SPORT}))])[1]
    assert len(found.answers) == 41
    assert found.silent >= 1
    assert found.micro.f1 > 0.9


def test_quality_counts_answers() -> None:
    """Micro over all answers, macro over the topics that the stories have."""
    found = Quality(
        (
            Answer(frozenset({SPORT}), ((SPORT, 0.95),)),
            Answer(frozenset({SPORT, WEATHER}), ((SPORT, 0.91), (RELIGION, 0.55))),
            Answer(frozenset({WEATHER}), ()),
        )
    )
    assert (found.micro.right, found.micro.said, found.micro.meant) == (2, 3, 4)
    assert found.macro_f1 == 0.5
    assert found.silent == 1
    assert found.reliability() == [(0.5, 1, 0.55, 0.0), (0.9, 2, pytest.approx(0.93), 1.0)]
    assert "| weather | 2 | 0.000 | 0.000 | 0.000 |" in tables(found)


def test_a_saved_model_is_read_as_it_was(model: TopicModel, tmp_path: Path) -> None:
    """And nothing is left beside it."""
    path = tmp_path / "new" / "topics.json"
    save(model, path)
    assert load(path) == model
    assert [each.name for each in path.parent.iterdir()] == ["topics.json"]


def test_a_failed_write_leaves_the_file_before(
    model: TopicModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model in force stays whole."""
    path = tmp_path / "topics.json"
    save(model, path)

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SetupError, match="can't be written: No space left"):
        save(train(made(38))[0], path)
    assert load(path) == model


def test_a_damaged_file_is_one_sentence(model: TopicModel, tmp_path: Path) -> None:
    """Cut off, changed by a byte, of another kind, or missing."""
    path = tmp_path / "topics.json"
    save(model, path)
    raw = path.read_bytes()
    changed = raw.replace(b'"stories":40', b'"stories":41')
    short = msgspec.structs.replace(model, bias=(0.0,))
    other = msgspec.json.encode(inferred.digested(short))
    for bad in (raw[:-40], changed, b"[]", b"\xff\x00", b"", other):
        path.write_bytes(bad)
        with pytest.raises(SetupError, match=r"topics\.json is (no topics model|damaged)"):
            load(path)
    path.unlink()
    with pytest.raises(SetupError, match="can't be read: No such file"):
        load(path)


def test_the_settings_name_the_model(model: TopicModel, tmp_path: Path) -> None:
    """And provenance says which one it was."""
    path = tmp_path / "topics.json"
    save(model, path)
    named = Settings(enrichment=Enrichment(model="none", topics_file=path))
    [own] = unenriched.load(named).enrich([MATCH])
    assert own.provenance.topics == f"trained {model.digest}"
    [shipped] = unenriched.load(Settings()).enrich([MATCH])
    assert shipped.provenance.topics == load().version
    assert shipped.topics[0].code == SPORT


def test_the_shipped_model_is_what_its_texts_make() -> None:
    """Its file is made by the command that docs/topics.md names, from the texts beside it."""
    made_now, _ = starter()
    shipped = load()
    assert TARGET.is_file()
    assert made_now.words.keys() == shipped.words.keys()
    assert shipped.topics == tuple(TOP)
    assert made_now.stories == shipped.stories


def test_the_shipped_model_is_as_good_as_the_docs_say() -> None:
    """On stories that it has not learned from."""
    found = quality(load(), stories("held.txt"))
    docs = (Path(__file__).parents[4] / "docs" / "topics.md").read_text(encoding="utf-8")
    assert f"micro F1 {found.micro.f1:.3f}, macro F1 {found.macro_f1:.3f}" in docs
