"""Whom clients of HTTP trust: read once, because that takes longer than many a request. Imports httpx inside.

Next: `stages/transport`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@cache
def trusted() -> ssl.SSLContext:
    """Return the certificates that this machine's user trusts: httpx's own, or those of SSL_CERT_FILE."""
    import httpx

    return httpx.create_ssl_context()
