"""What stands in a new school file where somebody must fill in a value: written by one, told by the check of it.

Next: `spec/check_school`.
"""

from __future__ import annotations

import re
from typing import Final

from engine.spec.source import ConfigItem

URL: Final = "https://to-be-filled-in.example"
_TEXT: Final = "to-be-filled-in"


def placeholder_of(item: ConfigItem) -> str:
    """Return what stands for a value: zeros where its form is so many digits, else words that say so."""
    if item.type == "url":
        return URL
    digits = re.fullmatch(r"\\d(?:\{(\d+)\}|\+)", item.pattern or "")
    return "0" * int(digits[1] or 1) if digits else _TEXT
