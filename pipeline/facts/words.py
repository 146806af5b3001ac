"""The words that facts are told by: numbers, units, and what figures count, in eight languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def _table(rows: Mapping[str, str]) -> dict[str, str]:
    """Return a mapping from each word of a row to the row's name; "_" joins words."""
    return {word.replace("_", " "): name for name, words in rows.items() for word in words.split()}


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern of any of some words, the longest first; a space is any gap."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    escaped = [word.replace(".", r"\.").replace("$", r"\$") for word in ordered]
    return "|".join(word.replace(" ", r"[\s\u00a0-]+") for word in escaped)


NUMBER_WORDS: Mapping[str, int] = {
    word: value
    for value, words in {
        0: "zero",
        1: "one",
        2: "two zwei deux dos due twee dois duas två",
        3: "three drei trois tres tre drie três",
        4: "four vier quatre cuatro quattro quatro fyra",
        5: "five fünf cinq cinco cinque vijf fem",
        6: "six sechs seis sei zes seks",
        7: "seven sieben sept siete sette zeven sete sju",
        8: "eight acht huit ocho otto oito åtta åtte",
        9: "nine neun neuf nueve nove negen nio",
        10: "ten zehn dix diez dieci tien dez tio",
        11: "eleven elf onze undici elva elleve",
        12: "twelve zwölf douze doce dodici twaalf doze tolv",
        13: "thirteen dreizehn treize trece tredici dertien treze tretton tretten",
        14: "fourteen vierzehn quatorze catorce quattordici veertien catorze fjorton fjorten",
        15: "fifteen fünfzehn quinze quindici vijftien femton femten",
        16: "sixteen sechzehn dieciséis sedici zestien dezasseis sexton seksten",
        17: "seventeen siebzehn dix-sept diecisiete diciassette zeventien dezessete sjutton sytten",
        18: "eighteen achtzehn dix-huit dieciocho diciotto achttien dezoito arton atten",
        19: "nineteen neunzehn dix-neuf diecinueve diciannove negentien dezenove nitton nitten",
        20: "twenty zwanzig vingt veinte venti twintig vinte tjugo tjue",
        30: "thirty dreißig trente treinta trenta dertig trinta trettio tretti",
        40: "forty vierzig quarante cuarenta quaranta veertig quarenta fyrtio førti",
        50: "fifty fünfzig cinquante cincuenta cinquanta vijftig cinquenta femtio femti",
        60: "sixty sechzig soixante sesenta sessanta zestig sessenta sextio seksti",
        70: "seventy siebzig setenta settanta zeventig sjuttio sytti",
        80: "eighty achtzig ochenta ottanta tachtig oitenta åttio åtti",
        90: "ninety neunzig noventa novanta negentig nittio nitti",
    }.items()
    for word in words.split()
}
OWN: Mapping[str, str] = {
    "six": "en fr", "sei": "it", "due": "it", "elf": "de nl", "dos": "es", "dix": "fr",
    "onze": "fr pt", "tre": "it sv no da", "tres": "es",
}  # fmt: skip
"""Number words that are other words elsewhere, and the languages in which they are numbers."""

VAGUE: Mapping[str, str] = _table(
    {
        "dozens": "dozens Dutzende dizaines decenas decine tientallen dezenas dussintals",
        "scores": "scores",
        "hundreds": "hundreds Hunderte centaines cientos centinaia honderden centenas hundratals",
        "thousands": "thousands Tausende milliers miles migliaia duizenden milhares tusentals",
        "millions": "millions",
    }
)
"""Figures without a number: "dozens of people"."""

SCALES: Mapping[str, int] = {
    word.replace("_", " "): value
    for value, words in {
        12: "dozen",
        100: "hundred hundert",
        1_000: "thousand k tausend Tsd. mille mil mila duizend tusen",
        100_000: "lakh lakhs",
        1_000_000: "million millions mn mln m Millionen Mio. Mio millones millón milioni milione "
        "miljoen milhões milhão miljoner millioner",
        10_000_000: "crore crores",
        1_000_000_000: "billion bn Milliarden Milliarde Mrd. Mrd milliards milliard mil_millones "
        "miliardi miliardo miljard bilhões bilhão miljarder milliarder",
        1_000_000_000_000: "trillion tn trn",
    }.items()
    for word in words.split()
}

CURRENCY_SIGNS: Mapping[str, str] = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD",
    "NZ$": "NZD", "S$": "SGD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY",
    "₹": "INR", "Rs": "INR", "Rs.": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS",
    "₴": "UAH", "₦": "NGN", "₱": "PHP", "฿": "THB",
}  # fmt: skip
CURRENCY_CODES = _words(
    """
    USD EUR GBP JPY CNY CHF AUD CAD NZD HKD SGD SEK NOK DKK PLN CZK HUF RON RUB UAH TRY ILS INR
    PKR BDT LKR IDR MYR THB PHP VND KRW TWD ZAR NGN KES EGP SAR AED QAR KWD BRL MXN ARS CLP COP
    PEN
    """
)
CURRENCY_WORDS: Mapping[str, str] = _table(
    {
        "USD": "dollar dollars US_dollars U.S._dollars American_dollars Dollar dólares dólar "
        "dollari dollaro US-Dollar",
        "AUD": "Australian_dollars",
        "CAD": "Canadian_dollars",
        "NZD": "New_Zealand_dollars",
        "HKD": "Hong_Kong_dollars",
        "EUR": "euro euros Euro",
        "GBP": "pound pounds pounds_sterling Pfund livres libras sterline pence",
        "JPY": "yen Yen",
        "CNY": "yuan renminbi Yuan",
        "CHF": "Swiss_francs Franken francs_suisses",
        "INR": "rupee rupees Indian_rupees",
        "RUB": "rouble roubles ruble rubles Rubel",
        "SEK": "kronor Swedish_kronor",
        "NOK": "Norwegian_kroner",
        "DKK": "Danish_kroner",
        "BRL": "reais",
        "KRW": "won",
        "TRY": "lira liras",
        "ZAR": "rand",
        "ILS": "shekel shekels",
        "PLN": "zloty zlotys",
        "MXN": "Mexican_pesos",
        "SAR": "riyals",
        "NGN": "naira",
        "THB": "baht",
        "IDR": "rupiah",
        "MYR": "ringgit",
        "UAH": "hryvnia hryvnias",
        "AED": "dirhams",
        "KES": "Kenyan_shillings",
        "ARS": "Argentine_pesos",
        "PHP": "Philippine_pesos",
    }
)

MEASURES: Mapping[str, str] = _table(
    {
        "percent": "% percent per_cent pct pc Prozent pour_cent por_ciento per_cento por_cento "
        "procent prosent",
        "percentage points": "percentage_point percentage_points Prozentpunkte",
        "basis points": "basis_point basis_points bps",
        "km": "km kms kilometre kilometres kilometer kilometers Kilometer kilomètres kilómetros "
        "chilometri quilômetros",
        "km²": "square_kilometres square_kilometers sq_km km² square_km Quadratkilometer",
        "m²": "square_metres square_meters sq_m m² Quadratmeter",
        "sq miles": "square_miles square_mile sq_miles",
        "sq ft": "square_feet square_foot sq_ft",
        "miles": "mile miles mi",
        "m": "metre metres meter meters m mètres metros metri Meter",
        "ft": "foot feet ft",
        "inches": "inch inches",
        "cm": "cm centimetre centimetres centimeter centimeters Zentimeter",
        "mm": "mm millimetre millimetres millimeter millimeters",
        "km/h": "km/h kmh kph kilometres_per_hour kilometers_per_hour kilometres_an_hour "
        "kilometers_an_hour",
        "mph": "mph miles_per_hour miles_an_hour",
        "knots": "knots",
        "kg": "kg kilo kilos kilogram kilograms kilogrammes Kilogramm",
        "g": "gram grams grammes",
        "lb": "lb lbs",
        "ounces": "ounce ounces oz",
        "tonnes": "tonne tonnes metric_tons metric_tonnes Tonnen toneladas tonnellate",
        "tons": "ton tons",
        "barrels": "barrel barrels bpd barrels_per_day barrels_a_day",
        "bushels": "bushel bushels",
        "ha": "hectare hectares ha Hektar hectáreas ettari",
        "acres": "acre acres",
        "litres": "litre litres liter liters",
        "gallons": "gallon gallons",
        "MW": "MW megawatt megawatts Megawatt",
        "GW": "GW gigawatt gigawatts Gigawatt",
        "MWh": "MWh megawatt-hours megawatt_hours",
        "°C": "°C degrees_Celsius degrees_C degree_Celsius Grad_Celsius Grad",
        "°F": "°F degrees_Fahrenheit degrees_F",
        "degrees": "degree degrees",
        "seconds": "second seconds",
        "minutes": "minute minutes Minuten minutos minuti",
        "hours": "hour hours Stunden heures horas ore",
        "days": "day days Tage Tagen jours días giorni dagen dias",
        "weeks": "week weeks Wochen semaines semanas settimane weken",
        "months": "month months Monate Monaten mois meses mesi maanden",
        "years": "year years Jahre Jahren ans années años anni jaar anos",
        "decades": "decade decades",
        "points": "point points Punkte",
        "seats": "seat seats Sitze sièges escaños",
        "votes": "vote votes Stimmen voix votos",
        "goals": "goal goals Tore",
        "shares": "share shares Aktien actions acciones",
    }
)
"""Units, and the words that mean each."""

COUNTED = frozenset({"seats", "votes", "goals", "shares"})
"""Measures that are things: they say what is counted and are no unit."""

PEOPLE = _words(
    """
    people persons person residents civilians soldiers troops passengers crew children child
    workers employees staff migrants refugees police officers policemen protesters demonstrators
    students pupils teachers patients men women man woman girls boys girl boy fighters militants
    rebels gunmen victims survivors tourists miners sailors firefighters others suspects inmates
    prisoners villagers fans spectators hostages journalists doctors nurses voters households
    families bodies pilgrims hikers climbers swimmers drivers pilots members lawmakers farmers
    fishermen personnel individuals adults teenagers babies infants infected users customers
    commuters guests visitors worshippers mourners candidates Menschen Personen Einwohner
    Zivilisten Soldaten Passagiere Kinder Arbeiter Mitarbeiter Flüchtlinge Polizisten
    Demonstranten Schüler Patienten Männer Frauen Insassen Bewohner personnes habitants civils
    soldats passagers enfants employés migrants hommes femmes personas habitantes civiles
    soldados pasajeros niños trabajadores migrantes hombres mujeres persone abitanti soldati
    passeggeri bambini lavoratori uomini donne mensen personen inwoners burgers soldaten
    passagiers kinderen werknemers pessoas moradores passageiros crianças trabalhadores homens
    mulheres människor personer invånare soldater passagerare barn mennesker
    """
)

STATES: Mapping[str, str] = _table(
    {
        "dead": "dead died dies dying killed killing kills kill deaths death_toll death fatalities "
        "fatality perished slain drowned toll_of_dead lives bodies claimed_the_lives "
        "Tote Toten tot getötet gestorben starben ums_Leben Todesopfer Todesopfern tués morts mort "
        "tué décès tuant muertos murieron muerto fallecidos fallecieron matado morti uccise uccisi "
        "vittime doden gedood dood omgekomen mortos morreram morte döda dödades dog drepte døde "
        "omkom",
        "injured": "injured injuring injuries injury wounded wounding wounds wound hurt hurting "
        "Verletzte Verletzten verletzt Verwundete blessés blessé blessant heridos herido "
        "lesionados feriti gewonden gewond feridos skadade skadades skadde",
        "missing": "missing unaccounted vermisst Vermisste Vermissten disparus disparu "
        "desaparecidos dispersi vermisten vermist desaparecidos saknas saknade savnet",
        "arrested": "arrested arrests arresting detained detaining detentions custody festgenommen "
        "Festnahmen arrêtés interpellés détenus detenidos arrestati arrestate aangehouden "
        "presos detidos gripna gripits pågrepet",
        "displaced": "displaced homeless evacuated evacuating evacuees fled evakuiert obdachlos "
        "évacués déplacés sans-abri evacuados desplazados evacuati sfollati geëvacueerd "
        "evacuados desalojados evakuerade evakuert",
        "rescued": "rescued rescuing rescues gerettet sauvés rescatados soccorse salvate gered "
        "resgatados räddades reddet",
        "in hospital": "hospitalised hospitalized hospital treated",
        "infected": "infected infections cases Infizierte Fälle cas casos casi besmet gevallen",
        "kidnapped": "kidnapped abducted abducting kidnapping entführt enlevés secuestrados",
        "sentenced": "sentenced convicted executed",
        "trapped": "trapped stranded eingeschlossen",
        "laid off": "laid_off dismissed redundant",
    }
)
"""What happened to people, and the words that tell it."""

SUBJECTS = _words(
    """
    profit profits revenue revenues sales turnover loss losses income earnings debt deficit
    surplus budget fine fines penalty damage damages aid loan loans deal contract price prices
    cost costs investment investments bid offer salary bonus inflation unemployment growth GDP
    economy output production exports imports rate rates turnout vote index stake tariff tariffs
    tax taxes ransom compensation funding grant reward bail dividend value valuation spending
    savings reserves wages wage pensions fund settlement bonds stocks yield orders share shares
    support approval capacity interest rent fees fee demand supply Gewinn Umsatz Verlust Schaden
    Schulden Haushalt Preis Inflation Arbeitslosigkeit Wachstum bénéfice chiffre perte dégâts
    dette croissance inflación desempleo crecimiento beneficio pérdidas daños deuda
    """
)
"""What money and percentages are of."""

BOUNDS: Mapping[str, str] = _table(
    {
        "at least": "at_least more_than over mindestens mehr_als au_moins plus_de al_menos más_de "
        "almeno più_di minstens meer_dan pelo_menos mais_de minst no_fewer_than no_less_than",
        "about": "about around some roughly approximately nearly almost close_to an_estimated "
        "estimated etwa rund fast environ près_de unos unas cerca_de circa ongeveer cerca_de "
        "omkring",
        "at most": "up_to as_many_as less_than fewer_than under at_most no_more_than bis_zu "
        "weniger_als moins_de jusqu'à menos_de hasta",
    }
)
"""Words before a figure that say how exact it is."""

STOPS = _words(
    """
    a an the of in on at to for from by with and or but as than that which who whom whose were
    was is are be been being has have had will would could may might can did do does said says
    after before when while during since until into over under near between against about around
    not no it its they their he she his her this these those there also more most less fewer so
    if then still now later per out up down off through across along among within without
    because der die das den dem des ein eine und oder in im am an auf bei von zu zum mit nach
    aus für wurden wurde sind ist waren war seien haben hat le la les de du des un une et ou à
    au aux en dans par pour sur ont a été sont est el los las del y o e en con por para han fue
    fueron il lo gli di da nel sono è het een en van op bij zijn is
    """
)
"""Words that end the noun phrase after a figure."""
