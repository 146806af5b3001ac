"""Labels of entities: what each one means for ids, the index, the page and the models.

A label is declared here once. The alias table, the mapping, the document, the page's marks and the
readers of models all take what they need of it from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum


class Label(StrEnum):
    """What an entity is. The names are those of OntoNotes.

    Each member is declared as (name, prefix, kind, field, labels of models that mean the same).
    """

    prefix: str
    """How ids of such entities begin: "person:vladimir-putin"."""
    kind: str
    """What the page calls one."""
    field: str | None
    """The field of the document that lists their names, or None if no field does."""
    elsewhere: tuple[str, ...]
    """What other label sets than OntoNotes call it."""

    def __new__(
        cls, name: str, prefix: str, kind: str, field: str | None = None, elsewhere: str = ""
    ) -> Label:
        """Make a member that is equal to its name."""
        label = str.__new__(cls, name)
        label._value_ = name
        label.prefix, label.kind, label.field = prefix, kind, field
        label.elsewhere = tuple(elsewhere.split())
        return label

    PERSON = "PERSON", "person", "person", "persons", "PER PRS PS persName"
    ORG = "ORG", "org", "organisation", "organisations", "ORGANIZATION OG orgName"
    GPE = "GPE", "gpe", "country or town", None, "GPE_LOC GPE_ORG placeName"
    LOC = "LOC", "loc", "sea, river, range or region", None, "LC geogName"
    FAC = "FAC", "fac", "building or road", None, "FACILITY"
    NORP = "NORP", "norp", "nationality, religion or party", None, "NAT_REL_POL"
    EVENT = "EVENT", "event", "event", "events", "EVN EVT"
    WORK_OF_ART = "WORK_OF_ART", "work", "work of art", None, "WRK"
    LAW = "LAW", "law", "law"
    PRODUCT = "PRODUCT", "product", "product", None, "OBJ PROD"

    @property
    def mark(self) -> str:
        """Return the page's style of a mention: one of its own where the names are listed."""
        return self.kind if self.field else "other"


PLACES = frozenset({Label.GPE, Label.LOC, Label.FAC})
"""Labels of what may be a place on the map."""

UNNAMED: Set[str] = {
    "CARDINAL", "DATE", "DATETIME", "LANGUAGE", "MISC", "MONEY", "MSR", "NUMERIC_VALUE",
    "ORDINAL", "PERCENT", "PERIOD", "PHONE", "QUANTITY", "TIME", "TITLE_AFFIX", "TME", "date",
    "time", "DT", "QT", "TI", "DERIV_PER", "DRV", "MOVEMENT", "PET_NAME",
}  # fmt: skip
"""Labels of models that name nothing which has a label here: times, amounts, adjectives, and MISC,
which says of a name only that it is none of the others."""

_OF_MODELS: Mapping[str, Label] = {
    name: label for label in Label for name in (label.value, *label.elsewhere)
}


def of_model(name: str) -> Label | None:
    """Return the label that a model's label means, or None if it names nothing that has one."""
    return _OF_MODELS.get(name)
