"""Signals in the wire's own words."""

from __future__ import annotations

import pytest

from connectors.fields.signals import of_headline, of_slug, status_of, strongest, topic
from pipeline.wire.story import Signal, Status


@pytest.mark.parametrize(
    ("slug", "signal", "lead"),
    [
        ("BC-XYZ--Rovers-United, 1st Ld-Writethru", Signal.WRITETHRU, 1),
        ("BC-XYZ--Rovers-United 1stLd-Writethru", Signal.WRITETHRU, 1),
        ("8th Ld", Signal.LEAD, 8),
        ("1ST LEAD", Signal.LEAD, 1),
        ("RIVER/ (UPDATE 1, PIX)", Signal.UPDATE, 1),
        ("RIVER/ (UPDATE 1, PIX, CORRECTED)", Signal.CORRECTION, None),
        ("REFILE", Signal.CORRECTION, None),
        ("BC-XYZ--Storm, 2nd Add", Signal.ADD, 2),
        ("BC-XYZ--Storm, Sub", Signal.SUB, None),
        ("BC-XYZ--Storm, KILL", Signal.KILL, None),
        ("MANDATORY KILL", Signal.KILL, None),
        ("URGENT", Signal.URGENT, None),
    ],
)
def test_of_slug(slug: str, signal: Signal, lead: int | None) -> None:
    """The strongest signal of a slugline and the number that it carries."""
    found = of_slug(slug)
    assert found is not None
    assert (found.signal, found.lead) == (signal, lead)
    assert found.sent in slug


@pytest.mark.parametrize(
    "slug", [None, "", "Sub-Saharan-Africa", "BC-XX--Deer,Kill", "Police-kill-man", "Lead-mine"]
)
def test_a_topic_is_no_signal(slug: str | None) -> None:
    """Words that a story is about are not taken for what it does."""
    assert of_slug(slug) is None


def test_of_headline() -> None:
    """A headline signals only by the capitals that it begins with."""
    corrected = of_headline("CORRECTED-River rises in the south")
    assert corrected is not None
    assert corrected.signal is Signal.CORRECTION
    update = of_headline("UPDATE 3-River rises")
    assert update is not None
    assert (update.signal, update.lead) == (Signal.UPDATE, 3)
    assert of_headline("CORRECTION OFFICERS STRIKE - UNION") is None
    assert of_headline("Police urgent: help wanted") is None


@pytest.mark.parametrize(
    ("headline", "status"),
    [
        ("KILL KILL KILL", Status.WITHDRAWN),
        ("KILL KILL KILL Ferry sinks", Status.WITHDRAWN),
        ("=ANNULLAMENTO= Traghetto", Status.WITHDRAWN),
        ("/KILL/ Ferry", Status.WITHDRAWN),
        ("Achtung Redaktionen: STORNO", Status.WITHDRAWN),
        ("(Achtung, Rückzug) Fähre gesunken", Status.WITHDRAWN),
        ("NOTICE TO EDITORS: STORY KILLED", Status.WITHDRAWN),
        ("Editors: please kill story", Status.WITHDRAWN),
        ("Meldungsrückzug: Fähre", Status.WITHDRAWN),
        ("[전문취소] 여객선", Status.WITHDRAWN),
        ("إلغاء خبر: عبارة", Status.WITHDRAWN),
        ("HOLD HOLD HOLD Ferry sinks", Status.EMBARGOED),
        ("NOT FOR PUBLICATION: Ferry", Status.EMBARGOED),
        ("KILLED: Two crew members named", Status.USABLE),
        ("KILLED - three in ferry accident", Status.USABLE),
        ("Achtung: Rückzug der Truppen - Kommentar", Status.USABLE),
        ("STORY WITHDRAWN-Ferry sinks", Status.WITHDRAWN),
        ("ADVISORY-STORY WITHDRAWN-Ferry sinks", Status.WITHDRAWN),
        ("STORY REMOVED: BC-EU--Ferry", Status.WITHDRAWN),
        ("KILL NOTICE: Ferry", Status.WITHDRAWN),
        ("RETRACTION: Ferry sinks", Status.WITHDRAWN),
        ("ANNULATION - Naufrage", Status.WITHDRAWN),
        ("ANULACIÓN - Naufragio", Status.WITHDRAWN),
        ("ANNULLAMENTO: Traghetto", Status.WITHDRAWN),
        ("STORNO: Fähre", Status.WITHDRAWN),
        ("ACHTUNG RÜCKZUG: Fähre", Status.WITHDRAWN),
        ("*** KILL *** Ferry", Status.WITHDRAWN),
        ("+++ANNULLAMENTO+++ Traghetto torna", Status.WITHDRAWN),
        ("dpa-RÜCKZUG - Fähre", Status.WITHDRAWN),
        ("EILT RÜCKZUG: Fähre", Status.WITHDRAWN),
        ("ATTENTION EDITORS - KILL - Ferry", Status.WITHDRAWN),
        ("TRÆKKES TILBAGE: Færge", Status.WITHDRAWN),
        ("ÅTERTAGEN: Färja", Status.WITHDRAWN),
        ("АННУЛИРОВАНИЕ: паром", Status.WITHDRAWN),
        ("【取り消し】フェリー", Status.WITHDRAWN),
        ("撤稿：渡輪", Status.WITHDRAWN),
        ("取り消しの理由を説明", Status.USABLE),
        ("Editors: a new prize", Status.USABLE),
        ("HOLD HOLD HOLD - Ferry", Status.EMBARGOED),
        ("MANDATORY HOLD: Ferry", Status.EMBARGOED),
        ("Mandatory kill: Ferry sinks", Status.WITHDRAWN),
        ("Story withdrawn - Ferry sinks", Status.WITHDRAWN),
        ("Notice: Kill Bill returns", Status.USABLE),
        ("Withdrawn: the ferry that sank", Status.USABLE),
        ("KILL BILL: VOLUME 3 OPENS", Status.USABLE),
        ("Kill Bill - the third part", Status.USABLE),
        ("Withdrawn ferry returns", Status.USABLE),
        ("Rückzug: Die Truppen gehen", Status.USABLE),
        ("HOLD THE LINE - a band returns", Status.USABLE),
        ("Annulation : le festival n'aura pas lieu", Status.USABLE),
        ("CORRECTED-Killed crew named", Status.USABLE),
    ],
)
def test_words_that_withdraw_or_hold(headline: str, status: Status) -> None:
    """The agencies' words take a story back or hold it; a headline about such words does not."""
    assert status_of(of_headline(headline)) is status


@pytest.mark.parametrize(
    ("slug", "headline", "note", "status"),
    [
        ("FERRY/ (UPDATE 1)", "ADVISORY-STORY WITHDRAWN-Ferry sinks", None, Status.WITHDRAWN),
        ("FERRY/ (UPDATE 1)", "UPDATE 1-Ferry", "KILL. The sinking is false.", Status.WITHDRAWN),
        (None, "Un ferry coule", "ATTENTION - ANNULATION ///", Status.WITHDRAWN),
        (None, "Ferry", "HOLD HOLD HOLD - until checked", Status.EMBARGOED),
        (None, "Ferry", "Editors: Withdrawn ferry is in paragraph 2", Status.USABLE),
        (None, "Ferry", "URGENT - adds quote", Status.USABLE),
    ],
)
def test_whatever_restricts_is_the_strongest(
    slug: str | None, headline: str, note: str | None, status: Status
) -> None:
    """A headline or a note to editors takes a story back, whatever its slug says beside it."""
    assert status_of(strongest(of_slug(slug), headline, (note,))) is status


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("UPDATE 2-Ferry sinks", "Ferry sinks"),
        ("CORRECTED-UPDATE 2-Ferry sinks", "Ferry sinks"),
        ("ADVISORY-STORY WITHDRAWN-Ferry sinks", "Ferry sinks"),
        ("(KILL) Ferry sinks", "Ferry sinks"),
        ("FERRY/ (UPDATE 1, PIX)", "FERRY/"),
        ("Ferry sinks (in bad weather)", "Ferry sinks (in bad weather)"),
        ("STORY WITHDRAWN", "STORY WITHDRAWN"),
        ("Oil - the second week", "Oil - the second week"),
    ],
)
def test_a_topic_is_the_same_in_all_versions(text: str, left: str) -> None:
    """What a version does is no part of what its id is made of."""
    assert topic(text) == left
