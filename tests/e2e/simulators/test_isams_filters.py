"""The filters of the simulated iSAMS: each of the reference, with what it leaves and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from isams_school import Isams, filters, setting, texts

from engine.simulators.isams.method import METHODS

pytestmark = pytest.mark.e2e

CONTACT = "PupilManager/Contacts/Contact"
TABLE = {
    "Calendar_GetEvents": ("Calendar", "Events", "StartDate"),
    "Cover_GetAllLessonSuspensions": ("CoverManager", "AllLessonSuspensions", "StartDate"),
    "Cover_GetAllRoomClosuresAndCover": ("CoverManager", "AllRoomClosuresAndCover", "EndDate"),
    "DailyBulletin_GetDailyBulletins": ("DailyBulletin", "DailyBulletins", "StartDate"),
    "Discipline_GetDetentions": ("Discipline", "Detentions", "StartDate"),
    "ContactAdvanced_GetContacts": ("StudentManager", "Contacts", "ContactTypes"),
    "ContactAdvanced_GetContactsWithCustomFields": ("StudentManager", "ContactsWithCustomFields", "ContactTypes"),
    "Pupil_GetCustomPupilGroupMembershipFiltered": (
        "StudentManager",
        "CustomPupilGroupMembershipFiltered",
        "SystemStatusesToInclude",
    ),
    "Pupil_GetPassports": ("StudentManager", "Passports", "SystemStatusesToInclude"),
    "PupilRegisters_GetFreeSchoolMeals": ("PupilRegisters", "FreeSchoolMeals", "StartDate"),
    "Registration_GetOutOfSchoolPupils": ("Registration", "OutOfSchoolPupils", "StartDate"),
    "Registration_GetRegistrationPeriods": ("Registration", "RegistrationPeriods", "StartDate"),
    "Registration_GetRegistrationStatus": ("Registration", "RegistrationStatus", "StartDate"),
    "RewardsAndConduct_GetRecords": ("RewardsAndConduct", "Records", "StartDate"),
    "SchoolReports_GetReportCycles": ("SchoolReports", "ReportCycles", "ReportYear"),
    "SchoolReports_GetReports": ("SchoolReports", "Reports", "ncYear"),
    "Tracking_GetExternalData": ("TrackingManager", "ExternalData", "IDsToInclude"),
}
"""Section 2.2: the methods that need a filter, with its module, its element, and one of its attributes."""

Start = Callable[..., Isams]


def start(isams: Start, *methods: str, **arguments: Any) -> Isams:
    return isams(**{"pupils": 200, "setting": setting(), **arguments}, keys=[{"name": "one", "methods": methods}])


def ids(school: Isams, path: str, body: str) -> set[str | None]:
    return set(texts(school.find(path, "one", body), "@Id"))


def element(module: str, name: str, **attributes: str) -> str:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return filters(f"<{module}><{name}{given}/></{module}>")


def test_these_methods_need_a_filter_and_no_others(isams: Start) -> None:
    assert {method.name for method in METHODS.values() if method.required} == set(TABLE)
    school = start(isams, *TABLE)
    for name, (module, filter_, attribute) in TABLE.items():
        without = school.post("one", filters(run=[name]))
        assert without.status_code == 400, name
        assert f'Method "{name.replace("_", " - ")}" requires' in without.text
        value = "2026-03-02" if "Date" in attribute else "1"
        body = filters(f'<{module}><{filter_} {attribute.upper()}="{value}"/></{module}>', run=[name])
        assert school.post("one", body).status_code == 200, name


def test_filters_that_may_be_left_out_and_those_that_nobody_knows(isams: Start) -> None:
    school = start(isams, "SenManager_GetSenRegister", "School_GetAllYears")
    body = filters(
        '<PupilRegisters><SENRegister systemStatusesToInclude="1"/><Nothing a="b"/></PupilRegisters>',
        '<ExamsManager><ExamResultsFiltered ExamCycleIdsToInclude="1"/></ExamsManager>',
        '<SchoolReports><Records IDsToInclude="1"/></SchoolReports>',
    )
    assert school.post("one").content == school.post("one", body).content


# Contacts


def contacts(school: Isams, **attributes: str) -> list[Any]:
    return school.find(CONTACT, "one", element("StudentManager", "Contacts", **attributes))


def test_contacts_by_type(isams: Start) -> None:
    school = start(isams, "ContactAdvanced_GetContacts")
    every = texts(contacts(school, ContactTypes=""), "RelationshipRaw")
    mothers = texts(contacts(school, ContactTypes=" mother"), "RelationshipRaw")
    others = texts(contacts(school, ContactTypes="Father,Other Family Member"), "RelationshipRaw")
    assert set(mothers) == {"Mother"}
    assert set(others) == {"Father", "Other Family Member"}
    assert len(mothers) + len(others) == len(every)


def test_contacts_by_the_status_of_the_pupil(isams: Start) -> None:
    school = start(isams, "ContactAdvanced_GetContacts")
    words = {"1": {"Current"}, "0": {"Applicant"}, "-1": {"Former"}, "1,-1": {"Current", "Former"}}
    for codes, expected in words.items():
        rows = contacts(school, SystemStatusesToInclude=codes)
        assert {status.text for row in rows for status in row.findall("Pupils/Pupil/Status")} == expected


def test_contacts_by_where_they_are_and_what_they_are(isams: Start) -> None:
    school = start(isams, "ContactAdvanced_GetContacts")
    every = len(contacts(school, ContactOnly=""))
    for attribute, values in (("StudentHome", ("1", "0")), ("ContactOnly", ("True", "False"))):
        parts = [len(contacts(school, **{attribute: value})) for value in values]
        assert min(parts) > 0, attribute
        assert sum(parts) == every, attribute
    home, work = contacts(school, ContactLocations="Home"), contacts(school, ContactLocations="Work")
    assert len(home) + len(work) == every == len(contacts(school, ContactLocations="Home,Work"))
    assert contacts(school, ContactLocations="Company") == []


def test_contacts_by_admission_and_by_school_year(isams: Start) -> None:
    school = start(isams, "ContactAdvanced_GetContacts")
    applicants = {
        status: len(contacts(school, SystemStatusesToInclude="0", AdmissionsStatusesToInclude=status))
        for status in ("Enquiry", "Registered", "Offered", "Accepted")
    }
    assert sum(applicants.values()) == len(contacts(school, SystemStatusesToInclude="0"))
    pupils = {str(pupil.id) for pupil in school.sim.editions.today().roll.current if pupil.entry.year == 2025}
    rows = contacts(school, SystemStatusesToInclude="1", EnrolmentSchoolYearsToInclude="2025,1999")
    assert pupils
    assert {pupil.get("Id") for row in rows for pupil in row.findall("Pupils/Pupil")} <= pupils


def test_attributes_of_a_filter_hold_all_at_once(isams: Start) -> None:
    school = start(isams, "ContactAdvanced_GetContacts")
    both = contacts(school, ContactTypes="Father", SystemStatusesToInclude="1", StudentHome="1")
    fathers, home = contacts(school, ContactTypes="Father"), contacts(school, StudentHome="1")
    current = contacts(school, SystemStatusesToInclude="1")
    expected = set(texts(fathers, "@Id")) & set(texts(home, "@Id")) & set(texts(current, "@Id"))
    assert set(texts(both, "@Id")) == expected


# By status


@pytest.mark.parametrize(
    ("method", "filter_", "path", "key"),
    [
        ("Pupil_GetPassports", "Passports", "PupilManager/Pupils/Pupil", "@Id"),
        (
            "Pupil_GetCustomPupilGroupMembershipFiltered",
            "CustomPupilGroupMembershipFiltered",
            "PupilManager/CustomPupilGroupMembershipItems/CustomPupilGroupMembershipItem",
            "@PupilID",
        ),
    ],
)
def test_pupils_by_their_status(isams: Start, method: str, filter_: str, path: str, key: str) -> None:
    school = start(isams, method, pupils=600)
    roll = school.sim.editions.today().roll
    for code, status in (("1", "OnRoll"), ("0", "PreAdmission"), ("-1", "Leaver")):
        body = element("StudentManager", filter_, SystemStatusesToInclude=code)
        found = texts(school.find(path, "one", body), key)
        assert {roll.pupils[int(each or 0)].status for each in found} <= {status}
    assert found or code == "-1"
    assert texts(school.find(path, "one", element("StudentManager", filter_, SystemStatusesToInclude="1,0,-1")), key)


# By day


@pytest.mark.parametrize("module", ["Calendar", "CalendarManager"])
def test_events_by_day(isams: Start, module: str) -> None:
    """One event a week, from 7 September on."""
    school = start(isams, "Calendar_GetEvents")
    path = "CalendarManager/Events/Event"
    body = element(module, "Events", StartDate="2025-09-07", EndDate="2025-09-21")
    found = school.find(path, "one", body)
    assert texts(found, "StartDate") == [f"2025-09-{day:02}T00:00:00" for day in (7, 14, 21)]
    assert texts(found, "AllDayEvent") == ["1", "0", "0"]
    later = element(module, "Events", startDate="2025-09-08", enddate="2025-09-20")
    assert len(school.find(path, "one", later)) == 1


def test_rewards_by_day(isams: Start) -> None:
    school = start(isams, "RewardsAndConduct_GetRecords")
    path = "RewardsAndConduct/Records/Record"
    every = school.find(path, "one", element("RewardsAndConduct", "Records", EndDate="2026-03-02"))
    days = {"2026-02-01", "2026-02-28"}
    some = school.find(path, "one", element("RewardsAndConduct", "Records", StartDate=min(days), EndDate=max(days)))
    expected = [day for day in texts(every, "Date") if day and min(days) <= day[:10] <= max(days)]
    assert 0 < len(some) < len(every)
    assert sorted(map(str, texts(some, "Date"))) == sorted(map(str, expected))
    assert all(row.get("CategoryId") == row.findtext("CategoryId") for row in some)


@pytest.mark.parametrize("module", ["Registration", "RegistrationManager"])
def test_statuses_by_whole_days(isams: Start, module: str) -> None:
    """27 February 2026 is a Friday, 2 March a Monday: two days of school with two sessions each."""
    school = start(isams, "Registration_GetRegistrationStatus", pupils=40)
    body = element(module, "RegistrationStatus", StartDate="2026-02-27", EndDate="2026-03-02")
    rows = school.find("RegistrationManager/RegistrationStatuses/RegistrationStatus", "one", body)
    assert len(rows) == 40 * 4
    assert len(set(texts(rows, "@Id"))) == 40 * 4
    assert {str(stamp)[:10] for stamp in texts(rows, "RegistrationDateTime")} == {"2026-02-27", "2026-03-02"}


def test_the_end_of_out_of_school_is_a_midnight(isams: Start) -> None:
    """The same day twice gives nothing; one day more gives that day."""
    school = start(isams, "Registration_GetOutOfSchoolPupils", pupils=400)
    school.control("clock", "2026-03-04T20:00:00")
    path = "RegistrationManager/OutOfSchool/Pupil"
    same = element("Registration", "OutOfSchoolPupils", StartDate="2026-03-03", EndDate="2026-03-03")
    more = element("Registration", "OutOfSchoolPupils", StartDate="2026-03-03", EndDate="2026-03-04")
    roll = school.sim.editions.today().roll
    assert school.find(path, "one", same) == []
    found = texts(school.find(path, "one", more), "PupilId")
    assert found
    assert set(found) <= set(roll.by_school_id)


# Reports and tracking


def test_report_cycles(isams: Start) -> None:
    """Cycle 1 is of term 1, 2 of term 2, both of type 0; 3 is of term 2 and type 7."""
    school = start(isams, "SchoolReports_GetReportCycles")
    for attributes, expected in (
        ({"ReportTerm": "2"}, {"2", "3"}),
        ({"ReportTerm": "", "ReportYear": "2025"}, {"1", "2", "3"}),
        ({"ReportCycleType": "7"}, {"3"}),
        ({"ReportYear": "2024"}, set()),
        ({"ReportTerm": "1,2", "ReportCycleType": "0"}, {"1", "2"}),
    ):
        body = element("SchoolReports", "ReportCycles", **attributes)
        assert ids(school, "SchoolReports/ReportCycles/ReportCycle", body) == expected


def test_reports(isams: Start) -> None:
    school = start(isams, "SchoolReports_GetReports")
    cycle, report = "SchoolReports/ReportCycles/ReportCycle", "SchoolReports/ReportCycles/ReportCycle/Reports/Report"
    body = element("SchoolReports", "Reports", reportCycleIdsToInclude="2,3", reportType="7")
    assert ids(school, cycle, body) == {"3"}
    one = {"reportCycleIdsToInclude": "1"}
    every = ids(school, report, element("SchoolReports", "Reports", **one))
    ready, incomplete = (
        ids(school, report, element("SchoolReports", "Reports", **one, reportStatus=status)) for status in "13"
    )
    assert ready
    assert incomplete
    assert ready | incomplete == every
    assert not ready & incomplete
    years = [ids(school, report, element("SchoolReports", "Reports", **one, ncYear=str(year))) for year in range(7, 14)]
    assert sum(map(len, years)) == len(every)
    row = school.find(report, "one", body)[0]
    assert (row.find("Grades/Grade").get("GradeId"), row.findtext("Comments/Comment/Comment")) == (
        "1",
        "Works well & asks <good> questions.",
    )


def test_tracking(isams: Start) -> None:
    school = start(isams, "Tracking_GetExternalData", "Tracking_GetExternalDataList")
    path = "TrackingManager/ExternalData/Data"
    assert texts(school.find(path, "one", element("TrackingManager", "ExternalData", IDsToInclude="2")), "Name") == [
        "CAT4"
    ]
    data = school.find(path, "one", element("TrackingManager", "ExternalData", IDsToInclude="1,2"))
    assert texts(data, "Code") == ["MIDYIS", "CAT4"]
    assert data[0].find("Aspects/Aspect/Results/Result/SchoolId") is not None
