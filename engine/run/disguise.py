"""Made-up values in the place of real ones: of the same form, the same for the same value, and no way back.

A text is cut into words, numbers and what stands between them; each word has one stand-in, wherever it stands, so that
what was equal stays equal: keys in joins, a surname in a full name, a name in an e-mail address. What stand-ins are
made with is a secret that lives as long as the object. No stand-in is a word that is replaced somewhere else.
Knows nothing of sources or fields. Next: `run/disguising`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

TOKEN: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)*[\w-]+")
ADDRESS: Final = re.compile(r"(?:https?://|\bwww\.)[^\s/?#]+", re.IGNORECASE)
PHONE: Final = re.compile(r"(?<![\w.])\+?\(?\d(?:[\s().\-/]{0,3}\d){6,}(?!\w)")
_PARTS: Final = re.compile(f"(?P<email>{EMAIL.pattern})|(?P<address>{ADDRESS.pattern})|(?P<token>{TOKEN.pattern})")
_WITH_PHONES: Final = re.compile(
    f"(?P<email>{EMAIL.pattern})|(?P<address>{ADDRESS.pattern})|(?P<phone>{PHONE.pattern})|(?P<token>{TOKEN.pattern})"
)
_CONSONANTS, _VOWELS, _ACCENTED = "bdfglmnprstvwz", "aeiou", "áéíóú"
_HEX: Final = re.compile(r"[0-9a-f]+")
_TRIES: Final = 40
_AGE: Final = 40
"""Days by which a date of birth moves at most."""
_CALENDAR: Final = (1000, 9000)


class Disguise:
    """Replaces texts. `originals` are all texts that will be replaced: no stand-in is a word of one of them."""

    def __init__(self, secret: bytes, originals: Iterable[str]) -> None:
        self._secret = secret
        self._taken: set[str] = set()
        self._phones: set[str] = set()
        for text in originals:
            self._taken |= set(words_of(text))
            self._phones.add(_digits(text))
        self._lengths = Counter(len(word) for word in self._taken if word.isdecimal())
        self._words: dict[str, str] = {}
        self._others: dict[str, str] = {}
        self._births: dict[date, date] = {}

    def text(self, text: str, *, phones: bool = False) -> str:
        """Return a text with every word and number replaced; with `phones`, runs of digits are telephone numbers."""

        def replaced(found: re.Match[str]) -> str:
            if found["email"]:
                return self._email(found["email"])
            if found["address"]:
                return self._address(found["address"])
            if phones and found["phone"]:
                return self._phone(found["phone"])
            return self.word(found[0])

        return (_WITH_PHONES if phones else _PARTS).sub(replaced, text)

    def words(self, text: str, known: Iterable[str]) -> str:
        """Return a text with these words replaced, and no others."""
        chosen = set(known)
        return TOKEN.sub(lambda found: self.word(found[0]) if _folded(found[0]) in chosen else found[0], text)

    def word(self, word: str) -> str:
        """Return the stand-in of a word or a number: case, accents and leading noughts are as they were."""
        key = _folded(word)
        if key.strip("0") == "":
            return word
        if key not in self._words:
            self._words[key] = self._made_up(key)
            self._taken.add(self._words[key])
        return _as_written(word, self._words[key])

    def birth(self, day: date) -> date:
        """Return another day of about the same age; if there is room, one that nobody was born on, and each for one.

        A day at an end of the calendar, which systems write for none, stays.
        """
        if not _CALENDAR[0] < day.year < _CALENDAR[1]:
            return day
        if day not in self._births:
            numbers = self._numbers(f"birth {day}")
            drawn = [
                day + timedelta(days=(next(numbers) % _AGE + 1) * (1 if next(numbers) % 2 else -1))
                for _ in range(_TRIES)
            ]
            free = (each for each in drawn if each.isoformat() not in self._taken)
            self._births[day] = next(free, drawn[0])
            self._taken.add(self._births[day].isoformat())
        return self._births[day]

    def know_birth(self, day: date) -> None:
        """Take note of a date of birth, before any is replaced."""
        self._taken.add(day.isoformat())

    def _made_up(self, key: str) -> str:
        """Return a word that stands for none yet, and is no original."""
        for tried, numbers in enumerate(self._draws(f"word {key}")):
            made = _drawn(key, numbers, self._longer(key) + tried // _TRIES)
            if made not in self._taken or (len(key) == 1 and tried > _TRIES and made != key):
                return made
        raise AssertionError("there is always a longer one")

    def _longer(self, key: str) -> int:
        """Return how much longer a number is made, so that those of its length do not run out."""
        body = key.lstrip("0")
        if not key.isdecimal():
            return 0
        return int(9 * 10 ** (len(body) - 1) < 4 * self._lengths[len(key)] + 40)

    def _email(self, text: str) -> str:
        local, _, domain = text.rpartition("@")
        return f"{TOKEN.sub(lambda found: self.word(found[0]), local)}@{self._domain(domain)}"

    def _address(self, text: str) -> str:
        begin, host = re.match(r"((?:https?://)?(?:www\.)?)(.*)", text, re.IGNORECASE | re.DOTALL).groups()  # type: ignore[union-attr]
        return f"{begin}{self._domain(host)}"

    def _domain(self, text: str) -> str:
        """Return a domain of those that are nobody's."""
        key = f"domain {text.casefold()}"
        if key not in self._others:
            made = (f"{_drawn('a' * 7, numbers, 0)}.example" for numbers in self._draws(key))
            self._others[key] = next(each for each in made if each not in self._taken)
            self._taken.add(self._others[key])
        return self._others[key].upper() if text.isupper() else self._others[key]

    def _phone(self, text: str) -> str:
        digits, key = _digits(text), f"phone {_digits(text)}"
        if key not in self._others:
            kept = digits[:2] if len(digits) >= 9 else digits[:1]
            made = (
                kept + "".join(str(next(numbers) % 10) for _ in digits[len(kept) :]) for numbers in self._draws(key)
            )
            self._others[key] = next(each for each in made if each not in self._phones)
            self._phones.add(self._others[key])
        own = iter(self._others[key])
        return "".join(next(own) if char.isdecimal() else char for char in text)

    def _draws(self, what: str) -> Iterator[Iterator[int]]:
        """Yield one stream of numbers after the other, each made of the secret and of what is replaced."""
        for number in range(10_000):
            yield self._numbers(f"{number} {what}")

    def _numbers(self, seed: str) -> Iterator[int]:
        block = 0
        while True:
            digest = hmac.new(self._secret, f"{block} {seed}".encode(), hashlib.sha256).digest()
            yield from (int.from_bytes(digest[at : at + 4], "big") for at in range(0, 32, 4))
            block += 1


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text, in the form in which they are compared."""
    return [_folded(found[0]) for found in TOKEN.finditer(text)]


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _drawn(key: str, numbers: Iterator[int], longer: int) -> str:
    """Return a word of the same kind and length as another."""
    if key.isdecimal():
        noughts = len(key) - len(key.lstrip("0"))
        digits = [str(next(numbers) % 10) for _ in range(len(key) - noughts - 1 + longer)]
        return "0" * noughts + str(next(numbers) % 9 + 1) + "".join(digits)
    if key.isalpha() and all(_is_latin(char) for char in key):
        return _pronounced(key, numbers, longer)
    letters = 6 if _HEX.fullmatch(key) else 26
    made = "".join(_of_its_kind(char, numbers, letters) for char in key)
    return made + "".join(str(next(numbers) % 10) for _ in range(longer))


def _pronounced(key: str, numbers: Iterator[int], longer: int) -> str:
    length = len(key) + longer
    if len(key) < 3:
        made = "".join(chr(ord("a") + next(numbers) % 26) for _ in range(length))
    else:
        start = next(numbers) % 2
        kinds = (_CONSONANTS if (at + start) % 2 == 0 else _VOWELS for at in range(length))
        made = "".join(kind[next(numbers) % len(kind)] for kind in kinds)
    if key.isascii():
        return made
    at = next((index for index, char in enumerate(made) if char in _VOWELS), None)
    return made if at is None else f"{made[:at]}{_ACCENTED[_VOWELS.index(made[at])]}{made[at + 1 :]}"


def _is_latin(char: str) -> bool:
    return ord(char) < 0x250 or 0x1E00 <= ord(char) < 0x1F00


def _of_its_kind(char: str, numbers: Iterator[int], letters: int) -> str:
    """Return a digit for a digit, a letter for a letter; of another script, one that stands near it there."""
    if char.isdecimal():
        return str(next(numbers) % 10)
    if _is_latin(char):
        return chr(ord("a") + next(numbers) % letters)
    block = ord(char) & ~0x3F
    near = [
        chr(point)
        for point in range(block, block + 0x40)
        if chr(point).isalpha() and chr(point).casefold() == chr(point)
    ]
    return near[next(numbers) % len(near)] if near else char


def _as_written(word: str, made: str) -> str:
    """Return a stand-in in the case of a word, and with its accents put together or apart as there."""
    if word.isupper():
        written = made.upper()
    elif word.islower():
        written = made
    elif word[:1].isupper() and word[1:].islower():
        written = made[:1].upper() + made[1:]
    else:
        marks = [char.isupper() for char in unicodedata.normalize("NFC", word)]
        written = "".join(char.upper() if at < len(marks) and marks[at] else char for at, char in enumerate(made))
    composed = unicodedata.normalize("NFC", word) == word
    return written if composed else unicodedata.normalize("NFD", written)
