"""The demo's bulletins: weather, markets, football and companies, from patterns and tables.

All of it is invented, and the same at each play.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

SEED = 7


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin of an agency."""

    agency: str
    name: str
    place: str
    headline: str
    paragraphs: tuple[str, ...]
    urgency: int = 5


CITIES = {
    "hw": ("Manchester Dublin Seattle Perth Auckland Lagos Singapore Mumbai"),
    "am": ("Nantes Strasbourg Toulouse Liège Montréal Abidjan Rabat Beyrouth"),
    "nc": ("Valencia Bilbao Lima Quito La-Paz Asunción Monterrey San-José"),
}
WEATHER = {
    "hw": (
        "{city} wakes to {degrees} degrees and {sky}",
        "It was {degrees} degrees Celsius in {city} at dawn, with {sky}, the weather office said.",
        "Winds of up to {wind} kilometers an hour were expected in the afternoon.",
        ("fog", "rain", "a clear sky", "snow on the hills"),
    ),
    "am": (
        "Météo : {degrees} degrés et {sky} à {city}",
        "Il faisait {degrees} degrés à {city} au lever du jour, avec {sky}.",
        "Des rafales de {wind} kilomètres à l'heure sont attendues dans l'après-midi.",
        ("du brouillard", "de la pluie", "un ciel dégagé", "quelques nuages"),
    ),
    "nc": (
        "{city} amanece con {degrees} grados y {sky}",
        "El día comenzó en {city} con {degrees} grados y {sky}, informó el servicio meteorológico.",
        "Por la tarde se esperan vientos de hasta {wind} kilómetros por hora.",
        ("niebla", "lluvia", "cielo despejado", "nubes altas"),
    ),
}
EXCHANGES = {
    "hw": "London Chicago Sydney Hong-Kong Stockholm",
    "am": "Paris Bruxelles Genève Casablanca Montréal",
    "nc": "Madrid Santiago Lima Buenos-Aires Barcelona",
}
MARKETS = {
    "hw": (
        "{city} shares {way} {percent} percent",
        "Shares in {city} {way} {percent} percent, led by {sector}.",
        "Dealers spoke of a quiet day ahead of figures from the central bank.",
        ("rose", "fell"),
        ("miners", "banks", "shops", "makers of chips"),
    ),
    "am": (
        "Bourse de {city} : l'indice {way} de {percent} %",
        "L'indice de la Bourse de {city} {way} de {percent} %, entraîné par {sector}.",
        "Les échanges sont restés calmes avant les chiffres de la banque centrale.",
        ("gagne", "perd"),
        ("les banques", "le luxe", "l'énergie", "les transports"),
    ),
    "nc": (
        "La bolsa de {city} {way} {percent} %",
        "La bolsa de {city} {way} {percent} % por el impulso de {sector}.",
        "El mercado espera los datos del banco central.",
        ("sube", "baja"),
        ("las mineras", "los bancos", "las eléctricas", "las aerolíneas"),
    ),
}
CLUBS = {
    "hw": "Harbour-Town Northgate Millfield Kingsbridge Ashdown Riverside Oakham Stonebury",
    "am": "Rivemont Val-d'Or Pontclair Montbrun Sainte-Aube Beaurivage Clairval Roquefer",
    "nc": "Cordillera Puerto-Claro Villa-Sur Los-Andenes Mirador Rio-Hondo Santa-Lumbre Altamar",
}
HOMES = {"hw": "Manchester", "am": "Lyon", "nc": "Rosario"}
"""Where each agency's league is at home."""
MATCHES = 7
FOOTBALL = {
    "hw": (
        "{home} {verb} {away} {goals}",
        "{home} {verb} {away} {goals} in front of {crowd:,} people, after {half} at half-time.",
        ("beat", "draw with", "lose to"),
    ),
    "am": (
        "Football : {home} {verb} {away} ({goals})",
        "{home} {verb} {away} {goals} devant {crowd} spectateurs ({half} à la mi-temps).",
        ("bat", "tient en échec", "s'incline devant"),
    ),
    "nc": (
        "{home} {verb} {away} por {goals}",
        "{home} {verb} {away} por {goals} ante {crowd} espectadores; al descanso iban {half}.",
        ("vence a", "empata con", "cae ante"),
    ),
}
TABLES = {"hw": "Harbour League table", "am": "Classement de la ligue", "nc": "Tabla de la liga"}
COMPANIES = (
    ("Naviglio Shipping", "Genoa"), ("Tarn Robotics", "Leeds"), ("Okavango Solar", "Gaborone"),
    ("Fjordkraft Batteries", "Bergen"), ("Sierra Verde Foods", "Fresno"),
    ("Halma Glass", "Leipzig"),
    ("Kirin Bay Ports", "Busan"), ("Delta Reed Paper", "Alexandria"), ("Auric Seeds", "Des Moines"),
    ("Baltic Cable", "Tallinn"),
)  # fmt: skip


def bulletins() -> list[Bulletin]:
    """Return all of them but the companies', mixed as a wire mixes them."""
    dice = Random(SEED)  # noqa: S311  # it makes up weather, no secrets
    made = [
        bulletin
        for agency in CITIES
        for bulletin in (
            *_weather(agency, dice),
            *_markets(agency, dice),
            *_football(agency, dice),
        )
    ]
    dice.shuffle(made)
    return made


def companies() -> list[Bulletin]:
    """Return the companies' results, which come by RSS with their full text."""
    dice = Random(SEED)  # noqa: S311
    found = []
    for name, place in COMPANIES:
        profit, rise = dice.randint(12, 480), dice.randint(2, 38)
        found.append(
            Bulletin(
                "hw",
                f"company-{name.split()[0].lower()}",
                place,
                f"{name} earns {rise} percent more",
                (
                    f"{name} of {place} earned ${profit} million in the quarter, {rise} percent "
                    "more than a year before.",
                    f"The company will hire {dice.randint(40, 900)} people and keep its dividend.",
                    "Its chief executive said that orders reached into the autumn.",
                ),
            )
        )
    return found


def _weather(agency: str, dice: Random) -> Iterator[Bulletin]:
    headline, first, second, skies = WEATHER[agency]
    for city in _names(CITIES[agency]):
        said = {"city": city, "degrees": dice.randint(-4, 31), "sky": dice.choice(skies)}
        said["wind"] = dice.randint(15, 80)
        yield Bulletin(agency, f"weather-{city}", city, *_written(headline, (first, second), said))


def _markets(agency: str, dice: Random) -> Iterator[Bulletin]:
    headline, first, second, ways, sectors = MARKETS[agency]
    for city in _names(EXCHANGES[agency]):
        percent = f"{dice.randint(1, 24) / 10:.1f}"
        said = {"city": city, "way": dice.choice(ways), "sector": dice.choice(sectors)}
        said["percent"] = percent if agency == "hw" else percent.replace(".", ",")
        yield Bulletin(
            agency, f"market-{city}", city, *_written(headline, (first, second), said), urgency=4
        )


def _football(agency: str, dice: Random) -> Iterator[Bulletin]:
    """Yield the matches, and the table that follows from them."""
    headline, first, verbs = FOOTBALL[agency]
    clubs = _names(CLUBS[agency])
    points = dict.fromkeys(clubs, 0)
    for number in range(MATCHES):
        home, away = dice.sample(clubs, 2)
        scored, taken = dice.randint(0, 4), dice.randint(0, 3)
        result = 0 if scored > taken else 1 if scored == taken else 2
        points[home] += (3, 1, 0)[result]
        points[away] += (0, 1, 3)[result]
        said = {
            "home": home,
            "away": away,
            "verb": verbs[result],
            "goals": f"{scored}-{taken}",
            "half": f"{dice.randint(0, scored)}-{dice.randint(0, taken)}",
            "crowd": dice.randint(900, 41_000),
        }
        yield Bulletin(
            agency, f"match-{number}", HOMES[agency], *_written(headline, (first,), said)
        )
    ranked = sorted(points.items(), key=lambda each: (-each[1], each[0]))
    rows = (f"{at:2}. {club:<16} {count:3}" for at, (club, count) in enumerate(ranked, 1))
    yield Bulletin(agency, "table", HOMES[agency], TABLES[agency], ("\n".join(rows),))


def _names(listed: str) -> list[str]:
    """Return names that stand in a row, a hyphen for each blank of a name."""
    return [name.replace("-", " ") for name in listed.split()]


def _written(
    headline: str, paragraphs: Sequence[str], said: Mapping[str, object]
) -> tuple[str, tuple[str, ...]]:
    return headline.format(**said), tuple(each.format(**said) for each in paragraphs)
