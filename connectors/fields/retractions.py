"""The words by which agencies take a story back or hold it, in one table.

Each entry is a part of a slugline, a keyword line or a lead line that stands by itself, or the
capitals that a headline begins with. A single word counts in capitals alone, for "rückzug" and
"annulation" are also what stories are about; phrases count in any case. Sources are the agencies'
style books and notices, "general knowledge" where no such source is known.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.wire.story import Signal


class Words(NamedTuple):
    """The words of one language for one instruction."""

    signal: Signal
    """ADVISORY is a hold: the story is not to be shown until it is released."""
    language: str
    source: str
    words: tuple[str, ...] = ()
    """Single words, in capitals."""
    phrases: tuple[str, ...] = ()


_GENERAL = "general knowledge"
TABLE: tuple[Words, ...] = (
    Words(
        Signal.KILL, "en", "AP Stylebook, news kills; dpa style book; AFP Style and Ethics Manual",
        ("KILL",),  # "KILLED: Two soldiers" is news
        ("kill notice", "kill advisory", "kill story", "story kill", "story killed", "news kill",
         "mandatory kill", "bulletin kill", "urgent kill", "photo kill", "please kill",
         "please kill story", "please kill the story", "kill the story", "kill this story"),
    ),
    Words(
        Signal.WITHDRAW, "en", "Reuters Handbook of Journalism, withdrawals; AP Stylebook",
        ("WITHDRAW", "WITHDRAWN", "WITHDRAWAL", "WITHHELD", "RETRACT", "RETRACTED", "RETRACTION"),
        ("story withdrawn", "story is withdrawn", "story withdrawal", "story removed",
         "story retracted", "story retraction", "story pulled", "story deleted", "story cancelled",
         "story canceled", "item withdrawn", "report withdrawn", "article withdrawn",
         "article removed", "article retracted", "notice of withdrawal", "notice of retraction",
         "withdrawal notice", "retraction notice", "mandatory withdrawal", "please disregard",
         "disregard previous", "disregard story"),
    ),
    Words(
        Signal.WITHDRAW, "fr", "AFP, annulations",
        ("ANNULATION", "ANNULÉ", "ANNULÉE", "ANNULE", "RÉTRACTATION"),
        ("dépêche annulée", "dépêche retirée", "avis d'annulation", "annulation de dépêche",
         "veuillez annuler", "veuillez annuler notre dépêche", "annuler notre dépêche"),
    ),
    Words(
        Signal.WITHDRAW, "es", "EFE, anulaciones",
        ("ANULACIÓN", "ANULACION", "ANULADA", "ANULADO", "ANULAR", "ANULA", "RETRACTACIÓN"),
        ("noticia anulada", "noticia retirada", "información anulada", "nota anulada",
         "despacho anulado", "anulación de noticia", "anulacion de noticia",
         "anulación de despacho", "anulacion de despacho"),
    ),
    Words(
        Signal.WITHDRAW, "it", _GENERAL,
        ("ANNULLAMENTO", "ANNULLATA", "ANNULLATO", "ANNULLARE", "ANNULLA"),
        ("notizia annullata", "notizia ritirata", "annullare la notizia"),
    ),
    Words(
        Signal.WITHDRAW, "pt", _GENERAL,
        ("ANULAÇÃO", "ANULADA", "RETRATAÇÃO"),
        ("notícia anulada", "notícia retirada", "notícia cancelada"),
    ),
    Words(
        Signal.WITHDRAW, "de", "dpa and APA, Meldungsrückzüge",
        ("RÜCKZUG", "RUECKZUG", "ZURÜCKGEZOGEN", "ZURUECKGEZOGEN", "STORNO", "STORNIERT",
         "STORNIERUNG", "ANNULLIERT", "ANNULLIERUNG"),
        ("meldungsrückzug", "meldungsrueckzug", "meldung zurückgezogen", "meldung storniert",
         "meldung wird zurückgezogen", "meldung bitte nicht verwenden",
         "bitte meldung nicht verwenden",
         "achtung rückzug", "achtung storno", "achtung annullierung"),
    ),
    Words(
        Signal.WITHDRAW, "nl", _GENERAL,
        ("INTREKKING", "INGETROKKEN", "ANNULERING", "GEANNULEERD"), ("bericht ingetrokken",),
    ),
    Words(
        Signal.WITHDRAW, "da", _GENERAL,
        ("ANNULLERES", "ANNULLERET", "ANNULLERING", "TILBAGETRUKKET", "TILBAGETRÆKKES"),
        ("trækkes tilbage", "historien trækkes tilbage",),
    ),
    Words(
        Signal.WITHDRAW, "no", _GENERAL,
        ("ANNULLERES", "ANNULLERT", "ANNULLERING", "TILBAKETRUKKET", "TREKKES"),
        ("trekkes tilbake", "meldingen trekkes", "saken trekkes"),
    ),
    Words(
        Signal.WITHDRAW, "sv", _GENERAL,
        ("ANNULLERAS", "ANNULLERAD", "ANNULLERING", "TILLBAKADRAGEN", "ÅTERKALLAS", "ÅTERTAGEN",
         "UTGÅR"),
        ("dras tillbaka", "texten utgår"),
    ),
    Words(
        Signal.WITHDRAW, "fi", _GENERAL,
        ("PERUUTETAAN", "PERUUTETTU", "PERUUTUS", "MITÄTÖIDÄÄN"), ("juttu peruttu",),
    ),
    Words(
        Signal.WITHDRAW, "pl", _GENERAL,
        ("ANULOWANA", "ANULOWANE", "ANULOWANO", "ANULOWANIE", "WYCOFANA", "WYCOFANE", "WYCOFANIE"),
        ("depesza anulowana",),
    ),
    Words(Signal.WITHDRAW, "cs", _GENERAL, ("ZRUŠENO", "ZRUŠENA", "STAŽENO")),
    Words(Signal.WITHDRAW, "hu", _GENERAL, ("VISSZAVONVA", "VISSZAVONÁS")),
    Words(
        Signal.WITHDRAW, "ru", _GENERAL,
        ("АННУЛИРОВАНО", "АННУЛИРОВАНИЕ", "АННУЛИРУЕТСЯ", "ОТЗЫВ", "ОТОЗВАНО"),
    ),
    Words(Signal.WITHDRAW, "uk", _GENERAL, ("АНУЛЬОВАНО", "АНУЛЮВАННЯ", "ВІДКЛИКАНО")),
    Words(Signal.WITHDRAW, "bg", _GENERAL, ("АНУЛИРА", "АНУЛИРАНА", "АНУЛИРАНЕ")),
    Words(Signal.WITHDRAW, "sr", _GENERAL, ("ПОНИШТЕНО", "PONIŠTENO", "ANULIRANO")),
    Words(
        Signal.WITHDRAW, "ro", _GENERAL, ("ANULARE", "ANULATĂ"), ("știre anulată", "știre retrasă"),
    ),
    Words(Signal.WITHDRAW, "ca", _GENERAL, ("ANUL·LACIÓ", "ANUL·LADA"), ("notícia anul·lada",)),
    Words(Signal.WITHDRAW, "el", _GENERAL, ("ΑΝΑΚΛΗΣΗ", "ΑΚΥΡΩΣΗ", "ΑΚΥΡΩΝΕΤΑΙ")),
    Words(Signal.WITHDRAW, "tr", _GENERAL, ("İPTAL", "IPTAL"), ("haber iptal",)),
    # No capitals tell a word from a notice here: these are terms of notices alone.
    Words(
        Signal.WITHDRAW, "zh", _GENERAL, ("撤稿", "撤销稿件", "撤銷稿件", "取消稿件", "稿件撤回"),
    ),
    Words(Signal.WITHDRAW, "ja", _GENERAL, ("記事取り消し", "取り消し", "配信取り消し")),
    Words(
        Signal.WITHDRAW, "ko", _GENERAL,
        ("기사 취소", "기사취소", "전문취소", "배포 취소", "기사 철회"),
    ),
    Words(
        Signal.WITHDRAW, "ar", _GENERAL, ("إلغاء خبر", "إلغاء الخبر", "سحب خبر", "سحب الخبر"),
    ),
    Words(Signal.WITHDRAW, "he", _GENERAL, ("ביטול ידיעה", "הידיעה בוטלה")),
    Words(
        Signal.ADVISORY, "en", "AP Stylebook, holds",
        ("HOLD", "WITHHOLD", "DO NOT PUBLISH", "NOT FOR PUBLICATION"),
        ("story hold", "mandatory hold", "hold story", "hold notice", "hold for release",
         "story on hold", "do not use story", "do not use this story", "please hold story"),
    ),
    Words(Signal.ADVISORY, "de", _GENERAL, ("SPERRFRIST", "SPERRVERMERK"), ("vorerst sperren",)),
)  # fmt: skip


TO_EDITORS = (
    r"(?:(?:attention|notice\s+to|note\s+to)\s+)?editors|advisory|notice|attention"
    r"|achtung(?:\s+redaktion(?:en)?)?|avis|aviso"
)
"""The words before such a word that address the editors."""


def pattern(signal: Signal) -> str:
    """Returns the pattern of all words and phrases of a signal, once or repeated.

    "KILL KILL KILL" is dpa's and AP's way to print it; Reuters prints "ADVISORY-STORY WITHDRAWN".
    """
    own = [entry for entry in TABLE if entry.signal is signal]
    words = "|".join(dict.fromkeys(word for entry in own for word in entry.words))
    phrases = "|".join(
        dict.fromkeys(phrase.replace(" ", r"[\s-]+") for entry in own for phrase in entry.phrases)
    )
    once = rf"(?:(?-i:{words})|{phrases})"
    notice = rf"(?:(?:{TO_EDITORS}|eilt?|urgente?|dpa|apa|sda|afp|efe|ansa)\s*[-:–—!]?\s*)?"
    return rf"{notice}{once}(?:[\s!*-]+{once})*!*"
