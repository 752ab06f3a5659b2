"""Every declared endpoint of HUBmis read once, in the forms that the document shows; the network is a function here."""

from __future__ import annotations

import io
import json
import re
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from mapped import project
from test_hubmis_endpoints import SCHOOL, STUDENT, write

from engine.clock import Clock
from engine.run.records import extract_sets
from engine.spec.project import open_project
from engine.spec.source import Endpoint, RecordSet
from engine.stages.land import SetFacts
from engine.stages.transport import Head, Request, Transport

SOURCE = project().source("hubmis")
ROOT = "https://api.hubmis.com/api/"
VALUES: dict[str, Any] = {
    "integer": 7,
    "boolean": True,
    "date": "2019-08-24",
    "datetime": "2019-08-24T14:15:22Z",
    "time": "08:00:00",
    "list": [],
}
"""Values as the document writes them, by type."""
PAGES = {1: (1, 2), 2: (3,)}
"""Records of a paged list: a page of two, then a shorter one."""


class Noon(Clock):
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)


def record(record_set: RecordSet, endpoint: Endpoint, number: int) -> dict[str, Any]:
    """A record with every field that is declared, nested as its path says; ids are numbers."""
    found: dict[str, Any] = {}
    kept = {} if endpoint.for_each is None else endpoint.for_each.keep
    for name, field in record_set.fields.items():
        if name in kept:
            continue
        *way, last = [step.removeprefix("['").removesuffix("']") for step in field.paths(name)[0].split(".")]
        place = found
        for step in way:
            place = place.setdefault(step, {})
        place[last] = number if last == "id" else VALUES.get(field.type, "x")
    return {**found, **dict.fromkeys(record_set.known, "x")}


class Service:
    """Answers any declared endpoint: three records to a paged list, two to others, one where one is asked for.

    Only the latest token counts, and that for so many requests as `lasts` says.
    """

    def __init__(self, lasts: int = 1000) -> None:
        self.requests: list[Request] = []
        self.tokens, self.refused, self._lasts, self._left = 0, 0, lasts, 0
        self._lock = threading.Lock()
        self._places = [
            (re.compile(re.sub(r"\\\{\\\{.*?\\\}\\\}", "[0-9]+", re.escape(each.path))), name)
            for name, each in SOURCE.endpoints.items()
        ]

    def send(self, transport: Transport, request: Request, into: io.BytesIO) -> Head:
        with self._lock:
            if request.url == f"{ROOT}v1/token":
                status, answer = 200, self._token(request)
            elif self._left and request.headers["Authorization"] == f"Bearer abc{self.tokens}.xyz":
                self._left -= 1
                status, answer = 200, self._answer(request)
            else:
                self.refused += 1
                status, answer = 401, {"message": "Unauthenticated."}
        into.write(json.dumps(answer).encode())
        return Head(status, {"x-ratelimit-remaining": "499"})

    def _token(self, request: Request) -> dict[str, Any]:
        self.tokens, self._left = self.tokens + 1, self._lasts
        asked = {"grant_type": "client_credentials", "client_id": "abc", "client_secret": "hush"}
        assert (request.method, request.form) == ("POST", asked)
        return {"token_type": "Bearer", "expires_in": 900, "access_token": f"abc{self.tokens}.xyz"}

    def name(self, request: Request) -> str:
        """The endpoint that a request is for; several share the path of one operation."""
        path = request.url.removeprefix(ROOT)
        found = [name for pattern, name in self._places if pattern.fullmatch(path)]
        asked = request.name.split("'")[1]
        assert asked in found, path
        return asked

    def _answer(self, request: Request) -> Any:
        self.requests.append(request)
        endpoint = SOURCE.endpoints[self.name(request)]
        (record_set,) = endpoint.sets.values()
        numbers: tuple[int, ...] = (1, 2)
        if endpoint.pages is not None:
            numbers = PAGES[int(request.params["page[number]"])]
        if record_set.one:
            last = request.url.rpartition("/")[2]
            return record(record_set, endpoint, int(last) if last.isdecimal() else 1)
        found = [record(record_set, endpoint, number) for number in numbers]
        return found if record_set.records == "$" else {record_set.records.removeprefix("$."): found}


def landed(folder: Path, service: Service, wanted: list[str]) -> dict[str, SetFacts]:
    """Read sets from a service; what landed of each, by name."""
    write(folder, {"schools/brook.yaml": SCHOOL, "mappings/hubmis/student.yaml": STUDENT})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", lambda transport, request, into: service.send(transport, request, into))
        own = open_project(folder)
        facts = extract_sets(own, "brook", wanted, folder / "out", {"SECRET": "hush"}, lambda event: None, Noon())
    return {each.set_name: each for each in facts}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What landed of every set, by name, and the service."""
    service = Service()
    return landed(tmp_path_factory.mktemp("reads"), service, [name for _, name, _ in SOURCE.sets()]), service


@pytest.mark.parametrize("name", [name for _, name, _ in SOURCE.sets()])
def test_all_that_is_declared_comes_and_is_told_apart(name, read):
    facts = read[0][name]
    assert facts.rows > 0
    assert facts.repeated in (0, None)
    assert set(facts.absent) == set()
    assert list(facts.drift) == []


def test_lists_and_single_records_are_read_as_the_paths_say(read):
    """Worked out from what the service gives: three students in two pages, two e-mail addresses each."""
    facts = read[0]
    students = pl.read_parquet(facts["students"].file)
    assert students["id"].to_list() == ["1", "2", "3"]
    assert students["form_id"].to_list() == ["1", "2", "3"]
    assert set(students["form"]) == {"x"}
    emails = pl.read_parquet(facts["student_email_addresses"].file)
    assert emails.select("student", "id").rows() == [(each, own) for each in "123" for own in "12"]
    assert set(emails["type"]) == {"x"}
    assert pl.read_parquet(facts["student_consent"].file)["student"].to_list() == ["1", "2", "3"]
    reviews = pl.read_parquet(facts["student_learning_support_reviews"].file)
    assert reviews.height == 3 * 3
    addresses = pl.read_parquet(facts["staff_address_details"].file)
    assert addresses.select("staff", "id").rows() == [(each, own) for each in "123" for own in "12"]


def test_each_request_is_sent_once_with_the_realm_and_a_token(read):
    """One token for all levels of records that others are asked for: students, their reviews, what is in a review."""
    service = read[1]
    assert service.tokens == 1
    asked = Counter((each.name, each.url, tuple(sorted(each.params.items()))) for each in service.requests)
    assert {each.headers["Realm"] for each in service.requests} == {"S999"}
    assert service.refused == 0
    with_year = {service.name(each) for each in service.requests if each.headers.get("academic-year-id") == "12"}
    assert with_year == {"students", "student_details", "house_details", "house_students"}
    assert [each for each, times in asked.items() if times > 1] == []
    today = next(each for each in service.requests if each.url.endswith("students/1/timetable/calendar"))
    assert today.params == dict.fromkeys(("filter[dateFrom]", "filter[dateTo]", "filter[date]"), "2026-03-02")


def test_a_token_that_ends_early_is_renewed_once_and_nothing_is_lost(tmp_path):
    """It claims 900 seconds and lasts for two requests: the same request is sent again with another."""
    service = Service(lasts=2)
    facts = landed(tmp_path, service, ["student_email_addresses", "student_contacts"])
    assert [facts[name].rows for name in ("students", "student_email_addresses", "student_contacts")] == [3, 6, 6]
    asked = Counter((each.name, each.url) for each in service.requests if each.url != f"{ROOT}v1/students")
    assert (len(asked), set(asked.values())) == (6, {1})
    assert service.tokens == 4, "two pages of students, then two for each token"
    assert service.refused > 0


def test_the_limit_is_that_of_the_document():
    rates = SOURCE.apis["main"].rates
    (limit,) = rates.limits
    assert (limit.per, limit.by, limit.burst, limit.refill) == ("client", "{{ config.client_id }}", 500, "1 per 5s")
    assert limit.left == "X-RateLimit-Remaining"
    assert (rates.retry_at[0].header, rates.retry_at[0].as_) == ("X-RateLimit-Retry-After", "unix")
