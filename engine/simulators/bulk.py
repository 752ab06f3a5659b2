"""A great many rows of Students, quickly, for benchmarks: alike but for names, numbers and dates.

Next: `xporter`.
"""

from __future__ import annotations

from engine.simulators import pool
from engine.simulators.message import encode
from engine.simulators.school import build_school
from engine.simulators.table import Table
from engine.simulators.wire import set_makers

_MARK = "@@"
_VARYING = (
    "Id",
    "ExternalId",
    "IdaasId",
    "Forename",
    "Surname",
    "AdmissionNo",
    "DateofBirth",
    "PostCode",
    "RowHash",
)


def bulk_columns(count: int) -> list[str]:
    """The names of the columns of bulk rows: the first ones of Students."""
    return list(_template_row(count))


def bulk_table(count: int, columns: int = 45, seed: int = 1) -> Table:
    """So many rows of so many columns, about a kilobyte each at 45."""
    row = _template_row(columns)
    varying = [name for name in row if name in _VARYING]
    marked = {name: _MARK + name if name in _VARYING else value for name, value in row.items()}
    template = encode(marked).replace(b"%", b"%%")
    for name in varying:
        template = template.replace(f'{_MARK}{name}"'.encode(), b'%b"')
    order = [name.encode() for name in varying]
    rows = [template % _values(order, number, seed) for number in range(1, count + 1)]
    return Table(rows)


def _template_row(columns: int) -> dict[str, object]:
    values = set_makers(build_school(40))["Students"]()[20].values
    if not 1 <= columns <= len(values):
        raise ValueError(f"columns is between 1 and {len(values)}")
    return dict(list(values.items())[:columns])


def _values(order: list[bytes], number: int, seed: int) -> tuple[bytes, ...]:
    made = {
        b"Id": b"%d" % number,
        b"ExternalId": b"%08x-0000-4000-a000-%012x" % (seed, number),
        b"IdaasId": b"PL-%d" % number,
        b"Forename": pool.GIRLS[number % len(pool.GIRLS)].encode(),
        b"Surname": pool.SURNAMES[number // 7 % len(pool.SURNAMES)].encode(),
        b"AdmissionNo": b"%06d" % number,
        b"DateofBirth": b"%d-%02d-%02d" % (2008 + number % 7, 1 + number % 12, 1 + number % 28),
        b"PostCode": b"ZZ%d %dAB" % (10 + number % 90, number % 10),
        b"RowHash": b"%040X" % (number * 2654435761),
    }
    return tuple([made[name] for name in order])
