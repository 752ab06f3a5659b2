"""Answers of the Batch API go through the shipped declarations as they are: our own, and the real ones where there are.

Real ones are documents of the form of those below. What each path should find is looked up by the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from batch_answers import KEY, Asking, asking, expected, values

from engine.errors import EngineError, SourceError, SourceRefused, SourceUnavailable
from engine.simulators.isams.method import METHODS
from engine.spec.project import open_project, shipped

pytestmark = pytest.mark.e2e
REAL = Path("/work/shared/reference/isams-examples")
VENDOR = Path("/work/shared/documents/000_1c781ca944dbcb34.txt")
ABOUT = {
    "Pupil/GetCurrentPupils": ["pupils"],
    "Pupil/GetCurrentPupilsExtraAttr": ["pupils"],
    "Pupil/GetCurrentPupilsExtraNode": ["pupils"],
    "Pupil/GetSiblings": ["siblings"],
    "HumanResources/GetCurrentStaff": ["staff"],
    "School/GetAcademicHouses": ["academic_houses"],
    "School/GetAllYears": ["years"],
    "School/GetBoardingHouses": ["boarding_houses"],
    "School/GetPastoralTutors": ["pastoral_tutors"],
    "School/GetSchoolDivisions": ["divisions", "division_years"],
    "School/GetSchoolForms": ["forms"],
    "School/GetSchoolTerms": ["terms"],
}
"""Which sets each of the vendor's examples holds."""
PUPILS = """<iSAMS><PupilManager>
<CurrentPupils><Pupil Id="71" PersonId="9" PersonGuid="0f" DivisionId="11" Shoe="5">
  <Hat>big</Hat><SchoolId>004711</SchoolId><Forename> Zo&#235; </Forename><Surname>&#x20;</Surname><Title/>
  <DOB>2012-02-29T00:00:00</DOB><Nationalities>British,Irish</Nationalities><Ethnicity>White, British</Ethnicity>
</Pupil></CurrentPupils><CurrentPupils/>
<CurrentPupils><Pupil Id="72"><SchoolId>004712</SchoolId><Form>12/BBN</Form></Pupil></CurrentPupils>
</PupilManager></iSAMS>"""
STAFF = """<iSAMS><HRManager><CurrentStaff>
<StaffMember Id="380"><Initials>&#x20;</Initials><FullName>  &#x20;</FullName><TeachingStaff>1</TeachingStaff>
  <Roles><Role Id="4"><Name>Head</Name></Role></Roles>
  <Divisions><Division Id="1"><Name>Upper</Name></Division><Division Id="2"><Name>Lower</Name></Division></Divisions>
</StaffMember></CurrentStaff></HRManager>
<SchoolManager><PastoralTutors><StaffMember Id="380"/></PastoralTutors>
<Years><Year Id="-2"><NationalCurriculumYear Legacy="True">-2</NationalCurriculumYear><Name>Nursery</Name></Year>
</Years>
<Forms><Form Id="7 A/1" RoomId="31"><NationalCurriculumYear Legacy="True">7</NationalCurriculumYear>
  <RoomId Legacy="True">32</RoomId><Form>7 A/1</Form></Form></Forms>
</SchoolManager></iSAMS>"""
SIBLINGS = """<iSAMS><PupilManager><Pupils>
<Pupil Id="71"><SchoolId Legacy="True">004711</SchoolId><Status>Current</Status>
<Siblings><Sibling PupilId="72"><SchoolId Legacy="True">004712</SchoolId><Status>Former</Status></Sibling>
<Sibling PupilId="73"><Author Legacy="True"/><Status>Applicant</Status></Sibling></Siblings></Pupil>
</Pupils></PupilManager></iSAMS>"""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("project")) as found:
        yield found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "said-utf-16", "cp1252"])
def test_values_come_as_they_are_written(encoding: str, school: Asking, tmp_path: Path) -> None:
    text = PUPILS.replace("Zo&#235;", "Zoë") if encoding != "said-utf-16" else PUPILS
    declared = '<?xml version="1.0" encoding="utf-16"?>' if "utf-16" in encoding else ""
    document = (declared + text).encode("ascii" if encoding == "said-utf-16" else encoding)
    first, second = values(school.read(tmp_path, "pupils", answers=[(200, document)])["pupils"])
    assert first == {
        "Id": "71",
        "PersonId": "9",
        "PersonGuid": "0f",
        "DivisionId": "11",
        "SchoolId": "004711",
        "Forename": " Zoë ",
        "Surname": " ",
        "DOB": "2012-02-29T00:00:00",
        "Nationalities": "British,Irish",
        "Ethnicity": "White, British",
    }
    assert second == {"Id": "72", "SchoolId": "004712", "Form": "12/BBN"}


def test_several_sets_come_from_one_answer(school: Asking, tmp_path: Path) -> None:
    found = school.read(tmp_path, "staff", "pastoral_tutors", "years", "forms", answers=[(200, STAFF.encode())])
    assert len(school.server.bodies) == 1
    assert values(found["staff"]) == [
        {
            "Id": "380",
            "Initials": " ",
            "FullName": "   ",
            "TeachingStaff": "1",
            "RoleIds": '["4"]',
            "Roles": '["Head"]',
            "DivisionIds": '["1", "2"]',
            "Divisions": '["Upper", "Lower"]',
        }
    ]
    assert values(found["pastoral_tutors"]) == [{"Id": "380"}]
    assert values(found["years"]) == [{"Id": "-2", "Name": "Nursery"}]
    assert values(found["forms"]) == [{"Id": "7 A/1", "YearId": "7", "RoomId": "31", "Form": "7 A/1"}]


def test_parts_come_with_the_key_of_their_parent(school: Asking, tmp_path: Path) -> None:
    found = values(school.read(tmp_path, "siblings", answers=[(200, SIBLINGS.encode())])["siblings"])
    of = {"Of": "71", "OfSchoolId": "004711", "OfStatus": "Current"}
    assert found == [
        {**of, "PupilId": "72", "SchoolId": "004712", "Status": "Former"},
        {**of, "PupilId": "73", "Status": "Applicant"},
    ]


DOCUMENTS: dict[str, tuple[list[str], bytes]] = {
    "own pupils": (["pupils"], PUPILS.encode()),
    "own staff": (["staff", "forms"], STAFF.encode()),
    "own siblings": (["siblings"], SIBLINGS.encode()),
    **{
        str(file.relative_to(REAL).with_suffix("")): (
            ABOUT[str(file.relative_to(REAL).with_suffix(""))],
            file.read_bytes(),
        )
        for file in sorted(REAL.rglob("*.xml"))
        if file.parent.name != "Errors"
    },
}


def test_every_value_of_a_document_is_found(school: Asking, tmp_path: Path) -> None:
    for name, (sets, document) in DOCUMENTS.items():
        found = school.read(tmp_path / name, *sets, answers=[(200, document)])
        for each in sets:
            record_set = school.record_set(each)
            assert values(found[each]) == expected(document, record_set), name
            assert found[each].height > 0, name
            strange = {"@MadeUp"} if name.endswith("ExtraAttr") else {"OtherMadeUp"} if name.endswith("Node") else set()
            strange |= {"@Shoe", "Hat"} if name == "own pupils" else set()
            assert undeclared(document, record_set) == strange, name


def undeclared(document: bytes, record_set: Any) -> set[str]:
    """What records hold that is neither a field nor known."""
    records = ElementTree.fromstring(document).findall(record_set.records)
    sent = {f"@{name}" for each in records for name in each.keys()} | {child.tag for each in records for child in each}  # noqa: SIM118
    paths = [path for name, spec in record_set.fields.items() for path in spec.element_paths(name)]
    return sent - {path.partition("/")[0] for path in paths} - set(record_set.known)


# What iSAMS says when it says no


def refusal(name: str, title: str, description: str) -> str:
    inner = f"<MessageId>{name}</MessageId><MessageName>{name}</MessageName><Title>{title}</Title>"
    inner += f"<Description>{description}</Description>"
    return f'<?xml version="1.0" encoding="utf-16"?>\n<Message>{inner}</Message>'


DEADLOCK = (
    "Transaction (Process ID 118) was deadlocked and has been chosen as the deadlock victim. Rerun the transaction."
)
LOCK = "Lock request time out period exceeded.  The statement has been terminated."
METHODS_SAID = (
    "The following methods specified in the MethodsToRun filter are not allocated to the requested key: zz_key"
)
REFUSALS: dict[str, tuple[int, str, type[EngineError], str, str, int]] = {
    "Deadlock": (500, refusal("UnhandledException", "T", DEADLOCK), SourceUnavailable, "a deadlock", "", 5),
    "LockRequestTimeOut": (
        500,
        refusal("UnhandledException", "T", LOCK),
        SourceUnavailable,
        "a lock was not free",
        "",
        5,
    ),
    "InvalidApiKey": (
        401,
        refusal("InvalidApiKey", "Invalid API Key", "The API key is invalid.\nPlease contact your administrator."),
        SourceRefused,
        "does not know the key, or it is not active",
        "ask the school's administrator for the key, and whether its state is Active",
        1,
    ),
    "MissingParameter": (
        400,
        refusal("MissingParameter", "Missing Field: apiKey", 'A required field "apiKey" was not supplied.'),
        SourceRefused,
        "finds no key in the request",
        "look at the key in the environment",
        1,
    ),
    "MethodsNotAllocatedToKey": (
        403,
        refusal("MethodsNotAllocatedToKeyException", "T", METHODS_SAID),
        SourceRefused,
        "does not let this key run a method",
        "ask the school's administrator to add the methods to the key",
        1,
    ),
    "FiltersRequiredException": (
        500,
        refusal("FiltersRequiredException", "T", 'Method "A - B" requires at least one filter.'),
        SourceError,
        "wants a filter",
        "give the method a filter in the source document",
        1,
    ),
    "InvalidRoot": (
        500,
        refusal("UnhandledException", "T", "Data at the root level is invalid. Line 1, position 1."),
        SourceError,
        "cannot read our request",
        "look at the body in the source document",
        1,
    ),
    "throttled": (
        429,
        refusal("RequestLimitExceeded", "T", "The request limit of the API key has been exceeded."),
        SourceError,
        "asked too often",
        "ask the school's administrator to raise the limit of the key",
        1,
    ),
    "address": (
        403,
        refusal("AccessDenied", "T", "Requests from this address are not allowed."),
        SourceRefused,
        "does not let this machine in",
        "ask the school's administrator to allow our address",
        1,
    ),
    "other": (
        500,
        refusal("UnhandledException", "T", "Object reference not set to zz_key."),
        SourceError,
        "iSAMS failed",
        "ask the school's administrator to look at the key's request log",
        1,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_has_its_message_and_is_tried_again_only_where_that_helps(
    name: str, school: Asking, tmp_path: Path
) -> None:
    status, text, kind, what, fix, times = REFUSALS[name]
    documents = [text.encode("ascii"), text.encode("utf-16")]
    real = REAL / "Errors" / f"{name}.xml"
    documents += [real.read_bytes()] if real.exists() else []
    for number, document in enumerate(documents):
        with pytest.raises(EngineError) as caught:
            school.read(tmp_path / str(number), "years", answers=[(status, document)])
        assert type(caught.value) is kind
        assert what in caught.value.what
        assert fix in caught.value.fix
        assert len(school.server.bodies) == times
        told = f"{caught.value.what} {caught.value.why} {caught.value.fix}".lower()
        assert not any(each in told for each in (KEY, school.server.url, "zz_key", "118"))


def test_every_real_refusal_is_among_them() -> None:
    assert {file.stem for file in (REAL / "Errors").glob("*.xml")} <= set(REFUSALS)


@pytest.mark.parametrize("name", ["Deadlock", "LockRequestTimeOut"])
def test_a_busy_database_is_asked_again(name: str, school: Asking, tmp_path: Path) -> None:
    status, text = REFUSALS[name][:2]
    busy = (status, text.encode())
    found = school.read(tmp_path, "pastoral_tutors", answers=[busy, busy, (200, STAFF.encode())])
    assert values(found["pastoral_tutors"]) == [{"Id": "380"}]
    assert len(school.server.bodies) == 3
    assert len(set(school.server.bodies)) == 1
    assert school.clock.waited == 0.5 + 1.0


# What is asked

FILTERS = """<Filters>
<Calendar><Events StartDate="2012-08-16" EndDate="2013-03-23"/></Calendar>
<CoverManager><AllLessonSuspensions StartDate="2012-08-16" EndDate="2013-03-23"/>
<AllRoomClosuresAndCover StartDate="2012-08-16" EndDate="2013-03-23"/></CoverManager>
<DailyBulletin><DailyBulletins StartDate="2010-12-22" EndDate="2013-03-23"/></DailyBulletin>
<ExamsManager><ExamResultsFiltered ExamCycleIdsToInclude="52,53,54"/></ExamsManager>
<Discipline><Detentions StartDate="2013-09-28" EndDate="2013-12-23"/></Discipline>
<StudentManager><Contacts ContactTypes="Mother,Father" ContactOnly="true" ContactLocations="Work,Company"
 StudentHome="false" SystemStatusesToInclude="0,1" AdmissionsStatusesToInclude="Denied,Accepted"
 EnrolmentSchoolYearsToInclude="2017,2018"/>
<ContactsWithCustomFields ContactTypes="Mother,Father" ContactOnly="true" ContactLocations="Work,Company"
 StudentHome="false" SystemStatusesToInclude="0,1" AdmissionsStatusesToInclude="Denied,Accepted"
 EnrolmentSchoolYearsToInclude="2017,2018"/>
<CustomPupilGroupMembershipFiltered SystemStatusesToInclude="0,1"/>
<Passports SystemStatusesToInclude="0,1"/></StudentManager>
<PupilRegisters><FreeSchoolMeals StartDate="2013-01-28" EndDate="2013-02-13"/>
<GiftedAndTalentedRegister systemStatusesToInclude="-1,1"/><SENDfERecords systemStatusesToInclude="0,1"/>
<SENLessons systemStatusesToInclude="0,1"/><SENRegister systemStatusesToInclude="0,1"/>
<SENTypes systemStatusesToInclude="0,1"/></PupilRegisters>
<Registration><OutOfSchoolPupils StartDate="2013-02-25" EndDate="2013-04-02"/>
<RegistrationPeriods StartDate="2013-03-01" EndDate="2013-06-01"/>
<RegistrationStatus StartDate="2013-05-21" EndDate="2013-09-22"/></Registration>
<RewardsAndConduct><Records StartDate="2013-09-28" EndDate="2013-12-23"/></RewardsAndConduct>
<SchoolReports><Records IDsToInclude="2,3,5,7,11,13,17,19"/>
<ReportCycles ReportTerm="1" ReportCycleType="0" ReportYear="2016"/>
<Reports reportCycleIdsToInclude="3,9" ncYear="13" reportType="7" reportStatus="3"/></SchoolReports>
<TrackingManager><ExternalData IDsToInclude="1,2,4,6,8,12,16,18"/></TrackingManager>
</Filters>"""
"""Every filter there is, in the order of the vendor's example."""


def plain(text: str) -> str:
    """XML in the one form that says the same."""
    return ElementTree.canonicalize(text.strip(), strip_text=True)


def test_the_filters_are_those_of_the_vendor() -> None:
    if VENDOR.exists():
        document = VENDOR.read_text(encoding="utf-8", errors="replace")
        example = document[document.index("<Filters>\n\t<Calendar>") :]
        assert plain(example[: example.index("</Filters>") + len("</Filters>")]) == plain(FILTERS)
    assert len(list(ElementTree.fromstring(FILTERS).iter())) == 1 + 11 + 24


def test_every_filter_can_be_sent(tmp_path: Path) -> None:
    with asking(tmp_path / "project") as school:
        body = sent_for_every_filter(school, tmp_path)
    run = "".join(f"<Method>{name}</Method>" for name in ElementTree.fromstring(body).itertext() if name.strip())
    assert plain(body) == plain(FILTERS.replace("<Filters>", f"<Filters><MethodsToRun>{run}</MethodsToRun>"))
    assert run.count("<Method>") == 24


def test_a_key_can_be_read_by_get(tmp_path: Path) -> None:
    with asking(tmp_path / "project") as school:

        def by_get(endpoint: dict[str, Any]) -> None:
            del endpoint["post"], endpoint["body"]
            endpoint["get"] = "xml.ashx"

        change_batch(school, by_get)
        found = school.again().read(tmp_path / "out", "years", "staff", answers=[(200, STAFF.encode())])
        assert [row["Id"] for row in values(found["years"]) + values(found["staff"])] == ["-2", "380"]
        assert [(each.method, each.query) for each in school.server.requests] == [("GET", {"apiKey": "***"})]
        assert school.server.bodies == [b""]


def change_batch(school: Asking, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the shipped endpoint, in a copy of the project's own."""
    own = yaml.safe_load((shipped() / "mappings/isams/endpoints/batch.yaml").read_text(encoding="utf-8"))
    change(own["endpoints"]["batch"])
    file = school.project.root / "mappings" / "isams" / "endpoints" / "batch.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(own, sort_keys=False), encoding="utf-8")


def sent_for_every_filter(school: Asking, tmp_path: Path) -> str:
    """The body of the shipped endpoint, had it sets that ask for all methods with filters."""
    methods = {spec.element: name for name, spec in school.project.source("isams").apis["batch"].methods.items()}
    sets, asked = {}, []
    for parent in ElementTree.fromstring(FILTERS):
        for element in parent:
            asked.append(methods[f"{parent.tag}/{element.tag}"])
            ask = {"method": asked[-1], "filters": dict(element.attrib)}
            sets[f"set_{len(sets)}"] = {
                "records": f"A/B{len(sets)}",
                "ask": ask,
                "optional": True,
                "fields": {"Id": {}},
            }
    change_batch(school, lambda endpoint: endpoint.update(sets=sets))
    school.again().read(tmp_path / "out", *sets, answers=[(200, b"<iSAMS/>")])
    [body] = school.server.bodies
    assert [each.text for each in ElementTree.fromstring(body).iter("Method")] == asked
    return body.decode()


def test_the_methods_are_those_that_the_system_has() -> None:
    """The simulated iSAMS has a list of its own, with what filters each method and whether it must be there."""
    methods = open_project(shipped()).source("isams").apis["batch"].methods
    own = {
        name: (spec.element or "", tuple(spec.filters), spec.needs_filter)
        for name, spec in methods.items()
        if not spec.assumed or name.lower() in METHODS
    }
    theirs = {
        each.name: ("/".join(filter(None, (each.module, each.element))), each.attributes, each.required)
        for each in METHODS.values()
    }
    folded = {
        name: (element, [each.lower() for each in names], needed) for name, (element, names, needed) in own.items()
    }
    assert folded == {name: (at, [each.lower() for each in names], need) for name, (at, names, need) in theirs.items()}


def test_lists_hold_every_part(school: Asking, tmp_path: Path) -> None:
    document = (
        "<iSAMS><TimetableManager><PublishedTimetables><Timetable Id='1'><Tutorials><Tutorial Id='2'><Periods>"
        "<Period Id='1'><PeriodId>8</PeriodId></Period><Period Id='2'><PeriodId>9</PeriodId></Period></Periods>"
        "<Pupils/></Tutorial></Tutorials></Timetable></PublishedTimetables></TimetableManager></iSAMS>"
    )
    [found] = values(school.read(tmp_path, "tutorials", answers=[(200, document.encode())])["tutorials"])
    lists = {name: json.loads(value) for name, value in found.items() if name.endswith("Ids")}
    assert (found["Id"], found["TimetableId"], lists) == ("2", "1", {"PeriodIds": ["8", "9"], "PupilIds": []})
