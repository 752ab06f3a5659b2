"""What values mean to the script language that Haplo's import is written in.

Data is JSON, so a value is None, a bool, a number, a str, a list or a dict. Whole numbers beyond 2**53 stay
Python ints until they are looked at: `number` and `text` then see the double that the script would see.
Stands on the standard library. Next: `values`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

EXACT: Final = 2**53
_INDEX: Final = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z")
_LAST_INDEX: Final = 2**31 - 1
_FLOAT: Final = re.compile(r"[+-]?(?:Infinity|[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)")
_BLANK: Final = " \t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


def is_empty(value: Any) -> bool:
    """Whether a field counts as not given: missing, null, false or "". Zero, [] and {} are values."""
    return value is None or value is False or (type(value) is str and not value)


def is_true(value: Any) -> bool:
    """Whether a condition on the value holds; lists and dicts always do, even empty ones."""
    return bool(value) or isinstance(value, (list, dict))


def is_number(value: Any) -> bool:
    """Whether the value is a number; True and False are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value: float) -> int | float:
    """The double nearest to a number, as an int where it is a whole one of usual size."""
    if isinstance(value, int):
        if -EXACT <= value <= EXACT:
            return value
        try:
            value = float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if math.isfinite(value) and value == int(value) and abs(value) < 1e21:
        # Past 2**53 the digits that a script writes, which are those that tell the double from its neighbours.
        return int(value) if -EXACT <= value <= EXACT else int(Decimal(repr(value)))
    return value


def number_text(value: float) -> str:
    """A number as the script writes it: 1.50 is 1.5, 1e21 is 1e+21, 10.0 is 10."""
    if isinstance(value, int) and -EXACT <= value <= EXACT:
        return str(value)
    value = float(number(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures, point = "".join(map(str, digits)), len(digits) + int(exponent)
    return ("-" if sign else "") + _placed(figures, point)


def _placed(figures: str, point: int) -> str:
    count = len(figures)
    if count <= point <= 21:
        return figures + "0" * (point - count)
    if 0 < point <= 21:
        return figures[:point] + "." + figures[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + figures
    power = point - 1
    mantissa = figures if count == 1 else f"{figures[0]}.{figures[1:]}"
    return f"{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def text(value: Any) -> str:
    """The text form of a value, as in a message or as a key of a mapping."""
    if type(value) is str:
        return value
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, list):
        return ",".join("" if item is None else text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def as_read(value: Any) -> Any:
    """JSON as a script holds it: whole numbers past 2**53 are doubles, also within lists and objects."""
    if isinstance(value, dict):
        return {key: as_read(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_read(one) for one in value]
    return number(value) if is_number(value) else value


def read_number(written: str) -> float | None:
    """The number that a text begins with, after white space; None when it begins with none."""
    found = _FLOAT.match(written.lstrip(_BLANK))
    return None if found is None else float(found[0])


def same(one: Any, other: Any) -> bool:
    """Strict equality: type and value. Two lists or dicts are never the same."""
    if is_number(one) and is_number(other):
        return number(one) == number(other)
    if isinstance(one, (list, dict)) or isinstance(other, (list, dict)):
        return False
    return type(one) is type(other) and bool(one == other)


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys in the order in which a script object gives them: whole numbers first, by size."""
    names = list(keys)
    numbered = [name for name in names if index_of(name) is not None]
    if not numbered:
        return names
    return sorted(numbered, key=int) + [name for name in names if index_of(name) is None]


def walk(value: Any) -> Iterator[Any]:
    """Elements of a list, values of an object, characters of a string; nothing for anything else."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        yield from _units(value)
    elif isinstance(value, dict):
        length = value.get("length")
        if is_number(length):
            # A numeric `length` makes an object look like a list.
            yield from (value.get(str(index)) for index in range(math.ceil(value["length"])))
        else:
            yield from (value[key] for key in in_order(value))


def _units(written: str) -> Iterable[str]:
    if not any(character > "\uffff" for character in written):
        return written
    # Characters past U+FFFF are two to the script, which splits them.
    raw = written.encode("utf-16-le", "surrogatepass")
    return [chr(int.from_bytes(raw[at : at + 2], "little")) for at in range(0, len(raw), 2)]


def index_of(name: str) -> int | None:
    """The index that a name stands for in a list, if it is one."""
    return int(name) if _INDEX.match(name) and int(name) <= _LAST_INDEX else None


def parse_json(written: str) -> Any:
    """The value of a JSON text; ValueError when it is not one. Of duplicate keys the last counts."""
    try:
        return json.loads(written, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        # Python refuses to read whole numbers of thousands of digits; to a script they are infinite.
        return json.loads(written, parse_constant=_no_constant, parse_int=float)


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def to_json(value: Any) -> str:
    """The value as compact JSON, with numbers and the order of keys as the script has them."""
    if isinstance(value, dict):
        pairs = (f"{to_json(key)}:{to_json(value[key])}" for key in in_order(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_json, value)) + "]"
    if is_number(value):
        return number_text(value) if math.isfinite(number(value)) else "null"
    return json.dumps(value, ensure_ascii=False)
