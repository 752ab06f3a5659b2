"""Words to make people from. All of it is made up; phones and mail come from ranges kept for fiction.

Next: `school`.
"""

from __future__ import annotations

from random import Random


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


GIRLS = words(
    "Amelia Zoë Siân Niamh Aisha Chloé Freya Ottilie Priya Renée Ingrid Małgorzata Beatrix Yara Esme Imani "
    "Thuy Sofía Maeve Anwen Leila Hana Rosalind Dagny Fatou Mirela Tamsin Odette Nerys Kavita"
)
BOYS = words(
    "Oliver Łukasz Björn Tariq José Cian Rhodri André Kwame Idris Søren Mateus Elliot Jiří Ravi Hamza Otis "
    "Dafydd Emeka Luca Noé Gethin Arjun Stefan Wen Callum Umar Ptolemy Fergus Ruaridh"
)
SURNAMES = words(
    "Abernatty Brackenbury Cottersmith Dunnaway Ellerwick Fairhollow Gravestock Hartlebridge "
    "Ibbotsdale Jessopson Kettlewick Larkmoor Marchbank Netherby O'Neill Penhallick Quillfeather "
    "Ravenshaw Saltmarsh Thistlewood Underhay Valecombe Winterflood Yarrowby D'Arcy-Finch Núñez "
    "Kowalczyk-Moss Østergaard Nguyễn Okonkwo-Bale Çelik Müllerson St.Clair MacTavishly Van-der-Plume "
    "Singhdale Achterberg Fennimore Gorringe Haddonfield Inchbald Juniperson Lambsfoot Mossgrove "
    "Oakapple Pebblewright Rushbottom Sparrowhawke Tanglewood Wrenfield"
)
STREETS = "Bramble Lane|Clockmaker Row|Dovecote Close|Elderflower Road|Foundry Hill|Gasworks Terrace|Heron Walk"
TOWNS = "Aldermere|Brindlewick|Castle Orsby|Dunham Vale|Eastham Parva|Fenny Compton Magna"
DISTRICTS = (None, None, "Northside", "The Maltings", None)
HOUSES = ("Kestrel", "Merlin", "Osprey", "Harrier")
SUBJECTS = (("Ma", "Mathematics"), ("En", "English"), ("Fr", "French"), ("Hi", "History"), ("Sc", "Science"))
ETHNICITIES = (("WENG", "White - English"), ("ABAN", "Bangladeshi"), ("BCRB", "Caribbean"), ("OOTH", "Other"))
RELIGIONS = (("CH", "Christian"), ("MU", "Muslim"), ("NO", "No Religion"), ("HI", "Hindu"))
LANGUAGES = (("ENG", "English"), ("ENG", "English"), ("BNG", "Bengali"), ("POL", "Polish"), ("WEL", "Welsh"))
TRAVEL = ("Walk", "Car Share (with child/children)", "Public Bus Service", "Cycle")


def draw(random: Random, words: str) -> str:
    """One of some words that are kept apart by bars."""
    return random.choice(words.split("|"))


def landline(random: Random) -> str:
    """A telephone number out of the range kept for drama."""
    number = random.randrange(1000)
    return random.choice((f"01632 960{number:03}", f"01632960{number:03}"))


def mobile(random: Random) -> str:
    """A mobile number out of the range kept for drama."""
    number = random.randrange(1000)
    return random.choice((f"07700 900{number:03}", f"07700900{number:03}", f"+44 7700 900{number:03}"))


def postcode(random: Random) -> str:
    """A postcode that no place has."""
    return f"ZZ{random.randrange(10, 100)} {random.randrange(10)}{''.join(random.choices('ABDEFGHJ', k=2))}"


def mail(*words: str | int, host: str = "example.org") -> str:
    """An address in a domain kept for examples; only plain letters are used of the words."""
    plain = ("".join(c for c in str(word).lower() if c.isascii() and c.isalnum()) for word in words)
    return ".".join(word for word in plain if word) + "@" + host
