"""The REST API of the simulated iSAMS: pages, filters, people, registers, and how it says no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from isams_school import Isams, filters, setting, texts

from engine.simulators.isams.rest_school import AREAS, RESOURCES
from engine.simulators.isams.setting import CASES

pytestmark = pytest.mark.e2e

Start = Callable[..., Isams]

SCHOOL = {
    "/api/school/houses": ("houses", "houseMasterEmployeeId"),
    "/api/school/yeargroups": ("yearGroups", "ncYear"),
    "/api/school/yeargroups/11/divisions": ("divisions", "order"),
    "/api/school/terms": ("terms", "finishDate"),
    "/api/school/departments/teaching": ("departments", "name"),
    "/api/school/departments/teaching/2/subjects": ("subjects", "reportingName"),
    "/api/teaching/subjects": ("subjects", "formSubject"),
    "/api/teaching/sets": ("sets", "hidden"),
    "/api/teaching/sets/50000/setList": ("students", "schoolId"),
    "/api/timetables/structure": ("timetableWeeks", "timetableDays"),
    "/api/estates/buildings": ("buildings", "hasClassrooms"),
    "/api/estates/rooms": ("rooms", "initials"),
    "/api/systemconfiguration/list/contacttypes": ("contactTypes", "parentalResponsibilityDefault"),
    "/api/systemconfiguration/list/nationalities": ("items", "listType"),
    "/api/medical/conditiontypes": ("conditionTypes", "allergy"),
    "/api/medical/conditionseverities": ("conditionSeverities", "triggerMedicalFlag"),
    "/api/otherschools/professions": ("professions", "name"),
    "/api/students/systemstatuses": ("systemStatuses", "description"),
    "/api/students/boardingstatuses": ("items", "name"),
    "/api/students/customgroups": ("customStudentGroups", "ignoreExpiryDate"),
    "/api/admissions/statuses": ("items", "name"),
    "/api/registration/absencecodes": ("absenceCodes", "isOOSActive"),
    "/api/registration/presentcodes": ("presentCodes", "isOOCActive"),
    "/api/humanresources/employees/2/roles": ("roles", "name"),
}


def every(school: Isams, path: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        body = school.get(path, page=page, **parameters).json()
        found += body[name]
        if page >= body["totalPages"]:
            return found
        page += 1


def test_pages_and_their_envelope(isams: Start) -> None:
    school = isams(pupils=250)
    body = school.get("/api/students", page=3).json()
    assert list(body) == ["count", "page", "pageSize", "totalCount", "totalPages", "students"]
    assert [body[name] for name in list(body)[:5]] == [50, 3, 100, 250, 3]
    assert len({each["schoolId"] for each in every(school, "/api/students", "students", pagesize=60)}) == 250
    assert school.get("/api/students", page=9).json()["students"] == []
    assert school.get("/api/students", pageSize=1000).json()["totalPages"] == 1
    for wrong in ({"pageSize": 1001}, {"pageSize": 0}, {"page": "two"}):
        refused = school.get("/api/students", **wrong)
        assert (refused.status_code, list(refused.json())) == (400, ["message"])


def test_the_people_are_those_of_the_batch_api(isams: Start) -> None:
    school = isams(pupils=120, setting=setting())
    students = {each["schoolId"]: each for each in every(school, "/api/students", "students")}
    rows = school.find("PupilManager/CurrentPupils/Pupil", "students")
    assert set(students) == set(texts(rows, "SchoolId"))
    for row in rows:
        student = students[row.findtext("SchoolId") or ""]
        assert str(student["id"]) == row.get("Id")
        assert (student["formGroup"], str(student["yearGroup"])) == (row.findtext("Form"), row.findtext("NCYear"))
        assert (student["forename"], student["middlenames"]) == (
            row.findtext("Forename"),
            row.findtext("Middlename") or None,
        )
        assert row.findtext("DOB") == (f"{student['dob']}T00:00:00" if student["dob"] else None)
    staff = every(school, "/api/humanresources/employees", "employees")
    assert {str(each["id"]) for each in staff} == set(
        texts(school.find("HRManager/CurrentStaff/StaffMember", "staff"), "@Id")
    )
    assert staff[0]["nationalities"] == [""]


def test_one_student_and_what_expand_adds(isams: Start) -> None:
    school = isams()
    key = school.get("/api/students").json()["students"][0]["schoolId"]
    one = school.get(f"/api/students/{key}").json()
    assert (one["schoolId"], one["systemStatus"], one["lastUpdated"]) == (key, "Current", "2026-03-02T00:00:00+00:00")
    assert "customFields" not in one
    wide = school.get("/api/students", expand="customFields,languageIsoMappings").json()["students"][0]
    assert wide["customFields"] == school.get(f"/api/students/{key}/customFields").json()["customFields"]
    assert school.get("/api/students/404404").json() == {"message": "The student was not found."}
    assert school.get("/api/students/404404").status_code == 404


def test_filters_of_the_odata_kind(isams: Start) -> None:
    school = isams(pupils=120, setting=setting())
    total = every(school, "/api/students", "students")
    nine = every(school, "/api/students", "students", **{"$filter": "yearGroup eq 9 and gender eq 'F'"})
    assert (
        {each["id"] for each in nine} == {e["id"] for e in total if e["yearGroup"] == 9 and e["gender"] == "F"} != set()
    )
    name = next(each["surname"] for each in total if "'" in each["surname"])
    quoted = name.replace("'", "''")
    assert every(school, "/api/students", "students", **{"$filter": f"surname eq '{quoted}'"})[0]["surname"] == name
    late = every(school, "/api/students", "students", **{"$filter": "yearGroup ge 12"})
    assert {each["yearGroup"] for each in late} == {12, 13}
    for wrong in ("nobody eq 1", "yearGroup is 9"):
        assert school.get("/api/students", **{"$filter": wrong}).status_code == 400


def test_a_joint_contact_is_one_item(isams: Start) -> None:
    school = isams(pupils=120, setting=setting("joint-contacts"))
    body = filters('<StudentManager><Contacts SystemStatusesToInclude="1"/></StudentManager>')
    rows = school.find("PupilManager/Contacts/Contact", "contacts", body)
    second = {row.get("PersonId") for row in rows if row.get("IsFirstPersonContact") == "False"}
    found = every(school, "/api/students/contacts", "contacts")
    assert second
    assert {str(each["secondaryPersonId"]) for each in found if each["secondaryPersonId"]} == second
    assert len(found) == len(rows) - len(second)
    joint = next(each for each in found if each["secondaryPersonId"])
    assert (joint["relationship"], joint["relationshipOfJointContact"]) == ("Mother", "Father")
    for path in ("contacts", "tempcontacts"):
        own = school.get(f"/api/students/{joint['schoolIds'][0]}/{path}").json()["contacts"]
        assert joint["id"] in [each["id"] for each in own]


def test_applicants_and_alumni(isams: Start) -> None:
    school = isams(setting=setting("placeholder"))
    applicant = every(school, "/api/admissions/applicants", "applicants")[0]
    assert (applicant["enrolmentSchoolTerm"], applicant["systemStatus"]) == ("termofentry", "Applicant")
    assert {"dateOfBirth", "middleNames"} <= set(applicant)
    assert not {"dob", "middlenames"} & set(applicant)
    assert school.get(f"/api/admissions/applicants/{applicant['schoolId']}/contacts").json()["contacts"]
    gone = every(school, "/api/alumni", "alumni")[0]
    assert (gone["systemStatus"], gone["leavingDate"], gone["leavingYear"]) == ("Former", "2025-07-20", 2024)
    plain = isams(setting=setting()).get("/api/admissions/applicants").json()["applicants"][0]
    assert plain["enrolmentSchoolTerm"] == "Term 1"


@pytest.mark.parametrize("path", SCHOOL)
def test_lists_without_pages(isams: Start, path: str) -> None:
    name, member = SCHOOL[path]
    body = isams(pupils=120).get(path).json()
    assert list(body) == [name]
    assert member in body[name][0]


def test_all_that_can_be_read_needs_a_token_and_a_permission(isams: Start) -> None:
    school, without = isams(), isams(permissions=[])
    for resource in RESOURCES:
        path = "/api/" + resource.path.replace("(?:temp)?", "").replace("([^/]+)", "1")
        path = path.replace("(-?[0-9]+)", "1").replace("([0-9]+)", "1")
        assert school.http.get(path).status_code == 401, path
        assert without.get(path).status_code == 403, path
    assert school.get("/api/nothing").json() == {"message": "The requested resource was not found."}
    assert school.get("/api/school/yeargroups/99").status_code == 404
    assert set(AREAS) >= {"students", "contacts", "employees", "registration", "medical"}


def test_a_batch_token_opens_nothing_here_and_scopes_are_looked_at(isams: Start) -> None:
    school = isams()
    batch = {"client_id": school.config["keys"]["staff"], "client_secret": school.config["key_secrets"]["staff"]}
    token = school.token(**batch).json()["access_token"]
    assert school.http.get("/api/students", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    rest = {"client_id": school.config["client_id"], "client_secret": school.config["client_secret"]}
    found = [school.token(**rest, scope=scope).status_code for scope in ("restapi", "api", "", "apiv1")]
    assert found == [200, 200, 200, 400]
    older = school.http.post("/Main/sso/idp/connect/token", data={"grant_type": "client_credentials", **rest})
    assert older.status_code == 200
    assert school.get("/api/students").status_code == 200
    school.control("expire-tokens", "", "POST")
    assert school.get("/api/students").status_code == 401


def test_timetables_of_students_and_employees(isams: Start) -> None:
    """A student of a set has its lessons: three in each of two weeks, with the set's teacher."""
    school = isams(pupils=120, setting=setting())
    members = school.get("/api/teaching/sets/50000/setList").json()["students"]
    own = school.get(f"/api/timetables/students/{members[0]['schoolId']}").json()["sets"]
    assert len(own) == 6
    assert list(own[0]) == ["periodId", "subjectId", "employeeId", "employeeTitle", "employeeSurname"]
    teacher = school.get(f"/api/timetables/employees/{own[0]['employeeId']}").json()["sets"]
    assert all(lesson in teacher for lesson in own)
    periods = [
        period["id"]
        for week in school.get("/api/timetables/structure").json()["timetableWeeks"]
        for day in week["timetableDays"]
        for period in day["periods"]
    ]
    assert len(set(periods)) == 50
    assert {lesson["periodId"] for lesson in own} <= set(periods)


# Registers


def periods(school: Isams, **parameters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = school.get("/api/registration/periods", **parameters).json()["registrationPeriods"]
    return found


def test_a_rule_is_of_one_half_of_the_day(isams: Start) -> None:
    school = isams(pupils=200, setting=setting())
    found = periods(school)
    assert Counter(each["friendlyName"] for each in found) == {"AM": 2, "PM": 2}
    assert len({each["registrationRuleId"] for each in found}) == 4
    assert sum(each["numberOfStudents"] for each in found) == 400
    assert found[0]["start"] == "2026-03-02T08:40:00+00:00"
    assert [each["friendlyName"] for each in periods(school, divisionId="11")] == ["AM", "PM"]
    school.control("today", "2026-03-07")
    assert periods(school) == []
    school.control("today", "2026-03-30")
    assert periods(school)[0]["start"] == "2026-03-30T08:40:00+01:00"


def test_a_register_before_and_after_it_is_taken(isams: Start) -> None:
    school = isams(pupils=400, setting=setting())
    morning = periods(school)[0]
    path = f"/api/registration/register/{morning['id']}"
    before = school.get(path).json()["students"]
    assert len(before) == morning["numberOfStudents"]
    assert {(each["isRegistered"], each["isPresent"]) for each in before} == {(0, False)}
    school.control("clock", "2026-03-02T09:30:00")
    after = school.get(path).json()["students"]
    kinds = Counter((each["isRegistered"], each["isPresent"], each["isLate"]) for each in after)
    assert set(kinds) <= {(1, True, False), (1, True, True), (1, False, False), (0, False, False)}
    assert kinds[1, True, False] > len(after) * 0.8
    assert all(type(each["isRegistered"]) is int for each in after)
    one = next(each for each in after if not each["isPresent"])
    assert school.get(f"{path}/students/{one['schoolId']}").json() == one
    afternoon = next(each for each in periods(school) if each["friendlyName"] == "PM")
    later = school.get(f"/api/registration/register/{afternoon['id']}").json()["students"]
    assert {each["isRegistered"] for each in later} == {0}


def test_marks_are_the_same_in_both_apis(isams: Start) -> None:
    keys = [{"name": "marks", "methods": ["Registration_GetRegistrationStatus"]}]
    school = isams(pupils=300, setting=setting(), keys=keys)
    school.control("clock", "2026-03-02T20:00:00")
    body = filters('<Registration><RegistrationStatus StartDate="2026-03-02" EndDate="2026-03-02"/></Registration>')
    rows = school.find("RegistrationManager/RegistrationStatuses/RegistrationStatus", "marks", body)
    batch = {
        (row.findtext("PupilId"), (row.findtext("RegistrationDateTime") or "")[11:13]): row.findtext("Registered")
        for row in rows
    }
    for period in periods(school):
        for each in school.get(f"/api/registration/register/{period['id']}").json()["students"]:
            assert batch[each["schoolId"], period["start"][11:13]] == str(int(each["isPresent"]))


def test_a_register_may_list_a_student_twice_and_its_list_has_a_name_that_is_set(isams: Start) -> None:
    named = setting("duplicate-registers", register_name="registerRecords")
    school = isams(pupils=300, setting=named)
    records = school.get(f"/api/registration/register/{periods(school)[0]['id']}").json()["registerRecords"]
    assert max(Counter(each["schoolId"] for each in records).values()) == 2
    assert "duplicate-registers" in CASES


def test_a_mark_can_be_put_down(isams: Start) -> None:
    school = isams()
    period = periods(school)[0]
    register = f"/api/registration/register/{period['id']}"
    path = f"{register}/students/{school.get(register).json()['students'][0]['schoolId']}"
    bearer = {"Authorization": f"Bearer {school.rest_token()}"}
    body = {"isPresent": True, "isLate": True, "numberOfMinutesLate": 7, "registrationComment": "bus"}
    answer = school.http.put(path, json=body, headers=bearer)
    assert answer.status_code == 200
    assert body.items() <= school.get(path).json().items()
    assert school.get(path).json()["isRegistered"] == 1
    for wrong, status in (({"isPresent": True}, 400), ({**body, "isLate": "no"}, 422), ({**body, "mood": 1}, 422)):
        assert school.http.put(path, json=wrong, headers=bearer).status_code == status
    assert school.http.put(path, json=body).status_code == 401
    assert school.get(f"{register}/students/1").status_code == 404
    assert school.get("/api/registration/register/1").status_code == 404


def test_medical_conditions(isams: Start) -> None:
    school = isams(pupils=200, setting=setting())
    keys = [each["schoolId"] for each in every(school, "/api/students", "students", pageSize=1000)]
    shown, whole = (
        [c for key in keys for c in school.get(f"/api/medical/students/{key}/conditions", **extra).json()["conditions"]]
        for extra in ({}, {"includeArchive": "true"})
    )
    assert 0 < len(shown) < len(whole)
    assert {each["type"] for each in whole} == {"Asthma", "Nut allergy"}
    assert not any(each["archived"] for each in shown)
