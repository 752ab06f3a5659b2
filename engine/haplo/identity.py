"""How a row's key becomes the code by which Haplo finds the row's object again.

A code is `prefix:entity:escaped key`. Letters, digits and `-` of the key stay; every other UTF-8 byte becomes `_`
and two upper-case hexadecimal digits, so that any key fits Haplo's `configuration-name` and no two keys give one
code. The same in Python and in DuckDB's SQL. Stands on the standard library. Next: `record`.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

_KEPT: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
_LEFT_BY_URL_ENCODE: Final = (("_", "_5F"), (".", "_2E"), ("~", "_7E"), ("%", "_"))


def escape(key: str) -> str:
    """Return a key in the characters that a code may hold; no two keys give the same."""
    return "".join(chr(byte) if byte in _KEPT else f"_{byte:02X}" for byte in key.encode())


def code(prefix: str, entity: str, key: str) -> str:
    """Return the code of a row's object."""
    return f"{prefix}:{entity}:{escape(key)}"


def key_of(code: str) -> str | None:
    """Return the key that a code was made of; None where it is no code of ours."""
    prefix, _, rest = code.partition(":")
    entity, colon, escaped = rest.partition(":")
    if not (prefix and entity and colon):
        return None
    try:
        key = unquote_to_bytes(escaped.replace("_", "%")).decode()
    except UnicodeDecodeError:
        return None
    return key if escape(key) == escaped else None


def escape_sql(expression: str) -> str:
    """Return the SQL expression that does what `escape` does; most keys need no more than a look."""
    escaped = f"url_encode({expression})"
    for kept, written in _LEFT_BY_URL_ENCODE:
        escaped = f"replace({escaped}, '{kept}', '{written}')"
    return f"CASE WHEN regexp_full_match({expression}, '[A-Za-z0-9-]*') THEN {expression} ELSE {escaped} END"


def code_sql(prefix: str, entity: str, expression: str) -> str:
    """Return the SQL expression of a code; `prefix` and `entity` hold no quotes, by their own rules."""
    return f"'{prefix}:{entity}:' || ({escape_sql(expression)})"
