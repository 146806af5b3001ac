"""Codes and words of agencies, and the IPTC's media topics that they mean.

Sources. Media topics and subject codes: IPTC NewsCodes (cv.iptc.org, CC BY 4.0); both have the same
first two digits. Abbreviations: the IPTC's own of NewsML 1.x and IIM, and those of AFP, EFE, ANP,
PA and Reuters as their deliveries have them. One letter: ANPA Bulletin 1312 as AP and CP use it.
Slugs: the agencies' filing guides. Words: the names of desks in the languages that wires come in,
general knowledge. `python -m tools.topics > docs/topics.md` writes the tables for readers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TOP: Mapping[str, str] = {
    "01000000": "arts, culture, entertainment and media",
    "02000000": "crime, law and justice",
    "03000000": "disaster, accident and emergency incident",
    "04000000": "economy, business and finance",
    "05000000": "education",
    "06000000": "environment",
    "07000000": "health",
    "08000000": "human interest",
    "09000000": "labour",
    "10000000": "lifestyle and leisure",
    "11000000": "politics and government",
    "12000000": "religion",
    "13000000": "science and technology",
    "14000000": "society",
    "15000000": "sport",
    "16000000": "conflict, war and peace",
    "17000000": "weather",
}
"""The 17 media topics of the first level; subject codes of that level have the same numbers."""

_BELOW = """
01 20000002 arts and entertainment; 20000038 culture; 20000045 mass media
02 20000082 crime; 20000106 judiciary; 20000119 justice; 20000121 law; 20000129 law enforcement
03 20000139 accident and emergency incident; 20000148 disaster; 20000160 emergency incident;
   20000167 emergency planning; 20000168 emergency response
04 20000170 business information; 20000209 economic sector; 20000344 economy;
   20000385 market and exchange
05 20000398 parents group; 20000399 religious education; 20000400 school; 20000410 social learning;
   20000411 teaching and learning; 20000412 curriculum;
   20000413 educational testing and examinations; 20000414 entrance examination; 20000415 students;
   20000416 teachers; 20001216 vocational education; 20001217 educational grading;
   20001337 online and remote learning; 20001338 education policy
06 20000418 climate change; 20000420 conservation; 20000424 environmental pollution;
   20000430 natural resources; 20000441 nature
07 20000446 diseases and conditions; 20000461 health facility; 20000463 health organisations;
   20000464 health treatment; 20000480 government health care; 20000483 health insurance;
   20000484 private health care; 20000485 medical profession; 20000493 non-human diseases
08 20000497 accomplishment; 20000498 award and prize; 20000499 record and achievement;
   20000500 animal; 20000501 ceremony; 20000502 people; 20000503 human mishap;
   20000504 high society; 20000505 celebrity; 20000507 flowers and plants; 20001237 anniversary;
   20001238 birthday
09 20000509 employment; 20000521 employment legislation; 20000523 labour market;
   20000524 labour relations; 20000531 retirement; 20000533 unemployment; 20000536 unions
10 20000538 leisure; 20000565 lifestyle; 20001339 wellness
11 20000574 election; 20000587 fundamental rights; 20000593 government; 20000621 government policy;
   20000638 international relations; 20000646 non-governmental organisation;
   20000647 political crisis; 20000648 political dissent; 20000649 political process
12 20000657 belief systems; 20000687 interreligious dialogue; 20000688 religious conflict;
   20000689 religious event; 20000690 religious festival and holiday; 20000696 religious ritual;
   20000697 religious facility; 20000702 relations between religion and government;
   20000703 religious leader; 20000705 religious text
13 20000710 biomedical science; 20000715 mathematics; 20000717 natural science;
   20000735 scientific research; 20000741 scientific institution; 20000742 social sciences;
   20000755 scientific standards; 20000756 technology and engineering
14 20000768 communities; 20000770 demographics; 20000771 immigration; 20000772 emigration;
   20000775 discrimination; 20000780 family; 20000788 mankind; 20000799 social condition;
   20000802 social problem; 20000808 values; 20000817 welfare
15 20000822 competition discipline; 20001103 disciplinary action in sport;
   20001104 drug use in sport; 20001108 sport event; 20001124 sport industry;
   20001125 sport organisation; 20001126 sport venue; 20001148 sports transaction;
   20001301 sport achievement; 20001323 sports coaching; 20001324 sports management and ownership;
   20001325 sports officiating
16 20000053 act of terror; 20000056 armed conflict; 20000065 civil unrest; 20000070 coup d'etat;
   20000071 massacre; 20000073 peace process; 20000077 post-war reconstruction;
   20000080 prisoners of war
17 20001128 weather forecast; 20001129 weather phenomena; 20001130 weather statistic;
   20001131 weather warning
"""
BELOW: Mapping[str, tuple[str, str]] = {
    code: (name, f"{top}000000")
    for top, listed in re.findall(r"^(\d\d) ((?:.|\n   )+)$", _BELOW, re.MULTILINE)
    for code, name in re.findall(r"(\d{8}) ([^;]+)", " ".join(listed.split()))
}
"""The media topics of the second level: each with its name and its topic of the first level."""

_RANGES = (
    (1, 52, "01"), (53, 81, "16"), (82, 138, "02"), (139, 169, "03"), (170, 396, "04"),
    (397, 417, "05"), (418, 445, "06"), (446, 496, "07"), (497, 508, "08"), (509, 537, "09"),
    (538, 573, "10"), (574, 656, "11"), (657, 709, "12"), (710, 767, "13"), (768, 821, "14"),
    (822, 1127, "15"), (1128, 1131, "17"),
)  # fmt: skip
"""Media topics were numbered topic by topic at first: 20000000 and the number, first and last. What
was added since, from 20001132 on, has numbers in no order, so that only BELOW tells its topic."""

_LETTERS = {
    "01000000": "ACE CLT CUL CYE KUL KLT ARTS ENT MUSIC FILM",
    "02000000": "CLJ JUS CRIM LAW JUDIC SUC",
    "03000000": "DIS ACC DISA",
    "04000000": "FIN ECO ECF EMK WIR BUS MCE ECI MAC OIL CRU ENER STX MKTS COM BNK",
    "05000000": "EDU EDUC",
    "06000000": "EVN ENV ENVI MAB",
    "07000000": "HTH HEA SAN SAL",
    "08000000": "HUM ODD",
    "09000000": "LAB JOB EMPL",
    "10000000": "LIF TRAV LEIS",
    "11000000": "POL DIP VOTE ELEC GOV INTAG",
    "12000000": "REL RELI",
    "13000000": "SCI TEC TECH CYT",
    "14000000": "SOI SOC",
    "15000000": "SPO SPT DEP SSS SOCC TENN GOLF CRIC RUGU RUGL BASE BASK ATHL CYCL MOTR OLY HOCK "
    "FOOT",
    "16000000": "WAR VIO UNRST INS WARS",
    "17000000": "WEA MET",
}
LETTERS: Mapping[str, str] = {code: top for top, all_ in _LETTERS.items() for code in all_.split()}
"""Abbreviations in capitals: of the IPTC, AFP, EFE, ANP, PA and Reuters."""

ANPA: Mapping[str, str] = {
    "d": "10000000", "e": "01000000", "f": "04000000", "l": "10000000", "o": "17000000",
    "p": "11000000", "q": "15000000", "s": "15000000", "t": "10000000", "w": "11000000",
    "pl": "11000000", "wi": "04000000", "sp": "15000000", "ku": "01000000",
}  # fmt: skip
"""One letter of ANPA 1312 and the two of dpa; a, i, n and v name places and kinds, not topics."""

_SLUGS = {
    "15000000": "BBN BBA BBO BBH BBM BKN BKC BKO BKW BKL BKH FBN FBC FBO FBH FBP HKN HKO HKC HKW "
    "SOC TEN GLF CAR BOX RAC OLY SPO CRI RGU ATH CYC SKI SWM GYM FIG VBL WRE",
    "17000000": "WEA",
    "12000000": "REL",
    "07000000": "MED",
    "13000000": "SCI TEC",
    "01000000": "ENT FEA-MUSIC",
}
SLUGS: Mapping[str, str] = {code: top for top, all_ in _SLUGS.items() for code in all_.split()}
"""The desk in AP's keyword lines: "BC-BKN--Heat-Hawks"."""

_WORDS = {
    "01000000": "arts|art|culture|entertainment|showbiz|media|music|film|films|movies|books|"
        "theatre|television|tv|kultur|medien|musik|kino|cultures|cinéma|musique|médias|"
        "cultura|espectáculos|cine|spettacolo|spettacoli|cultura e spettacoli|kultuur|"
        "cultuur|underholdning|nöje|kulttuuri|arts and entertainment|"
        "arts & entertainment|culture and entertainment",
    "02000000": "crime|courts|court|justice|police|law|legal|kriminalität|justiz|faits divers|"
        "sucesos|justicia|cronaca|giustizia|polizei|misdaad|krim|kriminalitet|rikos|"
        "polícia|justiça",
    "03000000": "disaster|disasters|accidents|accident|unglücke|katastrophen|catastrophes|"
        "catástrofes|accidentes|ulykker|olyckor|onnettomuudet",
    "04000000": "business|economy|finance|financial|markets|companies|money|economics|city|"
        "energy|wirtschaft|finanzen|börse|économie|finances|bourse|entreprises|economía|"
        "finanzas|empresas|mercados|economia|finanza|economie|financiën|beurs|økonomi|"
        "ekonomi|näringsliv|næringsliv|talous|erhverv|negócios|gospodarka|экономика|"
        "бизнес",
    "05000000": "education|schools|universities|bildung|schule|hochschulen|éducation|educación|"
        "istruzione|educação|onderwijs|utdanning|utbildning|koulutus|uddannelse",
    "06000000": "environment|climate|nature|umwelt|klima|environnement|climat|medio ambiente|"
        "medioambiente|ambiente|meio ambiente|milieu|klimaat|miljø|miljö|ympäristö",
    "07000000": "health|medicine|coronavirus|covid-19|gesundheit|medizin|santé|salud|salute|"
        "sanità|saúde|gezondheid|helse|hälsa|sundhed|terveys|zdrowie|здоровье",
    "08000000": "human interest|odd|offbeat|oddly enough|people|celebrity|celebrities|leute|"
        "vermischtes|buntes|insolite|gente|curiosidades|curiosità|kuriosa",
    "09000000": "labour|labor|jobs|employment|unions|arbeit|arbeitsmarkt|emploi|social affairs|"
        "empleo|laboral|lavoro|trabalho|arbeid|arbeidsliv|arbetsmarknad",
    "10000000": "lifestyle|leisure|travel|food|fashion|life & style|life and style|reise|"
        "freizeit|mode|voyages|gastronomie|viajes|gastronomía|turismo|viaggi|moda|reizen|"
        "eten|livsstil|resor|matkailu",
    "11000000": "politics|political|elections|election|government|diplomacy|politik|politique|"
        "élections|política|elecciones|politica|elezioni|eleições|politiek|verkiezingen|"
        "polityka|politiikka|политика|parliament|washington|international relations",
    "12000000": "religion|religions|faith|church|vatican|kirche|religión|religione|religião|kerk|"
        "uskonto",
    "13000000": "science|technology|tech|space|internet|science and technology|"
        "science & technology|sci-tech|wissenschaft|technik|technologie|sciences|"
        "high-tech|ciencia|tecnología|scienza|tecnologia|ciência|wetenschap|vitenskap|"
        "teknologi|vetenskap|teknik|tiede|teknologia",
    "14000000": "society|social issues|migration|immigration|gesellschaft|société|sociedad|"
        "società|sociedade|samenleving|samfunn|samfund|samhälle|yhteiskunta",
    "15000000": "sport|sports|football|soccer|tennis|cricket|rugby|golf|cycling|athletics|"
        "baseball|basketball|ice hockey|hockey|boxing|skiing|swimming|handball|"
        "formula one|motor racing|american football|olympics|nfl|nba|nhl|mlb|fußball|"
        "fussball|foot|fútbol|deportes|deporte|calcio|desporto|esporte|esportes|voetbal|"
        "fotboll|fotball|fodbold|urheilu|jalkapallo|athlétisme|cyclisme|спорт|sporten|"
        "idrott|sport news",
    "16000000": "war|conflict|conflicts|unrest|military|terrorism|krieg|konflikte|guerre|"
        "conflits|guerra|conflictos|conflitti|oorlog|krig|sota|defence|defense",
    "17000000": "weather|forecast|wetter|météo|meteo|tiempo|meteorología|tempo|weer|vær|väder|"
        "vejr|sää|pogoda",
}  # fmt: skip
WORDS: Mapping[str, str] = {word: top for top, all_ in _WORDS.items() for word in all_.split("|")}
"""Names of desks, sections and sports in a category, a subject or a slug, in small letters."""


def top_of(media_topic: str) -> str | None:
    """Returns the first-level topic of a media topic; None where its number does not tell."""
    if media_topic in TOP:
        return media_topic
    if media_topic in BELOW:
        return BELOW[media_topic][1]
    return numbered(media_topic)


def numbered(media_topic: str) -> str | None:
    """Returns the first-level topic in whose range the number of a lower one is."""
    if not re.fullmatch(r"2\d{7}", media_topic):
        return None
    number = int(media_topic) - 20_000_000
    found = next((top for first, last, top in _RANGES if first <= number <= last), None)
    return f"{found}000000" if found else None
