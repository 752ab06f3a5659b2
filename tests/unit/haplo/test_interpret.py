"""What `interpret` promises besides the cases: places of findings, callbacks, counts, memory of a long job."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from engine.haplo.application import Application
from engine.haplo.interpret import Finding, Outcome, Stop, interpret

CLUB = "x:type:club"
APPLICATION = Application.from_case(
    {
        "attributes": [
            {"code": "dc:attribute:title", "type": "text"},
            {"code": "std:attribute:email", "type": "email-address"},
            {"code": "x:attribute:born", "type": "datetime"},
            {"code": "std:attribute:configured-behaviour", "type": "configuration-name"},
        ],
        "types": [
            {
                "code": CLUB,
                "attributes": [
                    "dc:attribute:title",
                    "std:attribute:email",
                    "x:attribute:born",
                    "std:attribute:configured-behaviour",
                ],
            }
        ],
        "autoModels": [CLUB],
    }
)
NEW = {"action": "new", "destination": "object"}
TITLE = {"source": "title", "destination": "object", "name": "dc:attribute:title"}
EMAIL = {"source": "email", "destination": "object", "name": "std:attribute:email"}


def run(instructions: list[Any], *records: Any, **options: Any) -> Outcome:
    control = {
        "dataImportControlFileVersion": 0,
        "model": f"TYPE:{CLUB}",
        "files": {"DEFAULT": {"read": "json"}},
        "instructions": instructions,
    }
    return interpret(control, {"data": json.dumps(records).encode()}, APPLICATION, **options)


def test_findings_lead_back_to_their_instruction() -> None:
    branch = {"action": "if-exists", "source": "email", "then": [EMAIL]}
    outcome = run([NEW, TITLE, branch], {"title": "Chess", "email": "nobody"})

    assert outcome.findings == [
        Finding(
            "Invalid email address for input field email: nobody (record 0)",
            "Invalid email address for input field email",
            0,
            (2, "then", 0),
        )
    ]


def test_a_stop_leads_back_to_its_instruction() -> None:
    date_of_birth = {"source": "d", "destination": "object", "name": "x:attribute:born", "dateFormat": "yyyy"}
    loop = {"action": "for-each", "source": "all", "instructions": [NEW, TITLE, date_of_birth]}
    outcome = run([NEW, TITLE, loop], {"title": "Chess", "all": [{"title": "Judo", "d": "soon"}]})

    assert outcome.exception == Stop(
        "record",
        0,
        "org.haplo.javascript.OAPIException: null and undefined cannot be appended to a StoreObject",
        "org.haplo.javascript.OAPIException: null and undefined cannot be appended to a StoreObject",
        (2, "instructions", 2),
    )


def test_a_fault_in_our_own_words_has_no_message_but_a_reason() -> None:
    stop = run([NEW, TITLE], None).exception
    assert stop is not None
    assert (stop.message, stop.why, stop.path) == (None, "a field was looked up in a null record", (1,))


def test_messages_past_the_limit_are_counted_by_instruction() -> None:
    outcome = run([{"action": "abort-record", "message": "no"}], *({} for _ in range(600)))

    assert (outcome.error_count, len(outcome.errors), len(outcome.findings)) == (600, 500, 499)
    assert outcome.counts == {((0,), "no"): 600}


def test_objects_without_a_title_are_abandoned_unless_told_otherwise() -> None:
    outcome = run([NEW, EMAIL], {"email": "a@example.org"}, {"email": "b@example.org"})
    assert outcome.complete == 0
    assert outcome.errors == [
        "dc:attribute:title is not set in object object (record 0)",
        "To set defaults for dc:attribute:title, see example of if-has-value instruction at "
        "https://docs.haplo.org/import/control/instruction/if-has-value (record 0)",
        "dc:attribute:title is not set in object object (record 1)",
    ]

    assert run([NEW, EMAIL], {"email": "a@example.org"}, titles_required=False).complete == 1


def test_entries_go_to_the_callback_and_need_not_be_kept() -> None:
    seen: list[dict[str, Any]] = []
    outcome = run([NEW, TITLE], {"title": "Chess"}, keep_committed=False, on_commit=seen.append)

    assert outcome.committed == []
    assert [entry["values"]["dc:attribute:title"] for entry in seen] == [["Chess"]]


UPSERT = [
    {"source": "code", "destination": "load:by-ref", "name": "ref", "filters": ["haplo:code-to-ref"]},
    {"action": "load", "destination": "object", "using": "load:by-ref", "otherwise": [NEW]},
    {"source": "code", "destination": "object", "name": "std:attribute:configured-behaviour"},
    TITLE,
]


@pytest.mark.parametrize("keep", [True, False])
def test_objects_of_the_same_job_are_found_by_code(keep: bool) -> None:
    records = [{"code": "x:a", "title": "A"}, {"code": "x:a", "title": "A"}, {"code": "x:a", "title": "B"}]
    outcome = run(UPSERT, *records, keep_committed=keep)
    assert (outcome.created, outcome.unchanged, outcome.updated) == (1, 1, 1)


def test_a_dry_run_saves_nothing_to_be_found() -> None:
    outcome = run(UPSERT, {"code": "x:a", "title": "A"}, {"code": "x:a", "title": "B"}, save=False)
    assert (outcome.complete, outcome.created, outcome.updated, outcome.committed) == (2, 0, 0, [])


def test_a_job_does_not_change_the_application() -> None:
    before = [dict(one.values) for one in APPLICATION.objects]
    run(UPSERT, {"code": "x:a", "title": "A"})
    assert [one.values for one in APPLICATION.objects] == before
    assert run(UPSERT, {"code": "x:a", "title": "A"}).created == 1


def test_today_decides_what_two_digits_of_a_year_mean() -> None:
    born = {"source": "d", "destination": "object", "name": "x:attribute:born", "dateFormat": "dd/MM/yy"}
    outcome = run([NEW, TITLE, born], {"title": "A", "d": "01/09/30"}, today=date(2005, 1, 1))
    assert outcome.committed[0]["values"]["x:attribute:born"] == [{"type": "datetime", "date": "1930-09-01"}]
