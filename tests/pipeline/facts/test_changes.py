"""What changed between two versions, in facts."""

from typing import Any

from pipeline.facts.changes import FactChange, Kind, changed, changes


def version(body: str = "", **fields: Any) -> dict[str, Any]:
    return {"body": body, **fields}


def entity(name: str, label: str = "PERSON") -> dict[str, str]:
    return {"id": f"{label}:{name.lower()}", "label": label, "text": name}


def place(number: int, name: str, admin1: str) -> dict[str, Any]:
    return {"geonames_id": number, "name": name, "admin1": admin1}


def test_a_figure_of_the_same_kind_changes() -> None:
    """12 dead becomes 15 dead; what is the same in both versions is no change."""
    old = version("12 people died and 3 were hurt.")
    new = version("15 people were killed and 3 were hurt.")
    assert changes(old, new) == (FactChange(kind=Kind.FIGURES, before="12 dead", after="15 dead"),)


def test_a_figure_comes_or_goes() -> None:
    """What only one version tells has one side."""
    old, new = version("It burned 300 homes."), version("She has $2 million.")
    assert changes(old, new) == (
        FactChange(kind=Kind.FIGURES, before="300 homes"),
        FactChange(kind=Kind.FIGURES, after="2,000,000 USD"),
    )


def test_other_words_for_the_same_facts_are_no_change() -> None:
    """Numbers in words, other forms of a time and a date's year change nothing."""
    old = version("Twelve people died on 3 March at 9 a.m., police said.")
    new = version("Police said 12 were killed at 09:00 on March 3, 2026.")
    assert changes(old, new) == ()


def test_the_dead_are_not_the_injured() -> None:
    """A number that stays while what it counts is corrected is a change."""
    assert changed(version("40 people were injured."), version("40 people were killed.")) == [
        "figures"
    ]


def test_a_weekday_changes() -> None:
    """Tuesday becomes Wednesday."""
    found = changes(version("It opens on Tuesday."), version("It opens on Wednesday."))
    assert found == (FactChange(kind=Kind.DATES, before="Tuesday", after="Wednesday"),)


def test_a_name_is_spelt_in_another_way() -> None:
    """One that went and one that came are one change if they are nearly alike."""
    old = version(entities=[entity("Jon Smyth"), entity("Acme", "ORG")])
    new = version(entities=[entity("John Smyth"), entity("Acme", "ORG"), entity("Ann Lee")])
    assert changes(old, new) == (
        FactChange(kind=Kind.NAMES, before="Jon Smyth", after="John Smyth"),
        FactChange(kind=Kind.NAMES, after="Ann Lee"),
    )


def test_a_longer_form_of_a_name_is_no_change() -> None:
    """Smyth is John Smyth."""
    old, new = version(entities=[entity("Smyth")]), version(entities=[entity("John Smyth")])
    assert changes(old, new) == ()


def test_a_place_becomes_its_namesake() -> None:
    """A town of the same name in another state is a change, another town is two."""
    old = version(places=[place(1, "Springfield", "Ohio")])
    new = version(places=[place(2, "Springfield", "Illinois")])
    (change,) = changes(old, new)
    assert (change.before, change.after) == ("Springfield, Ohio", "Springfield, Illinois")
    assert len(changes(old, version(places=[place(3, "Dayton", "Ohio")]))) == 2


def test_a_quote_is_worded_in_another_way() -> None:
    """A quote that is nearly the same has changed; a new one came."""
    old = version("“We will never give up this town,” she said.")
    new = version("“We will not give up this town,” she said. “It is all that we have.”")
    assert changes(old, new) == (
        FactChange(
            kind=Kind.QUOTES,
            before="We will never give up this town",
            after="We will not give up this town",
        ),
        FactChange(kind=Kind.QUOTES, after="It is all that we have"),
    )


def test_kinds_are_named_once() -> None:
    """The field of a document has each kind once."""
    old, new = version("12 died, 3 homes burned."), version("15 died, 4 homes burned on Monday.")
    assert changed(old, new) == ["figures", "dates"]
