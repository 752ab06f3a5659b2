"""What a field is likely to be, by the words of its name and by the values seen: its type, and its personal data.

Everything here is a table of general words and patterns; nothing is known of any system. A guess is made only where a
word or every value says so. Next: `run/scaffold_shape`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

PERSONAL: tuple[tuple[str, str], ...] = (
    ("birth", r"birth|birthday|dob|born"),
    (
        "sensitive",
        r"medical|health|allergy|allergies|diet|dietary|disability|ethnic|ethnicity|religion|faith|sen|send|need|needs"
        r"|meal|meals|premium|safeguarding|nationality|language|languages|passport|care|doctor|medication|note|notes",
    ),
    (
        "contact",
        r"email|emails|mail|phone|phones|telephone|telephones|tel|mobile|mobiles|cell|fax|website|contactable",
    ),
    (
        "address",
        r"address|addresses|street|town|city|county|postcode|zip|postal|country|locality|district|latitude|longitude",
    ),
    ("family", r"parent|parents|carer|carers|sibling|siblings|family|relationship|kin|household|child|children"),
    (
        "name",
        r"name|forename|forenames|surname|initials|firstname|lastname|fullname|middlename|givenname|familyname|salutation",
    ),
    ("identifier", r"id|ids|guid|uuid|identifier|upn|uln|ref|reference|username|login|account|number|no"),
    (
        "status",
        r"gender|sex|status|year|class|form|house|boarder|boarding|day|joined|left|leaving|enrolled|enrolment|admission|"
        r"entry|grade|stage|group|tutor|active|title|role|started|start|end",
    ),
)
"""By kind of personal data, words of a name; the first kind counts. `first_name` is no family: see `_ALWAYS_NAMES`."""

_ALWAYS_NAMES = re.compile(
    r"(?:(?:family|given|first|last|middle|legal|preferred|known|full|sur|fore|birth)_)+(?:as_)?names?"
)
_NAMES_ALONE = frozenset({"first", "last", "middle", "given", "family", "known_as", "nickname", "preferred", "maiden"})
_OF_THINGS = re.compile(r"(?:school|house|group|class|form|year|course|subject|room|building|campus|site|term)_names?")
_PERSON = re.compile(
    r"birth|dob|born|forename|surname|firstname|lastname|gender|first_name|last_name|full_?name|given_name|family_name"
)

_VALUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("contact", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("contact", re.compile(r"(?:\+|00?)\d[\d ()-]{7,}")),
    ("address", re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}")),
)
"""Kinds of personal data by what every value looks like: e-mail addresses, telephone numbers, postcodes."""

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_TIMES: tuple[tuple[str, str], ...] = (
    ("date", "%Y-%m-%d"),
    ("date", "%d/%m/%Y"),
    ("date", "%m/%d/%Y"),
    ("date", "%d.%m.%Y"),
    ("date", "%Y/%m/%d"),
    ("datetime", "%Y-%m-%dT%H:%M:%S"),
    ("datetime", "%Y-%m-%dT%H:%M:%SZ"),
    ("datetime", "%Y-%m-%dT%H:%M:%S.%f"),
    ("datetime", "%Y-%m-%dT%H:%M:%S.%fZ"),
    ("datetime", "%Y-%m-%dT%H:%M:%S%z"),
    ("datetime", "%Y-%m-%d %H:%M:%S"),
    ("datetime", "%d/%m/%Y %H:%M"),
    ("time", "%H:%M:%S"),
    ("time", "%H:%M"),
)
_IDENTIFIERS = frozenset(PERSONAL[-2][1].split("|")) | {"code", "phone", "mobile", "telephone", "postcode", "zip"}


def words_of(name: str) -> list[str]:
    """Return the words of a name, in lower case: `dateOfBirth`, `date_of_birth` and `Date-Of-Birth` are alike."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W_]+", parted)]


def snake(name: str) -> str:
    """Return a name as the names of our documents are written; 'unnamed' where no letter is left."""
    found = re.sub(r"[^a-z0-9_]", "", "_".join(words_of(name))).lstrip("0123456789_")
    return found or "unnamed"


def singular(word: str) -> str:
    """Return an English plural without its ending, well enough for a name."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word


def personal(name: str, values: Sequence[str] = (), note: str = "") -> str | None:
    """Return the kind of personal data that a field is likely to hold; None where nothing says so.

    `note` is what a description says of it: it counts where it is no more than the words of a name.
    """
    joined = re.sub(r"(?<![a-z])(post|zip|e|user)_(?=code|mail|name)", r"\1", "_".join(words_of(name)))
    words = joined.split("_")
    if any(_ALWAYS_NAMES.fullmatch("_".join(words[at:])) for at in range(len(words))):
        return "name"
    if joined in _NAMES_ALONE or _ALWAYS_NAMES.fullmatch("_".join(words_of(note))):
        return "name"
    if not _OF_THINGS.search(joined):
        for kind, pattern in PERSONAL:
            if any(re.fullmatch(pattern, word) for word in words):
                return kind
    for kind, form in _VALUES:
        if values and all(form.fullmatch(value) for value in values):
            return kind
    return "status" if _OF_THINGS.search(joined) else None


def of_people(names: Sequence[str]) -> bool:
    """Say whether records with fields of these names are of people."""
    return any(_PERSON.search("_".join(words_of(name))) for name in names)


def type_of(name: str, values: Sequence[str]) -> tuple[str, str]:
    """Return the type that all texts have, and the pattern of a date or a time; ('text', '') where they have none.

    Digits of what its name calls a number or a code stay text, so that leading zeros are kept.
    """
    if not values:
        return "text", ""
    if all(value in ("true", "false") for value in values):
        return "boolean", ""
    if not _IDENTIFIERS & set(words_of(name)):
        if all(_INTEGER.fullmatch(value) for value in values):
            return "integer", ""
        if all(_INTEGER.fullmatch(value) or _NUMBER.fullmatch(value) for value in values):
            return "number", ""
    for kind, form in _TIMES:
        if all(_is_time(value, form) for value in values):
            return kind, form
    return "text", ""


def ambiguous(form: str, values: Sequence[str]) -> bool:
    """Say whether days and months could be the other way round in all these dates."""
    return form.startswith("%d/%m/%Y") and all(_is_time(value.partition(" ")[0], "%m/%d/%Y") for value in values)


def _is_time(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return len(value) >= 4
