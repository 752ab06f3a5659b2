"""Xporter on loopback: the quirks of the wire, the token, paging, options, scopes and errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from engine.simulators.xporter import XporterSimulator

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]


def test_the_wire_looks_as_recorded(start: Start) -> None:
    answer = start().get("Students/", pageSize=2)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    body = answer.json()
    assert list(body) == ["Students", "StudentSiblings", "meta", "__pagination__"]
    student = body["Students"][0]
    assert list(student)[:6] == ["Id", "XID", "ExternalId", "IdaasId", "Forename", "Surname"]
    assert isinstance(student["Id"], str)
    assert student["FSMEligible"] in (0, 1, None)
    assert student["EAL"] in (0, 1)
    assert student["ServiceChild"] in ("0", "1")
    assert {"DateofBirth", "FSMEligible", "UPN"} <= set(student)
    assert not {"DateOfBirth", "FsmEligible", "GroupIds", "Photo"} & set(student)
    assert re.fullmatch(r"x[0-9A-Z]{6}", student["XID"])
    assert re.fullmatch(r"[0-9A-F]{40}", student["RowHash"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{2,3}", student["LastUpdated"])
    assert "\n" in student["AddressBlock"]
    assert body["meta"] == [{"Id": 1, "MIS": "simsnet", "Version": "4", "DateTime": "2026-03-02T02:14:47.085"}]


def test_groups_come_in_a_set_named_group_with_empty_secondary_sets(start: Start) -> None:
    body = start().read("Groups/")
    assert list(body)[:4] == ["Group", "StaffMembers", "StudentMembers", "GroupTypes"]
    assert body["StaffMembers"] == body["StudentMembers"] == body["GroupTypes"] == []
    names = {group["Name"] for group in body["Group"]}
    assert {"Year  7", "Year 10", "7A\\Hi"} <= names


def test_pages_hold_all_rows_once_and_the_last_has_no_next(start: Start) -> None:
    school = start()
    whole = [row["Id"] for row in school.read("Students/")["Students"]]
    paged: list[str] = []
    for page in range(1, 10):
        body = school.read("Students/", page=page, pageSize=7)
        pagination = body["__pagination__"][0]
        assert (pagination["RowCount"], pagination["PageCount"]) == (60, 9)
        assert pagination["NextPage"] == (f"?page={page + 1}&pageSize=7" if page < 9 else None)
        paged += [row["Id"] for row in body["Students"]]
    assert paged == whole
    assert len(set(whole)) == 60
    assert school.read("Students/", page=10, pagesize=7)["Students"] == []
    assert "page must be" in school.error("Students/", page=0)


def test_more_rows_than_the_limit_are_cut_without_a_word(start: Start) -> None:
    school = start(rows=100_015, columns=3)
    body = school.read("Students/")
    assert len(body["Students"]) == 100_011
    assert body["__pagination__"][0]["RowCount"] == 100_015
    assert len(school.read("Students/", page=2)["Students"]) == 4


def test_bulk_rows_have_as_many_columns_as_asked_for(start: Start) -> None:
    school = start(rows=50)
    rows = school.read("Students/", page=2, pagesize=20)["Students"]
    assert [row["Id"] for row in rows] == [str(number) for number in range(21, 41)]
    assert {len(row) for row in rows} == {45}
    assert list(school.read("Students/", select="Id,Surname as S")["Students"][0]) == ["Id", "S"]


def test_pagination_can_be_absent_where_all_fits_on_one_page(start: Start) -> None:
    school = start(absent_pagination=True)
    assert "__pagination__" not in school.read("Students/")
    assert "__pagination__" in school.read("Students/", pagesize=10)


def test_members_belong_to_the_groups_of_their_page(start: Start) -> None:
    school = start()
    seen = 0
    for page in (1, 2):
        body = school.read("Groups/", page=page, pagesize=12, options="includeStudentMembers,includeStaffMembers")
        groups = {group["Id"]: group["NumStudents"] for group in body["Group"]}
        members = [member["GroupId"] for member in body["StudentMembers"]]
        assert {member["GroupId"] for member in body["StaffMembers"]} <= set(groups)
        assert all(members.count(group) == count for group, count in groups.items())
        seen += len(members)
    assert seen


def test_options_work_in_a_list_and_as_parameters(start: Start) -> None:
    school = start()
    assert "GroupIds" in school.read("Students/", options="includeGroupIds,includeAttStats")["Students"][0]
    assert "GroupIds" in school.read("Students/", includeGroupIds="true")["Students"][0]
    assert "GroupIds" not in school.read("Students/", includeGroupIds="false")["Students"][0]


def test_leavers_come_only_when_asked_for(start: Start) -> None:
    school = start()
    assert {row["StudentStatus"] for row in school.read("Students/")["Students"]} == {"OnRoll"}
    both = school.read("Students/", options="includeLeavers,includePreAdmissions")["Students"]
    assert {row["StudentStatus"] for row in both} == {"OnRoll", "Leaver", "PreAdmission"}
    only = school.read("Students/", studentStatus="Leaver")["Students"]
    assert {row["StudentStatus"] for row in only} == {"Leaver"}


def test_restricted_contacts_come_only_when_asked_for(start: Start) -> None:
    school = start()
    plain = school.read("Contacts/")["Contacts"]
    more = school.read("Contacts/", includeRestrictedRelationships="true")["Contacts"]
    assert {row["Forename"] for row in more} - {row["Forename"] for row in plain} == {"Barred"}
    linked = {row["ContactId"] for row in school.read("StudentContacts/")["StudentContacts"]}
    assert linked == {row["Id"] for row in plain}


def test_filters_and_select_and_updated_since(start: Start) -> None:
    school = start()
    comms = school.read("PersonComms/", PersonType="Contact", CommsType="E")["PersonComms"]
    assert {(row["PersonType"], row["CommsType"]) for row in comms} == {("Contact", "E")}
    groups = school.read("Groups/", Type="YearGrp,HouseGrp")["Group"]
    assert {group["Type"] for group in groups} == {"YearGrp", "HouseGrp"}
    rows = school.read("Students/", select="Id,DateofBirth as Born")["Students"]
    assert {tuple(row) for row in rows} == {("Id", "Born")}
    since = school.read("Students/", updatedSince="2026-01-01")["Students"]
    assert 0 < len(since) < 60
    assert all(row["LastUpdated"] > "2026-01-01" for row in since)


def test_one_record_by_id_still_comes_in_a_list(start: Start) -> None:
    school = start()
    wanted = school.read("Students/")["Students"][4]
    assert school.read(f"Students/{wanted['Id']}")["Students"] == [wanted]
    assert school.read("Students/", id=wanted["Id"])["Students"] == [wanted]


def test_names_of_endpoints_in_any_case_and_school_info(start: Start) -> None:
    school = start()
    info = school.read("schoolinfo")["SchoolInfo"][0]
    assert info["EstabId"] == school.config["estab"]
    assert school.read("STAFF/")["Staff"]
    assert {row["StaffStatus"] for row in school.read("Staff/")["Staff"]} == {"Current"}
    assert "Previous" in {row["StaffStatus"] for row in school.read("Staff/", includePrevious=1)["Staff"]}


def test_a_column_without_its_scope_is_missing_and_an_endpoint_says_no(start: Start) -> None:
    school = start(scopes=["StudentLite", "School"])
    student = school.read("Students/", options="includeGroupIds")["Students"][0]
    assert not {"UPN", "DateofBirth", "AddressBlock", "EAL", "AdmissionNo"} & set(student)
    assert {"Id", "Surname", "RegGroup", "GroupIds", "RowHash"} <= set(student)
    assert "scope" in school.error("Contacts/")
    assert "scope" in school.error("StudentContacts/")
    assert school.read("/api/v1/TokenDetails")["Scopes"] == ["School", "StudentLite"]


def test_tokens_look_and_expire_as_they_should(start: Start) -> None:
    school = start()
    found = school.ask_token(thirdpartyid=None, ThirdPartyId="XporterOnDemand")
    assert found["token"] is None or set("+/=") <= set(found["token"])
    found = school.ask_token()
    assert set("+/=") <= set(found["token"])
    assert list(found) == ["token", "expires", "Message", "ExceptionType", "ExceptionMessage", "InnerException"]
    assert re.fullmatch(r"[-0-9]+T[0-9:]+\.\d{6}Z", found["expires"])
    assert datetime.fromisoformat(found["expires"]).timestamp() > time.time() + 3000
    assert re.search(r"\.\d{7}Z$", school.read("/api/v1/TokenDetails")["Expires"])


def test_keys_of_the_token_request_in_any_case_at_either_address(start: Start) -> None:
    school = start()
    c = school.config
    body = {"ESTAB": c["estab"], "relyingparty": c["relying_party"], "Password": c["secret"]}
    for path in ("/idaas/sts/STS/GetToken", "/api/oauth/GetToken"):
        answer = school.http.post(path, json=body | {"thirdPartyId": "XporterOnDemand"}).json()
        assert answer["token"]


@pytest.mark.parametrize(
    ("mode", "changes", "text"),
    [
        ("ok", {"password": "wrong"}, "Relying Party not found for estab or secret not correct"),
        ("ok", {"relyingParty": "other"}, "Relying Party not found for estab or secret not correct"),
        ("ok", {"thirdpartyid": "x"}, "Relying Party not found for estab or secret not correct"),
        ("wrong-secret", {}, "Relying Party not found for estab or secret not correct"),
        ("paused", {}, "Authorisation is currently paused while the school finalises"),
    ],
)
def test_refused_and_paused_tokens(start: Start, mode: str, changes: dict[str, str], text: str) -> None:
    answer = start(mode=mode).ask_token(**changes)
    assert (answer["token"], answer["expires"]) == (None, "0001-01-01T00:00:00")
    assert answer["ExceptionType"] is None
    assert answer["ExceptionMessage"].startswith(text)


def test_the_mode_can_be_changed_while_it_runs(start: Start) -> None:
    school = start()
    assert school.http.put("/__control__/mode", content="paused").status_code == 200
    assert school.ask_token()["token"] is None
    assert school.http.put("/__control__/mode", content="odd").status_code == 400


def test_an_expired_token_gets_an_error_with_status_200(start: Start) -> None:
    school = start(token_reads=1)
    assert school.read("Students/")["Students"]
    assert "expired" in school.error("Students/")
    school.sign_in()
    assert school.read("Students/")["Students"]
    school.sign_in()
    school.http.post("/__control__/expire-tokens")
    assert "expired" in school.error("Students/")
    short = start(token_life=0)
    assert "expired" in short.error("Students/")


def test_bearer_and_unknown_tokens_are_refused(start: Start) -> None:
    school = start()
    bearer = school.http.get("/api/v1/TokenDetails", headers={"Authorization": f"Bearer {school.token}"})
    assert (bearer.status_code, bool(bearer.json()["ExceptionMessage"])) == (200, True)
    assert school.http.get("/api/v1/TokenDetails").json()["ExceptionMessage"]
    school.token = "unknown"
    assert school.error("Students/")


def test_errors_come_with_status_200_unless_real_ones_are_asked_for(start: Start) -> None:
    school = start()
    assert "Endpoint not found" in school.error("Nothing/")
    assert "estab" in school.error("/api/v1/School/1112222/Students/")
    assert school.error("testerror")
    assert school.error("/api/v1/Nowhere")
    assert "changedRows" in start(change_sets="off").error("Students/", changedRows="*")
    assert school.get("Nothing/", httpstatuscodes="true").status_code == 404
    assert school.http.get("/elsewhere").status_code == 404


def test_a_management_token_opens_no_school_data(start: Start) -> None:
    school = start()
    school.sign_in(estab="", password=school.config["management_secret"])
    assert school.read("/api/v1/Scopes")["Scopes"]
    assert school.error("Students/")


def test_a_flow_like_that_of_the_public_clients(start: Start) -> None:
    """Token, then page after page by NextPage, taking the first list as the result."""
    school = start(pupils=230)
    ids: list[str] = []
    query = "?page=1&pageSize=25"
    while query:
        body = school.read(f"Students/{query}")
        assert not body.get("ExceptionMessage")
        first = next(value for value in body.values() if isinstance(value, list))
        ids += [row["Id"] for row in first]
        query = body["__pagination__"][0]["NextPage"]
    assert len(ids) == len(set(ids)) == 230
    assert {exchange.connection for exchange in school.sim.requests} == {1}


def test_the_same_seed_serves_the_same_bytes(start: Start) -> None:
    one, two, other = start(seed=4), start(seed=4), start(seed=5)
    assert one.get("Students/").content == two.get("Students/").content != other.get("Students/").content


def test_mess_shows_on_the_wire(start: Start) -> None:
    school = start(mess=3)
    rows = school.read("Students/")["Students"]
    assert sum(row["DateofBirth"] == "31/13/2010" for row in rows) == 1
    assert sum(row["Gender"] == "Q7" for row in rows) == 1
    assert sum(len(row["Forename"]) > 300 for row in rows) == 1
    assert len(school.http.get("/__control__/messy").json()) == 3


def test_arguments_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="mode is one of"):
        XporterSimulator(mode="odd")
    with pytest.raises(ValueError, match="columns is between"):
        XporterSimulator(rows=1, columns=1000)
