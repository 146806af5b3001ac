"""Places of a story from its resolved toponyms: grouped, with confidence, reason and focus."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.enrich.geo.gazetteer import Entry, Gazetteer
from pipeline.enrich.geo.resolve import Resolved
from pipeline.enrich.geo.toponyms import weights
from pipeline.enrich.geo.verdict import Verdict
from pipeline.enrich.mentions import Field
from pipeline.wire.enriched import Mention, Place, Role

LEAST = 0.5
"""Mentions of less confidence are left out: more of them are wrong than right."""
_BECAUSE = {
    "in container": "the text says what it lies in",
    "type agrees": "the text says what kind of place it is",
    "home": "it is in the feed's home region",
    "near": "other places of the story are close by",
    "division share": "other places of the story are in {division}",
    "country share": "other places of the story are in {country}",
    "prominence": "the most prominent place of that name",
    "capital": "a capital of that name",
    "country": "a country of that name",
}


def places(
    resolved: Sequence[Resolved],
    dateline_end: int,
    gazetteer: Gazetteer,
    verdicts: Mapping[Field, Verdict],
) -> tuple[Place, ...]:
    """Returns one Place for each gazetteer entry and role, in the order of their first mention.

    Args:
        resolved: the places of the toponyms.
        dateline_end: where the dateline ends that the body itself begins with; 0 without one.
        gazetteer: names their countries and divisions.
        verdicts: what the record's entities say, by field.
    """
    grouped: dict[tuple[int, Role], list[tuple[Resolved, float]]] = defaultdict(list)
    for r in resolved:
        role = role_of(r, dateline_end)
        confidence = confidence_of(standing(r, role, verdicts))
        vague = r.entry.feature == "ADM2" and r.probability < LEAST  # one of many Wayne Counties
        if (confidence >= LEAST and not vague) or role != "mentioned":
            grouped[r.entry.row, role].append((r, confidence))
    return tuple(
        _place(gazetteer.entry(row), role, found, gazetteer)
        for (row, role), found in grouped.items()
    )


def role_of(resolved: Resolved, dateline_end: int) -> Role:
    """Returns in which role a story names a place."""
    toponym = resolved.toponym
    if toponym.field == "provider":
        return "provider"
    if toponym.field == "dateline" or (
        toponym.field == "body" and toponym.candidate.end <= dateline_end
    ):
        return "dateline"
    return "demonym" if resolved.sense.kind == "demonym" else "mentioned"


def _place(
    entry: Entry, role: Role, given: Sequence[tuple[Resolved, float]], gazetteer: Gazetteer
) -> Place:
    country = gazetteer.country(entry.country)
    found = [r for r, _ in given]
    confidence = sum(c for _, c in given) / len(given)
    return Place(
        geonames_id=entry.id,
        name=entry.name,
        mentions=tuple(
            Mention(
                start=r.toponym.candidate.start,
                end=r.toponym.candidate.end,
                field=r.toponym.field,  # type: ignore[arg-type]
            )
            for r in found
            if r.toponym.field != "provider"
        ),
        latitude=entry.latitude,
        longitude=entry.longitude,
        country=country.name if country else None,
        country_code=entry.country,
        admin1=gazetteer.admin1_name(entry),
        feature=entry.feature,
        population=entry.population or None,
        role=role,
        confidence=round(confidence, 3),
        reason=_reason(entry, role, found, gazetteer),
    )


def standing(resolved: Resolved, role: Role, verdicts: Mapping[Field, Verdict]) -> dict[str, float]:
    """Returns the features that the confidence of a mention is made of."""
    candidate = resolved.toponym.candidate
    features = {
        "bias": 1.0,
        "recognition": log_odds(candidate.probability),
        "resolution": log_odds(resolved.probability),
    }
    if role in ("provider", "dateline"):
        return {**features, role: 1.0}
    verdict = verdicts.get(resolved.toponym.field)  # type: ignore[call-overload]
    if verdict is not None:
        features[verdict.of(candidate)] = 1.0
    if candidate.cues in (("entity",), ("repeated",)):
        features[candidate.cues[0]] = 1.0
    return features


def confidence_of(features: Mapping[str, float]) -> float:
    """Returns the probability that the span is a toponym and means this place.

    Fitted on the development half, on what is found there, wrong mentions included: a logistic
    function of the log odds of both models and of what the record calls the span, so that of the
    places with 0.8 eight in ten are right.
    """
    table = weights("confidence")
    z = sum(table.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-z))


def log_odds(p: float) -> float:
    """Returns the log odds of a probability, limited so that 0 and 1 stay finite."""
    p = min(max(p, 1e-3), 1 - 1e-3)
    return math.log(p / (1 - p))


def _reason(entry: Entry, role: Role, found: Sequence[Resolved], gazetteer: Gazetteer) -> str:
    """Returns the reason for this place and against its namesakes, in words."""
    first = found[0]
    country = gazetteer.country(entry.country)
    names = {
        "country": country.name if country else "that country",
        "division": gazetteer.admin1_name(entry) or entry.name,
    }
    parts = []
    if role == "provider":
        parts.append("named in the provider's metadata")
    elif role == "demonym":
        parts.append("its people or adjective")
    if first.because is None:
        parts.append("the only place of that name")
    else:
        why = _BECAUSE.get(first.because, "the likeliest place of that name").format(**names)
        others = "1 other bears" if first.rivals == 1 else f"{first.rivals} others bear"
        parts.append(f"{why} ({others} the name)")
    if any("government" in _sense(r) for r in found):
        parts.append("stands for a government")
    offset = next((r.toponym.offset for r in found if r.toponym.offset), None)
    if offset is not None:
        parts.append(f"the text means a spot: {offset} it")
    return "; ".join(parts)


def _sense(resolved: Resolved) -> str:
    """Returns "government" where a capital or country acts, "Washington vowed"; else "place"."""
    candidate = resolved.toponym.candidate
    speaks = any(cue.startswith("speaks|") for cue in candidate.cues)
    seat = resolved.entry.feature in ("PPLC", "PCLI")
    return "government" if speaks and seat else "place"


def focus(found: Sequence[Place]) -> tuple[tuple[int, ...], str | None]:
    """Returns the GeoNames ids of the one to three places that a story is about, and its country.

    Mentions count by confidence, those of the headline twice; a place inside another one of
    the story says more than that one, so countries count half where a place in them is named.
    """
    weight: dict[int, float] = defaultdict(float)
    countries: dict[str, float] = defaultdict(float)
    inside = {
        p.country_code for p in found if p.feature and not p.feature.startswith("PCL")
        and p.role != "demonym"
    }  # fmt: skip
    for place in found:
        amount = sum(2.0 if m.field == "headline" else 1.0 for m in place.mentions) or 1.0
        amount *= place.confidence
        if place.country_code:
            countries[place.country_code] += amount
        if place.role != "demonym":
            broad = bool(place.feature and place.feature.startswith("PCL"))
            weight[place.geonames_id] += amount / (
                2.0 if broad and place.country_code in inside else 1.0
            )
    ranked = sorted(weight.items(), key=lambda item: (-item[1], item[0]))
    chosen = tuple(id_ for id_, w in ranked[:3] if w >= 0.4 * ranked[0][1])
    return chosen, max(sorted(countries), key=lambda c: countries[c], default=None)
