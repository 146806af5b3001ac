"""Bulletins of one mould: each is news of its own, however much of its text it shares.

Two agencies word each mould; every second subject is reported by both, which makes an event of two.
"""

# ruff: noqa: E501

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

COMPANIES = """Abbotsford Gas|Brennan Tiles|Calder Shipping|Dunvegan Wool|Eastlake Paper|Fenwick Salt
Garrick Rope|Hobart Glass|Inchcape Tin|Jarrow Locks|Kelso Dairies|Larkspur Tea""".replace("\n", "|")
REPORTING = """Mossgiel Foods|Norham Steel|Oakham Brick|Pitlochry Gin|Quarrier Stone|Rosyth Cranes
Selkirk Yarn|Tarbert Fish|Ullapool Boats|Ventnor Toys|Whitby Jet|Yarrow Pumps""".replace("\n", "|")
COUNTRIES = """Almadena|Borovia|Carrland|Drenova|Esterra|Franzia|Gharbia|Hulme|Istria|Jandara|Kolva
Lusania""".replace("\n", "|")
REGIONS = """Upper Tarn|Blackwater|Central Plains|Dry Creek|Eden Valley|Flat Rock|Green River|High Moor
Iron Hills|Long Reach|Middle Fork|North Downs""".replace("\n", "|")
SIGNS = "Aries|Taurus|Gemini|Cancer|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces"
CLUBS = (
    """Ashby|Barrow|Carlow|Denby|Elgin|Forfar|Goole|Hawick|Ilkley|Jedburgh|Kendal|Louth""".strip()
)

MOULDS: dict[str, tuple[str, str, str]] = {
    "dividend": (
        COMPANIES,
        "{x} declares quarterly dividend\n{x} said its board declared a quarterly dividend of {a}.{b}"
        " cents per share, payable {day} {c} to shareholders of record on {day} {d}.",
        "BRIEF - {x} sets dividend of {a}.{b} cents\nBoard of {x} sets quarterly dividend at {a}.{b}"
        " cents a share, record date {day} {d}, payment {day} {c}. Shares closed at {e}.{f}.",
    ),
    "bond": (
        COUNTRIES,
        "{x} launches {e}00 million dollar bond\n{x} launched a {e}00 million dollar bond due 20{c}"
        " at {a}{b} basis points over Treasuries, a lead manager said on {day}.",
        "New issue - {x} prices {e}00 mln bond\nBorrower: {x}. Amount: {e}00 million dollars. Maturity:"
        " 20{c}. Spread: {a}{b} basis points. Lead managers: Barclays, Citi.",
    ),
    "crop weather": (
        REGIONS,
        "Crop weather: {x}\nScattered showers in {x} through {day}, amounts of {a} to {b} mm. Highs of"
        " {c} to {d} C. Conditions for winter wheat stay fair.",
        "Grains weather - {x}\n{x}: {a}-{b} mm of rain expected through {day}, highs {c}-{d} Celsius;"
        " soil moisture adequate for wheat, USDA says.",
    ),
    "results": (
        REPORTING,
        "{x} profit rises {a} percent\n{x} reported net profit of {b}.{c} million pounds for the first"
        " half, up {a} percent. Sales were {d}{e} million.",
        "TABLE - {x} H1 results\n{x} half-year net profit {b}.{c} million pounds (up {a} percent), sales"
        " {d}{e} million, interim dividend {f} pence.",
    ),
    "horoscope": (
        SIGNS,
        "Your stars: {x}\n{x}: The Moon in your house of money favours plans made on {day}. A call from"
        " an old friend brings news. Lucky number {a}.",
        "{x} today\nVenus smiles on {x} this {day}. Say what you feel, but mind your purse. Lucky"
        " numbers {a} and {b}.",
    ),
    "schedule": (
        CLUBS,
        "Fixtures: {x}\n{x} play at home on {day} {c}, kick-off 19.{d}. Gates open at 18.00. Tickets"
        " {a} pounds. Referee: to be named.",
        "Northern League fixture - {x}\n{day} {c}: {x} at home, 19.{d} GMT, tickets from {a} pounds,"
        " live on Radio Five.",
    ),
}

PORTS = """Anwick|Brannoch|Corrie|Dunlin|Eilean|Farr|Gairsay|Hestan|Inverloy|Jura Sound|Kerrow
Lamlash""".replace("\n", "|")
ROADS = "A11|B207|E45|M6|N81|R340|A702|D938|S17|B9170|L115|N12"
PLAYERS = """Petra Holm|Anouk Vissel|Dana Kremer|Ines Palacio|Mirjam Tolva|Sunna Aradottir|Yuki Tamada
Zofia Brandys|Lucia Ferrandi|Oksana Dyachuk|Tereza Malik|Hana Novotna""".replace("\n", "|")
SHIPS = """Aurelia Star|Baltic Heron|Cape Lindow|Dorado Spirit|Elbe Trader|Fjord Queen|Gulf Merchant
Hansa Rose|Ionian Pearl|Jade Harvest|Kattegat Belle|Loire Breeze""".replace("\n", "|")
ACCUSED = """Brendan Ashcombe|Colin Trewhella|Derek Hollingsby|Evan Prosser|Frank Mulvaney|Gavin Stroud
Harry Pendleton|Ian Cuthbert|Jack Renfrew|Keith Sowerby|Liam Garside|Martin Ogle""".replace(
    "\n", "|"
)
CURRENCIES = """baht|dong|forint|koruna|lari|leu|naira|peso|ringgit|rupiah|shekel|zloty"""

HELD_OUT: dict[str, tuple[str, str, str]] = {
    "tides": (
        PORTS,
        "Tides: {x}\nHigh water at {x} on {day} is at 04.{a} and 17.{b}, {c} decimetres above datum."
        " Small craft should keep clear of the bar.",
        "Tide table, {x}\n{x}, {day}: high 04.{a} and 17.{b}, low 10.{d}. Range {c} dm. Source:"
        " Hydrographic Office.",
    ),
    "road works": (
        ROADS,
        "{x} closed at night\nThe {x} will be closed between junctions {a} and {b} from {day} for"
        " resurfacing. Drivers should expect delays of {c} minutes and follow the signs.",
        "Traffic news - {x}\n{x}: full closure J{a} to J{b} overnight from {day}, diversion in place,"
        " add {c} minutes. Highways Agency.",
    ),
    "tennis": (
        PLAYERS,
        "{x} through in straight sets\n{x} reached the second round of the Open on {day} with a 6-4"
        " 6-{e} win in {a} minutes. She hit {b} winners and will play a qualifier next.",
        "Tennis result: {x}\nOpen, women's singles, first round: {x} won 6-4 6-{e} ({a} minutes,"
        " {b} winners, {c} errors).",
    ),
    "fixture of ships": (
        SHIPS,
        "Tanker {x} fixed for Rotterdam\nThe {x} was fixed on {day} to lift {a},000 tonnes of crude for"
        " Rotterdam at Worldscale {b}, brokers said.",
        "Shipping - {x} on subs\n{x}, {a},000 tonnes crude, Ceyhan-Rotterdam, WS {b}, {day} loading,"
        " according to Clarksons.",
    ),
    "court": (
        ACCUSED,
        "{x} jailed for {a} months\n{x}, {b}, was jailed for {a} months at Crown Court on {day} after he"
        " admitted driving while disqualified. He must pay costs of {c} pounds.",
        "Court list: {x}\n{x} ({b}), driving while disqualified: {a} months, {c} pounds costs."
        " Sentenced {day} by Recorder Judith Blane.",
    ),
    "currency": (
        CURRENCIES,
        "{x} slips against dollar\nThe {x} fell {a} points against the dollar on {day} to {b}.{c}, as"
        " importers bought ahead of the holiday, dealers said.",
        "FOREX - {x} at {b}.{c}\nDollar/{x} {b}.{c} by close on {day} ({a} points up). Reuters dealing"
        " prices.",
    ),
}
"""Written after the rules against moulds, which were not changed for them."""


def bulletins(
    moulds: Mapping[str, tuple[str, str, str]] = MOULDS, seed: int = 1
) -> Iterator[tuple[str, str, str, str]]:
    """Yields kind, event, headline and text of each bulletin."""
    draw = random.Random(seed)
    for kind, (subjects, *wordings) in moulds.items():
        for number, subject in enumerate(subjects.split("|")):
            values: dict[str, object] = {letter: draw.randint(11, 59) for letter in "abcdef"}
            values |= {"x": subject, "day": draw.choice(["Monday", "Tuesday", "Friday"])}
            for wording in wordings[: 1 + number % 2]:
                headline, _, text = wording.format(**values).partition("\n")
                yield f"mould: {kind}", f"{kind} {subject}", headline, text
