"""Bulletins: stories of one mould which are different news each time."""

from __future__ import annotations

import random
from collections.abc import Iterator

CITIES = ["Lagos", "Lima", "Oslo", "Delhi", "Quito", "Perth", "Turin", "Osaka", "Minsk", "Accra"]
TEAMS = ["Rovers", "United", "Athletic", "Wanderers", "Rangers", "City", "Albion", "Villa"]
PLAYERS = ["Adeyemi", "Barrow", "Castillo", "Dvorak", "Eriksen", "Fofana", "Gallo", "Hansen", "Ito"]
SKIES = ["Sunny", "Mostly cloudy", "Rain at times", "Thunder in the afternoon", "Fog, then sun"]
SHARES = ["Mining shares", "Banks", "Carmakers", "Oil producers", "Chip makers", "Retailers"]

WEATHER = """{city} weather for {day}.

{sky} with a high of {a} degrees and a low of {b} degrees. Winds from the {wind} at {c} kilometres \
an hour. Humidity {d} percent.

Tomorrow: {sky2}, with highs near {e}. The day after: {sky3}, with highs near {f}.

Sunrise is at 6:{g} and sunset at 18:{h}. The next forecast will be issued at 18:00."""

MATCH = """{home} beat {away} {a}-{b} on {day} before a crowd of {c},{d} to go up to {place} in \
the table.

{one} put the hosts ahead after {e} minutes and {two} made it two before half-time with a header \
from a corner.

{away} pulled one back through {three} in the {f}th minute, but could not find another.

{home} are away to {next} on Saturday. {away} have now lost {g} of their last {h} games."""

MARKET = """Shares in {city} closed {way} on {day}, with the main index {way} {a}.{b} percent at \
{c},{d} points.

{shares} led the market, adding {e}.{f} percent, while {shares2} lost {g}.{h} percent in thin \
trade.

Volume was {i} million shares, against {j} million the day before. Rising stocks outnumbered \
falling ones by {k} to {l}.

The currency was at {m}.{n} to the dollar at the close of trade."""

QUAKE = """An earthquake of magnitude {a}.{b} struck {c} kilometres {wind} of {city} on {day}, the \
geological survey said.

The quake was at a depth of {d} kilometres. There were no immediate reports of casualties or \
damage.

The agency had put it at {a}.{e} at first. No tsunami warning was issued."""

LOTTERY = """The winning numbers in {day}'s drawing were {a}, {b}, {c}, {d}, {e} and {f}. The \
bonus number was {g}.

No ticket matched all six numbers. The jackpot for the next drawing is an estimated {h} million.

Players have 180 days from the date of the drawing to claim prizes at any authorised retailer."""

COURT = """A court in {city} sentenced {one} to {a} years in prison on {day} for the robbery of a \
jeweller's shop.

Prosecutors had asked for {b} years. {one}, {c}, denied the charge and will appeal, a lawyer said.

{two}, who drove the car, was given {d} years in a trial last spring."""

MOULDS = (WEATHER, MATCH, MARKET, QUAKE, LOTTERY, COURT)


def bulletins(number: int, seed: int = 1) -> Iterator[str]:
    """So many bulletins of each mould, drawn at random."""
    draw = random.Random(seed)
    for mould in MOULDS:
        for _ in range(number):
            values: dict[str, object] = {c: draw.randint(10, 59) for c in "abcdefghijklmn"}
            values |= dict(
                zip(("one", "two", "three"), draw.sample(PLAYERS, 3), strict=True),
                city=draw.choice(CITIES),
                day=draw.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]),
                wind=draw.choice(["north", "east", "south", "west"]),
                way=draw.choice(["up", "down"]),
                place=draw.choice(["third", "fifth", "eighth", "twelfth"]),
            )
            values |= dict(zip(("home", "away", "next"), draw.sample(TEAMS, 3), strict=True))
            values |= dict(zip(("sky", "sky2", "sky3"), draw.sample(SKIES, 3), strict=True))
            values |= dict(zip(("shares", "shares2"), draw.sample(SHARES, 2), strict=True))
            yield mould.format(**values)
