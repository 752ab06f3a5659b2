"""Names of persons and postal addresses."""

from __future__ import annotations

from typing import Any

import pytest

from engine.haplo.countries import COUNTRIES
from engine.haplo.outcome import StopError
from engine.haplo.structured import person_name, person_title, postal_address


def test_there_are_247_countries() -> None:
    # ISO 3166-1 has 249; four came after Haplo's table, and two are in it besides.
    assert len(COUNTRIES) == 249 - 4 + 2
    assert {"GB", "AN", "XK"} <= COUNTRIES
    assert COUNTRIES.isdisjoint({"UK", "BQ", "CW", "SS", "SX", "gb"})


@pytest.mark.parametrize("value", [None, "Carr", 5, ["Carr"], {}, {"last": ""}, {"first": "Ann"}])
def test_no_name_without_a_last_part(value: Any) -> None:
    assert person_name(value) is None


@pytest.mark.parametrize("value", [{"last": "Carr", "forename": "A"}, {"last": "Carr", "first": None}])
def test_parts_that_the_platform_does_not_take_stop_the_job(value: Any) -> None:
    with pytest.raises(StopError):
        person_name(value)


def test_a_name_as_a_title() -> None:
    assert person_title({"type": "person-name", "last": "Carr", "title": "Dr", "first": "Ann"}) == "Dr Ann Carr"


def test_parts_of_an_address_are_kept_as_they_are() -> None:
    reported: list[str] = []
    made = postal_address({"country": "GB", "street1": " 1 High Street "}, lambda _, message: reported.append(message))
    assert made == {"type": "postal-address", "street1": " 1 High Street ", "country": "GB"}
    assert reported == []


def test_a_message_without_the_address_goes_with_the_one_that_has_it() -> None:
    reported: list[tuple[str, str]] = []
    postal_address({"street1": "1 High Street"}, lambda *both: reported.append(both))
    words = "Missing or invalid country code in postal address, must be two letter ISO code"
    assert reported == [(words, f'{words}: {{"street1":"1 High Street"}}')]
