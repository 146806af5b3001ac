"""Bulletins of one mould: each is news of its own, however much of its text it shares.

Two agencies word each mould; every second subject is reported by both, which makes an event of two.
"""

# ruff: noqa: E501

from __future__ import annotations

import random
from collections.abc import Iterator

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


def bulletins(seed: int = 1) -> Iterator[tuple[str, str, str, str]]:
    """Yields kind, event, headline and text of each bulletin."""
    draw = random.Random(seed)
    for kind, (subjects, *wordings) in MOULDS.items():
        for number, subject in enumerate(subjects.split("|")):
            values: dict[str, object] = {letter: draw.randint(11, 59) for letter in "abcdef"}
            values |= {"x": subject, "day": draw.choice(["Monday", "Tuesday", "Friday"])}
            for wording in wordings[: 1 + number % 2]:
                headline, _, text = wording.format(**values).partition("\n")
                yield f"mould: {kind}", f"{kind} {subject}", headline, text
