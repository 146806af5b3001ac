"""Entities against our own annotated stories, beside the plain model on the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.mentions import trim
from pipeline.enrich.names.aliases import Aliases
from pipeline.wire.labels import Label
from pipeline.wire.story import Story
from tests.evaluation.entities.annotation import Annotated, Span, stories
from tests.evaluation.entities.scores import Scores, score

System = Callable[[Story], Sequence[Span]]


def report(enricher: Enricher) -> str:
    """The section "Entities" of docs/quality.md."""
    everything = list(stories())
    tuned = [a for a in everything if not a.held_out]
    held_out = [a for a in everything if a.held_out]
    plain = Plain(enricher)
    bare = Enricher(enricher.gazetteer, aliases=Aliases({}, "none"))
    systems: dict[str, System] = {
        "plain en_core_web_sm, as it is": plain.spans,
        "the same, articles and possessives cut off": plain.trimmed,
        "newswire without its alias table": lambda story: found(bare, story),
        "newswire": lambda story: found(enricher, story),
    }
    lines = [
        "## Entities",
        "",
        f"On {len(everything)} stories of our own in wire style"
        f" ({sum(len(a.spans) for a in everything):,} mentions of"
        f" {sum(len({s.group for s in a.spans}) for a in everything):,} things,"
        " `tests/evaluation/entities/`, guideline beside them). Span: F1 of exact spans. Type: F1"
        " of exact spans with the right label. Grouping: B-cubed F1 over all mentions, so that a"
        " missed or invented name counts too. The plain model groups by equal strings. The"
        f" rules were made looking at {len(tuned)} of the stories; the other {len(held_out)} were"
        " written by the same hand, and only scored.",
        "",
        "| | span | type | grouping | span, held out | type, held out | grouping, held out |",
        "|---|---|---|---|---|---|---|",
    ]
    measured: dict[str, tuple[Scores, Scores]] = {}
    for name, system in systems.items():
        measured[name] = run(system, tuned), run(system, held_out)
        figures = [f for scores in measured[name] for f in _f1s(scores)]
        lines.append(f"| {name} | " + " | ".join(f"{f:.3f}" for f in figures) + " |")
    first, last = measured[next(iter(systems))], measured["newswire"]
    left = [
        (1 - ours) / (1 - theirs)
        for theirs, ours in zip(
            [f for s in first for f in _f1s(s)], [f for s in last for f in _f1s(s)], strict=True
        )
    ]
    lines.append(
        "| errors left of the plain model's | " + " | ".join(f"{e:.0%}" for e in left) + " |"
    )
    lines += ["", *_by_label(everything, systems), "", *_agreement(everything), ""]
    return "\n".join(lines)


def run(system: System, annotated: Iterable[Annotated]) -> Scores:
    """The scores of a system on some stories."""
    return score((a.spans, system(a.story)) for a in annotated)


def found(enricher: Enricher, story: Story) -> list[Span]:
    """What an enricher finds in a story."""
    [enriched] = enricher.enrich([story])
    return [
        Span(m.field, m.start, m.end, entity.label, entity.id)
        for entity in enriched.entities
        for m in entity.mentions
    ]


class Plain:
    """The enricher's own model, and nothing else."""

    def __init__(self, enricher: Enricher) -> None:
        self._nlp = enricher.model("en")

    def spans(self, story: Story) -> list[Span]:
        """The model's spans of labels that name something, grouped by equal strings."""
        result = []
        for field, text in _texts(story):
            for entity in self._nlp(text).ents:
                if entity.label_ in list(Label):
                    result.append(
                        Span(field, entity.start_char, entity.end_char, entity.label_, entity.text)
                    )
        return result

    def trimmed(self, story: Story) -> list[Span]:
        """The same without articles and possessives, which our guideline leaves out."""
        texts = dict(_texts(story))
        result = []
        for span in self.spans(story):
            start, end = trim(texts[span.field], span.start, span.end)
            text = texts[span.field][start:end]
            result.append(Span(span.field, start, end, span.label, text))
        return result


def _texts(story: Story) -> list[tuple[str, str]]:
    place = story.dateline.place if story.dateline else None
    texts = [("headline", story.headline), ("dateline", place), ("body", story.body)]
    return [(field, text) for field, text in texts if text]


def _f1s(scores: Scores) -> tuple[float, float, float]:
    return scores.span.f1, scores.type.f1, scores.grouping.f1


def _by_label(annotated: Sequence[Annotated], systems: dict[str, System]) -> list[str]:
    """Type F1 per label, all stories together."""
    plain, ours = systems["plain en_core_web_sm, as it is"], systems["newswire"]
    pairs = [(a.spans, plain(a.story), ours(a.story)) for a in annotated]
    lines = [
        "Type F1 by label, all stories:",
        "",
        "| label | mentions | plain | newswire |",
        "|---|---|---|---|",
    ]
    for label in sorted(Label):

        def only(spans: Sequence[Span], label: str = label) -> list[Span]:
            return [s for s in spans if s.label == label]

        before = score((only(gold), only(p)) for gold, p, _ in pairs)
        after = score((only(gold), only(o)) for gold, _, o in pairs)
        mentions = sum(len(only(gold)) for gold, _, _ in pairs)
        lines.append(f"| {label} | {mentions} | {before.type.f1:.3f} | {after.type.f1:.3f} |")
    return lines


def _agreement(annotated: Sequence[Annotated]) -> list[str]:
    """How far a second annotation agrees with the first."""
    first = {a.name: a for a in annotated}
    second = list(stories("second"))
    for again in second:
        if again.story != first[again.name].story:
            raise ValueError(f"the second annotation of {again.name} is of another text")
    scores = score((first[a.name].spans, a.spans) for a in second)
    span, typed, grouping = _f1s(scores)
    return [
        f"Second annotation of {len(second)} stories ({scores.span.gold} mentions), by the"
        " guideline from the bare text, but by the same annotator, who also wrote them: it shows"
        f" slips and not where two people would differ: span F1 {span:.3f}, type F1 {typed:.3f},"
        f" B-cubed {grouping:.3f}.",
    ]
