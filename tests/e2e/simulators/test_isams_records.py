"""The record sets of the simulated iSAMS: elements and attributes are those of the reference and of its examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from isams_school import DATES, JSON, Isams, filters, paths, setting, texts
from lxml import etree

from engine.simulators.isams.setting import CASES

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).parents[4] / "shared" / "reference" / "isams-examples"
PUPIL = "PupilManager/CurrentPupils/Pupil"
PEOPLE = ["School_GetSchoolForms", "HumanResources_GetCurrentStaff", "Pupil_GetCurrentPupils", "Pupil_GetSiblings"]

Start = Callable[..., Isams]


@pytest.fixture
def everything(isams: Start) -> Isams:
    """A school with one key for all that has records; without what nobody knows."""
    methods = [*PEOPLE, "School_GetAcademicHouses", "School_GetBoardingHouses", "School_GetAllYears"]
    methods += ["School_GetSchoolDivisions", "School_GetSchoolTerms", "School_GetPastoralTutors"]
    methods += ["Teaching_GetDepartmentsAndSubjects", "Teaching_GetTeachingSets", "Teaching_GetTeachingSetLists"]
    methods += ["Teaching_GetTeachingForms", "Estate_GetAllBuildingsAndClassrooms", "Timetable_GetTimetableStructure"]
    methods += ["Timetable_GetTimetableWeekAllocations", "Timetable_GetPublishedTimetables"]
    methods += ["Timetable_GetDevelopmentTimetables", "Pupil_GetCustomGroupCategories", "Pupil_GetCustomPupilGroups"]
    methods += ["Pupil_GetCustomPupilGroupMembership", "SchoolReports_GetTemplates", "Calendar_GetCategories"]
    methods += ["Tracking_GetExternalDataList", "ControlPanel_GetContactTypeGlobalList"]
    return isams(pupils=200, keys=[{"name": "all", "methods": methods}])


@pytest.mark.parametrize(
    ("file", "method"),
    [
        ("Pupil/GetCurrentPupils.xml", "Pupil_GetCurrentPupils"),
        ("Pupil/GetSiblings.xml", "Pupil_GetSiblings"),
        ("School/GetAcademicHouses.xml", "School_GetAcademicHouses"),
        ("School/GetAllYears.xml", "School_GetAllYears"),
        ("School/GetPastoralTutors.xml", "School_GetPastoralTutors"),
        ("School/GetSchoolDivisions.xml", "School_GetSchoolDivisions"),
        ("School/GetSchoolTerms.xml", "School_GetSchoolTerms"),
    ],
)
def test_elements_and_attributes_are_those_of_the_examples(everything: Isams, file: str, method: str) -> None:
    if EXAMPLES.is_dir():  # the examples are no part of the project
        recorded = set(paths(etree.parse(EXAMPLES / file).getroot()))
        assert set(paths(everything.read("all", filters(run=[method])))) == recorded


@pytest.mark.parametrize(
    ("file", "method", "besides"),
    [
        ("School/GetBoardingHouses.xml", "School_GetBoardingHouses", set()),
        ("School/GetSchoolForms.xml", "School_GetSchoolForms", {"Form/@AssistantTutorId"}),
        (
            "HumanResources/GetCurrentStaff.xml",
            "HumanResources_GetCurrentStaff",
            {"PreviousMISId", "UserName", "DOB", "Roles", "Roles/Role", "Roles/Role/@Id", "Roles/Role/Name"},
        ),
    ],
)
def test_so_are_those_with_more_than_the_example_shows(
    everything: Isams, file: str, method: str, besides: set[str]
) -> None:
    if EXAMPLES.is_dir():
        recorded = set(paths(etree.parse(EXAMPLES / file).getroot()))
        found = set(paths(everything.read("all", filters(run=[method]))))
        assert recorded <= found
        assert {path for path in found - recorded if not path.endswith(tuple(besides))} == set()


def test_the_order_of_a_pupils_elements_is_that_of_the_reference(isams: Start) -> None:
    """Section 4.1: attributes and children in the order of the example."""
    school = isams(pupils=120, setting=setting())
    boarder = next(each for each in school.find(PUPIL, "students") if each.get("BoardingHouseId") is not None)
    assert list(boarder.attrib) == [
        "Id",
        "PersonId",
        "PersonGuid",
        "DivisionId",
        "AcademicHouseId",
        "BoardingHouseId",
    ]
    order = "UPN SchoolCode SchoolId UserCode UserName Title Forename Surname Middlename Initials Preferredname "
    order += "Fullname Gender DOB AcademicHouse BoardingHouse Form NCYear DivisionName EmailAddress MobileNumber "
    order += (
        "PupilType EnrolmentDate EnrolmentTerm EnrolmentSchoolYear FamilyId Nationalities Languages Tutor Ethnicity"
    )
    names = [child.tag for child in boarder]
    assert names == [name for name in order.split() if name in names]
    assert {"SchoolId", "NCYear", "BoardingHouse", "EmailAddress"} <= set(names)
    assert boarder.findtext("PupilType") == "Boarder"


def test_what_points_at_others_points_at_somebody(everything: Isams) -> None:
    """Section 3.3, without those who have left."""
    document = everything.read("all")
    ids = {
        name: set(texts(document.findall(path), "@Id"))
        for name, path in (
            ("pupil", PUPIL),
            ("staff", "HRManager/CurrentStaff/StaffMember"),
            ("year", "SchoolManager/Years/Year"),
            ("form", "SchoolManager/Forms/Form"),
            ("division", "SchoolManager/SchoolDivisions/SchoolDivision"),
            ("set", "TeachingManager/Sets/Set"),
            ("period", "TimetableManager/Structure/Week/Days/Day/Periods/Period"),
            ("room", "EstateManager/Buildings/Building/Classrooms/Classroom"),
        )
    }
    houses = {
        house.get("Id"): house.findtext("Name")
        for path in ("AcademicHouses", "BoardingHouses")
        for house in document.findall(f"SchoolManager/{path}/House")
    }
    codes = set(texts(document.findall("HRManager/CurrentStaff/StaffMember"), "UserCode"))
    assert len(houses) == 6
    for pupil in document.findall(PUPIL):
        assert pupil.findtext("Form") in ids["form"]
        assert pupil.findtext("NCYear") in ids["year"]
        assert pupil.get("DivisionId") in ids["division"]
        assert pupil.findtext("Tutor") in codes
        for name in ("AcademicHouse", "BoardingHouse"):
            if pupil.get(f"{name}Id") is not None:
                assert houses[pupil.get(f"{name}Id")] == pupil.findtext(name)
    assert {link.get("YearId") for link in document.findall(".//SchoolDivision/Years/Year")} == ids["year"]
    assert {row.get("SetId") for row in document.findall("TeachingManager/SetLists/SetList")} <= ids["set"]
    for lesson in document.findall("TimetableManager/PublishedTimetables/Timetable/Schedules/Schedule"):
        assert lesson.findtext("PeriodId") in ids["period"]
        assert lesson.findtext("RoomId") in ids["room"]
        assert lesson.findtext("Teacher") in codes


def test_a_lesson_is_of_a_set_or_of_a_form(everything: Isams) -> None:
    document = everything.read("all")
    sets = set(texts(document.findall("TeachingManager/Sets/Set"), "SetCode"))
    forms = set(texts(document.findall("TeachingManager/TeachingForms/TeachingForm"), "TimetableCode"))
    lessons = document.findall("TimetableManager/PublishedTimetables/Timetable/Schedules/Schedule")
    assert {lesson.findtext("Set") for lesson in lessons} == {"0", "1"}
    assert all(lesson.findtext("Code") in (sets if lesson.findtext("Set") == "1" else forms) for lesson in lessons)
    rows = document.findall("TimetableManager/Structure/Week/Days/Day")
    assert [(day.findtext("Name"), day.findtext("Day")) for day in rows[:2]] == [("Monday", "2"), ("Tuesday", "3")]


def test_the_other_sets_have_the_elements_of_the_reference(everything: Isams) -> None:
    """Sections 4.5, 4.10 to 4.17, each path once."""
    found = {path.removeprefix("/iSAMS/") for path in paths(everything.read("all"))}
    for path in (
        "TeachingManager/Departments/Department/Subjects/Subject/Code",
        "TeachingManager/Sets/Set/Teachers/Teacher/@PrimaryTeacher",
        "TeachingManager/Sets/Set/SetCode",
        "TeachingManager/SetLists/SetList/SchoolId/@Legacy",
        "TeachingManager/TeachingForms/TeachingForm/FormCode",
        "TimetableManager/Structure/Week/Days/Day/Periods/Period/StartTime",
        "TimetableManager/TimetableAllocations/TimetableAllocation/TimetableWeekId",
        "TimetableManager/PublishedTimetables/Timetable/StaffMeetings/StaffMeeting/MeetingGroupId",
        "TimetableManager/PublishedTimetables/Timetable/Tutorials/Tutorial/Pupils/Pupil/PupilId",
        "TimetableManager/PublishedTimetables/Timetable/YearSchedules/YearSchedule/NationalCurriculumYear",
        "TimetableManager/DevelopmentTimetables/Timetable/Schedules/Schedule/Code",
        "EstateManager/Buildings/Building/Classrooms/Classroom/Initials",
        "PupilManager/CustomGroupCategory/Category/Name",
        "PupilManager/CustomPupilGroups/CustomPupilGroup/@AuthorID",
        "PupilManager/CustomPupilGroupMembershipItems/CustomPupilGroupMembershipItem/@PupilID",
        "SchoolReports/Templates/Template/Gradings/Grading/Values/Value/TransposeValue",
        "CalendarManager/Categories/Category/@Id",
        "TrackingManager/ExternalDataList/Data/Imported",
        "ControlPanel/ContactTypes/ContactType/ParentalResponsibilityDefault",
    ):
        assert path in found


def test_contacts_have_the_elements_of_the_reference(isams: Start) -> None:
    school = isams(pupils=120)
    body = filters('<StudentManager><Contacts SystemStatusesToInclude="1"/></StudentManager>')
    contact = school.find("PupilManager/Contacts/Contact", "contacts", body)[0]
    assert list(contact.attrib) == ["Id", "PersonId", "IsFirstPersonContact"]
    found = {path.split("Contact/", 1)[-1] for path in paths(contact)} - {"Contact", "/Contact"}
    known = "Title Forename Surname RelationshipRaw EmailAddress Mobile Telephone Profession MailMergeAll "
    known += "CorrespondenceMailMerge BillingMailMerge ReportsMailMerge ParentalResponsibility Address "
    known += "Address/AddressLines Address/AddressLines/Address1 Address/Town Address/County Address/Postcode "
    known += "Address/Country Pupils Pupils/Pupil Pupils/Pupil/@Id Pupils/Pupil/Status Pupils/Pupil/SchoolId "
    known += "Pupils/Pupil/SchoolId/@Legacy @Id @PersonId @IsFirstPersonContact"
    assert found <= set(known.split())
    assert {"RelationshipRaw", "MailMergeAll", "Address/AddressLines/Address1", "Pupils/Pupil/@Id"} <= found


def test_applicants_and_former_pupils_come_where_a_way_is_set(isams: Start) -> None:
    keys = [{"name": "others", "methods": ["Pupil_GetApplicants", "Pupil_GetAlumni"]}]
    assert len(isams(keys=keys).read("others")) == 0
    ways = {"applicants_path": ("PupilManager", "Applicants", "Applicant"), "alumni_path": ("Old", "Boys", "Boy")}
    school = isams(keys=keys, setting=setting(**ways))
    document = school.read("others")
    applicants, alumni = document.findall("PupilManager/Applicants/Applicant"), document.findall("Old/Boys/Boy")
    assert (len(applicants), len(alumni)) == (1, 1)
    assert applicants[0].find("UserCode") is None
    assert alumni[0].find("UserCode") is not None


def test_contact_types_can_be_named_and_left_out(isams: Start) -> None:
    run = filters(run=["ControlPanel_GetContactTypeGlobalList"])
    own = setting(contact_types_path=("Control", "Types", "T"), contact_type_names=("N", "D", "R"))
    types = isams(setting=own).find("Control/Types/T", "contacts", run)
    assert [[child.text for child in each] for each in types[:3:2]] == [
        ["Mother", "Mother", "Yes"],
        ["Step-Mother", "Step-Mother", "No"],
    ]
    assert len(isams(setting=setting(contact_types_path=())).read("contacts", run)) == 0


def test_contacts_without_a_filter_have_a_name_that_is_set(isams: Start) -> None:
    school = isams(setting=setting(plain_contacts="Pupil_GetContacts"))
    rows = school.find("PupilManager/Contacts/Contact", "contacts")
    assert set(texts(school.find("PupilManager/Contacts/Contact/Pupils/Pupil", "contacts"), "Status")) == {
        "Current",
        "Applicant",
        "Former",
    }
    assert len(rows) > 30


def test_json_is_made_from_the_xml_by_rote(isams: Start) -> None:
    """Section 4.19: attributes with @, text for everything, object for one, array for several."""
    school = isams()
    xml = school.read("structure")
    data = school.post("structure", path=JSON).json()["iSAMS"]["SchoolManager"]
    year = data["Years"]["Year"][0]
    assert (year["@Id"], year["NationalCurriculumYear"]) == ("-2", {"@Legacy": "True", "#text": "-2"})
    assert year["AssistantTutor"] == {"@Legacy": "True"}
    assert len(data["Years"]["Year"]) == len(xml.findall("SchoolManager/Years/Year"))
    people = school.post("students", path=JSON).json()["iSAMS"]["PupilManager"]["Pupils"]["Pupil"]
    counts = Counter(type(each["Siblings"]["Sibling"]) for each in people)
    assert set(counts) == {dict, list}


@pytest.mark.parametrize(("empty", "expected"), [("missing", None), ("empty", 0)])
def test_a_collection_without_records(isams: Start, empty: str, expected: int | None) -> None:
    school = isams(setting=setting(*CASES, empty=empty))
    school.control("nights", '{"2026-03-02": "empty"}')
    document = school.read("students")
    found = document.find("PupilManager/CurrentPupils")
    assert (None if found is None else len(found)) == expected
    data = school.post("students", path=JSON).json()
    assert data == {"iSAMS": {"PupilManager": {"CurrentPupils": None, "Pupils": None}} if empty == "empty" else None}


def test_attendance_of_a_day(isams: Start) -> None:
    """Section 4.12: not taken is 0 without a code, absent is 0 with one; PupilId is the SchoolId."""
    methods = ["Pupil_GetCurrentPupils", "Registration_GetRegistrationStatus"]
    school = isams(pupils=200, keys=[{"name": "marks", "methods": methods}])
    body = filters(f"<Registration><RegistrationStatus {DATES}/></Registration>")
    rows = "RegistrationManager/RegistrationStatuses/RegistrationStatus"
    assert {(r.findtext("Registered"), r.findtext("Code")) for r in school.find(rows, "marks", body)} == {("0", None)}
    school.control("clock", "2026-03-02T09:30:00")
    school.control("expire-cache", "", "POST")
    document = school.read("marks", body)
    marks = document.findall(rows)
    assert set(texts(marks, "PupilId")) == set(texts(document.findall(PUPIL), "SchoolId"))
    assert len(marks) == 400
    morning = [mark for mark in marks if mark.findtext("RegistrationDateTime") == "2026-03-02T08:40:00"]
    there = Counter(mark.findtext("Registered") for mark in morning)
    assert there["1"] > 170
    assert set(texts(marks, "Code")) <= {None, "39", "40", "41"}
    afternoon = [mark for mark in marks if mark.findtext("RegistrationDateTime") == "2026-03-02T13:50:00"]
    assert {mark.findtext("Registered") for mark in afternoon} == {"0"}
