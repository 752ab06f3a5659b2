"""Both APIs of the simulated iSAMS, asked as a source document says: seven keys, filters, tokens by key, and fan-out.

The Batch API is asked for JSON here, so that what is looked at is the requests and not how XML is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from engine.clock import Clock
from engine.errors import SourceRefused
from engine.run.records import extract_sets
from engine.simulators.isams import SIMULATOR
from engine.simulators.isams.key import SEVEN
from engine.spec.project import open_project

pytestmark = pytest.mark.e2e

BODY = (
    "<Filters><MethodsToRun>{% for each in asked %}<Method>{{ each.method }}</Method>{% endfor %}</MethodsToRun>"
    "{% for parent in filtered %}<{{ parent.name }}>{% for each in parent.elements %}<{{ each.name }}"
    '{% for filter in each.filters %} {{ filter.name }}="{{ filter.value }}"{% endfor %}/>{% endfor %}'
    "</{{ parent.name }}>{% endfor %}</Filters>"
)
PLACES = {
    "pupils": ("Pupil_GetCurrentPupils", "PupilManager.CurrentPupils.Pupil"),
    "contacts": ("ContactAdvanced_GetContacts", "PupilManager.Contacts.Contact"),
    "staff": ("HumanResources_GetCurrentStaff", "HRManager.CurrentStaff.StaffMember"),
    "years": ("School_GetAllYears", "SchoolManager.Years.Year"),
    "forms": ("School_GetSchoolForms", "SchoolManager.Forms.Form"),
    "subject_sets": ("Teaching_GetTeachingSets", "TeachingManager.Sets.Set"),
    "set_lists": ("Teaching_GetTeachingSetLists", "TeachingManager.SetLists.SetList"),
}


def a_token(client: str, secret: str, scope: str) -> dict[str, Any]:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
    return {
        "kind": "token",
        "request": {"url": "{{ config.host }}/auth/connect/token", "form": form},
        "token": "$.access_token",
        "expires_in": "$.expires_in",
        "header": {"name": "Authorization", "value": "Bearer {{ token }}"},
    }


def a_source() -> dict[str, Any]:
    methods: dict[str, Any] = {method: {} for method, _ in PLACES.values()}
    methods["ContactAdvanced_GetContacts"] = {
        "element": "StudentManager/Contacts",
        "filters": {"SystemStatusesToInclude": {}},
        "needs_filter": True,
    }
    sets = {
        name: {"records": f"$.iSAMS.{place}", "ask": {"method": method}, "fields": {"Id": {"at": "$['@Id']"}}}
        for name, (method, place) in PLACES.items()
    }
    sets["contacts"]["ask"]["filters"] = {"SystemStatusesToInclude": "1"}
    things = {"records": "$.contacts", "fields": {"id": {}, "pupil": {}}}
    return {
        "source": "school_api",
        "config": {
            "host": {"type": "url"},
            "client_id": {"default": ""},
            "client_secret": {"type": "secret", "default": ""},
            "keys": {"type": "keys", "secrets": ["secret"]},
        },
        "apis": {
            "batch": {
                "base_url": "{{ config.host }}/api/batch/1.0",
                "auth": {**a_token("{{ key }}", "{{ secrets.secret }}", "apiv1"), "if_given": "secret"},
                "params": {"apiKey": "{{ key }}"},
                "retry": {"attempts": 2, "wait": "1ms"},
                "pages": {"kind": "none"},
                "methods": methods,
            },
            "rest": {
                "base_url": "{{ config.host }}/api",
                "auth": a_token("{{ config.client_id }}", "{{ config.client_secret }}", "restapi"),
                "pages": {
                    "kind": "number",
                    "param": "page",
                    "size": {"param": "pageSize", "value": 50},
                    "last": {"at": "$.totalPages"},
                    "total": "$.totalCount",
                },
                "rates": {"connections": 4},
            },
        },
        "formats": {"omits_null": True},
        "endpoints": {
            "batch": {
                "api": "batch",
                "post": "json.ashx",
                "per": "keys",
                "body": {"type": "application/xml", "text": BODY},
                "sets": sets,
            },
            "students": {
                "api": "rest",
                "get": "students",
                "sets": {"students": {"records": "$.students", "key": "schoolId", "fields": {"schoolId": {}}}},
            },
            "contact_list": {
                "api": "rest",
                "get": "students/contacts",
                "sets": {"contact_list": {"records": "$.contacts", "key": "id", "fields": {"id": {}, "schoolIds": {}}}},
            },
            "contacts_of": {
                "api": "rest",
                "get": "students/{{ each.pupil }}/contacts",
                "pages": {"kind": "none"},
                "for_each": {"set": "students", "keep": {"pupil": "schoolId"}},
                "sets": {"contacts_of": things},
            },
        },
    }


class SetClock(Clock):
    def now(self) -> datetime:
        return datetime(2026, 3, 4, 3, tzinfo=UTC)


Read = Callable[..., dict[str, pl.DataFrame]]


@pytest.fixture
def school() -> Iterator[SIMULATOR]:
    with SIMULATOR(pupils=40) as found:
        yield found


@pytest.fixture
def read(school: SIMULATOR, tmp_path: Path) -> Read:
    def of(*only: str, secrets: bool = False, without: str = "") -> dict[str, pl.DataFrame]:
        config, environ, keys = school.config, {"REST": school.config["client_secret"]}, {}
        for name, methods in SEVEN.items():
            own = [method for method in methods if method in {method for method, _ in PLACES.values()}]
            variable = name.upper().replace("-", "_")
            given: dict[str, Any] = {"key": {"env": variable}, "methods": [each for each in own if each != without]}
            environ |= {variable: config["keys"][name], f"{variable}_SECRET": config["key_secrets"][name]}
            if secrets:
                given["secrets"] = {"secret": {"env": f"{variable}_SECRET"}}
            if given["methods"]:
                keys[name.replace("-", "_")] = given
        own_config = {"host": school.url, "client_id": config["client_id"], "client_secret": {"env": "REST"}}
        content = {"school": "brook", "source": "school_api", "config": {**own_config, "keys": keys}, "entities": ["a"]}
        for name, document in (("mappings/school_api/source.yaml", a_source()), ("schools/brook.yaml", content)):
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        project, out = open_project(tmp_path), tmp_path / "out"
        facts = extract_sets(project, "brook", only, out, environ, lambda event: None, SetClock())
        return {each.set_name: pl.read_parquet(each.file) for each in facts}

    return of


def test_each_key_is_asked_once_for_what_it_opens(school: SIMULATOR, read: Read) -> None:
    found = read(*PLACES)
    assert set(found) == set(PLACES)
    assert all(len(frame) and frame["Id"].null_count() == 0 for frame in found.values())
    asked = [(each.key, each.methods, each.status) for each in school.batch.reads]
    assert asked == [
        ("students", ("Pupil_GetCurrentPupils",), 200),
        ("contacts", ("ContactAdvanced_GetContacts",), 200),
        ("staff", ("HumanResources_GetCurrentStaff",), 200),
        ("structure", ("School_GetAllYears", "School_GetSchoolForms"), 200),
        ("teaching", ("Teaching_GetTeachingSets",), 200),
        ("set-lists", ("Teaching_GetTeachingSetLists",), 200),
    ]


def test_only_the_keys_of_what_is_wanted_are_asked(school: SIMULATOR, read: Read) -> None:
    read("forms")
    assert [(each.key, each.methods) for each in school.batch.reads] == [("structure", ("School_GetSchoolForms",))]


@pytest.mark.parametrize("oauth", ["optional", "required"])
def test_a_key_with_a_secret_gets_a_token_of_its_own(oauth: str, school: SIMULATOR, read: Read) -> None:
    school.batch.keys = [type(key)(**{**vars(key), "oauth": oauth}) for key in school.batch.keys]
    assert len(read("pupils", "staff", secrets=True)["staff"])
    tokens = [each for each in school.requests if each.path == "/auth/connect/token"]
    assert len(tokens) == 2
    if oauth == "required":
        with pytest.raises(SourceRefused) as caught:
            read("pupils")
        assert not any(guid in caught.value.what for guid in school.config["keys"].values())


def test_one_request_is_made_for_each_student(school: SIMULATOR, read: Read) -> None:
    found = read("contacts_of")
    students = set(found["students"]["schoolId"])
    assert len(students) == 40
    paths = [each.path for each in school.requests if each.path.endswith("/contacts")]
    assert sorted(paths) == sorted(f"/api/students/{key}/contacts" for key in students)
    listed = read("contact_list")["contact_list"]
    expected = {(row["id"], key) for row in listed.to_dicts() for key in json.loads(row["schoolIds"])}
    assert set(found["contacts_of"].select("id", "pupil").rows()) == expected
    assert len(expected) > 40
