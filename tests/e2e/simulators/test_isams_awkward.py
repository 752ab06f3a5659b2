"""The awkward cases of the simulated iSAMS: each is there when it is asked for, and not there when it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from isams_school import Isams, filters, setting, texts
from lxml import etree

from engine.simulators.isams.setting import CASES, RARE, Setting, parse_cases, parse_path

pytestmark = pytest.mark.e2e

PUPIL = "PupilManager/CurrentPupils/Pupil"
SIBLING = "PupilManager/Pupils/Pupil"
CONTACT = "PupilManager/Contacts/Contact"
STAFF = "HRManager/CurrentStaff/StaffMember"
FORM = "SchoolManager/Forms/Form"
YEAR = "SchoolManager/Years/Year"
SET = "TeachingManager/Sets/Set"
SET_LIST = "TeachingManager/SetLists/SetList"
METHODS = [
    "Pupil_GetCurrentPupils",
    "Pupil_GetSiblings",
    "ContactAdvanced_GetContacts",
    "HumanResources_GetCurrentStaff",
    "School_GetSchoolForms",
    "School_GetAllYears",
    "School_GetSchoolDivisions",
    "School_GetAcademicHouses",
    "Teaching_GetTeachingSets",
    "Teaching_GetTeachingSetLists",
    "Teaching_GetDepartmentsAndSubjects",
    "ControlPanel_GetContactTypeGlobalList",
]
ALL = filters('<StudentManager><Contacts SystemStatusesToInclude="1"/></StudentManager>')

Document = etree._Element
Check = Callable[[Document], bool]


def some(values: Iterable[object]) -> bool:
    return any(values)


def absent_elements(found: Document) -> bool:
    return some(pupil.find("EmailAddress") is None for pupil in found.findall(PUPIL))


def blank_staff(found: Document) -> bool:
    """As in the example of the reference: a space, nothing, and three spaces."""
    blank = [each for each in found.findall(STAFF) if not (each.findtext("Surname") or "").strip()]
    values = [(each.findtext("Forename"), each.findtext("Title"), each.findtext("FullName")) for each in blank]
    assert set(values) <= {(" ", "", "   ")}
    return bool(blank)


def same_year_names(found: Document) -> bool:
    return max(Counter(texts(found.findall(YEAR), "Name")).values()) > 1


def left_to_the_default(found: Document) -> bool:
    values = set(texts(found.findall(CONTACT), "ParentalResponsibility"))
    assert values <= {"Default", "Yes", "No"}
    return "Default" in values


def pupils_twice_in_a_set(found: Document) -> bool:
    rows = found.findall(SET_LIST)
    assert len(set(texts(rows, "@Id"))) == len(rows)
    return max(Counter((row.get("SetId"), row.get("PupilId")) for row in rows).values()) > 1


def empty_legacy(found: Document) -> bool:
    return some(author.text is None for author in found.findall(f"{FORM}/Author"))


def form_of_another_year(found: Document) -> bool:
    return some((form.get("Id") or "").startswith("12") and form.get("YearId") == "10" for form in found.findall(FORM))


def slash_in_forms(found: Document) -> bool:
    return some("/" in (form or "") for form in texts(found.findall(FORM), "@Id"))


def staff_who_left(found: Document) -> bool:
    there = set(texts(found.findall(STAFF), "@Id"))
    named = {form.get("SecondAssistantTutorId") for form in found.findall(FORM)}
    named |= {house.get("AssistantHouseMasterId") for house in found.findall("SchoolManager/AcademicHouses/House")}
    return bool(named - there - {None})


def joint_contacts(found: Document) -> bool:
    """The second of a joint record follows the first, with the same address and pupils."""
    rows = found.findall(CONTACT)
    second = [number for number, row in enumerate(rows) if row.get("IsFirstPersonContact") == "False"]
    for number in second:
        one, other = rows[number - 1], rows[number]
        assert one.get("IsFirstPersonContact") == "True"
        assert one.get("PersonId") != other.get("PersonId")
        for part in ("Address", "Pupils"):
            assert etree.tostring(one.find(part)) == etree.tostring(other.find(part))
    return bool(second)


def joint_rows_with_one_id(found: Document) -> bool:
    return max(Counter(texts(found.findall(CONTACT), "@Id")).values()) > 1


def leavers_in_sets(found: Document) -> bool:
    return bool(set(texts(found.findall(SET_LIST), "@PupilId")) - set(texts(found.findall(PUPIL), "@Id")))


def low_years(found: Document) -> bool:
    return {"-2", "-1", "0"} <= set(texts(found.findall(YEAR), "@Id"))


def odd_relationships(found: Document) -> bool:
    named = {(each or "") for each in texts(found.findall(CONTACT), "RelationshipRaw")}
    return bool(named - {"Mother", "Father", "Other Family Member"})


def both_sides_of_siblings_are_not_told(found: Document) -> bool:
    pairs = {
        (pupil.get("Id"), other.get("PupilId")) for pupil in found.findall(SIBLING) for other in pupil.find("Siblings")
    }
    assert pairs
    return not any((other, one) in pairs for one, other in pairs)


def padded_values(found: Document) -> bool:
    values = texts(found.findall(PUPIL), "Forename") + texts(found.findall(CONTACT), "Surname")
    return some(value != value.strip() for value in values if value)


def sets_alone(found: Document) -> bool:
    subjects = {each.get("Id") for each in found.findall("TeachingManager/Departments/Department/Subjects/Subject")}
    return some(each.get("SubjectId") not in {*subjects, None} for each in found.findall(SET))


def several_mails(found: Document) -> bool:
    values = texts(found.findall(CONTACT), "EmailAddress")
    return some((value or "").count("@") > 1 for value in values)


def several_rows(found: Document) -> bool:
    return max(Counter(texts(found.findall(CONTACT), "@PersonId")).values()) > 1


def guid_of_the_pupil(found: Document) -> bool:
    pupils = found.findall(SIBLING)
    guids = [(pupil.get("PersonGuid"), other.get("PersonGuid")) for pupil in pupils for other in pupil.find("Siblings")]
    return all(one == other for one, other in guids)


def year_in_two_divisions(found: Document) -> bool:
    links = found.findall("SchoolManager/SchoolDivisions/SchoolDivision/Years/Year")
    assert len(set(texts(links, "@Id"))) == len(links)
    return max(Counter(texts(links, "@YearId")).values()) > 1


def unknown_attribute(found: Document) -> bool:
    return some(pupil.get("MadeUp") for pupil in found.findall(PUPIL))


def unknown_element(found: Document) -> bool:
    return some(pupil.findtext("OtherMadeUp") for pupil in found.findall(PUPIL))


def fractions(found: Document) -> bool:
    return some("." in (value or "") for value in texts(found.findall(PUPIL), "EnrolmentDate"))


def legacy_only(found: Document) -> bool:
    forms = found.findall(FORM)
    assert all((form.findtext("Tutor") or "") and form.find("Tutor").get("Legacy") == "True" for form in forms)
    return all(form.get("TutorId") is None and form.get("YearId") is None for form in forms)


def nothing_but_id(found: Document) -> bool:
    people = [*found.findall(PUPIL), *found.findall(STAFF)]
    return all(set(each.attrib) == {"Id"} for each in people)


def several_blocks(found: Document) -> bool:
    return len(found.findall("PupilManager/CurrentPupils")) > 1


def no_forenames(found: Document) -> bool:
    return some(contact.find("Forename") is None for contact in found.findall(CONTACT))


CHECKS: dict[str, Check] = {
    "absent": absent_elements,
    "blanks": blank_staff,
    "campuses": same_year_names,
    "default-responsibility": left_to_the_default,
    "duplicate-set-lists": pupils_twice_in_a_set,
    "empty-legacy": empty_legacy,
    "extra-attribute": unknown_attribute,
    "extra-element": unknown_element,
    "form-of-another-year": form_of_another_year,
    "form-slash": slash_in_forms,
    "former-staff": staff_who_left,
    "fractions": fractions,
    "joint-contacts": joint_contacts,
    "leavers-in-sets": leavers_in_sets,
    "legacy-only": legacy_only,
    "low-years": low_years,
    "odd-relationships": odd_relationships,
    "old-server": nothing_but_id,
    "one-sided-siblings": both_sides_of_siblings_are_not_told,
    "padded": padded_values,
    "several-blocks": several_blocks,
    "several-mails": several_mails,
    "several-rows": several_rows,
    "sets-alone": sets_alone,
    "sibling-guid": guid_of_the_pupil,
    "title-only": no_forenames,
    "two-divisions": year_in_two_divisions,
}
ELSEWHERE = {"joint-same-id", "duplicate-registers", "placeholder"}
"""Cases that have a test of their own."""


def read(school: Isams) -> Document:
    return school.read("all", ALL)


def begin(isams: Callable[..., Isams], cases: Setting) -> Isams:
    return isams(pupils=250, keys=[{"name": "all", "methods": METHODS}], setting=cases)


@pytest.mark.parametrize("case", CHECKS)
def test_a_case_is_there_when_it_is_asked_for(isams: Callable[..., Isams], case: str) -> None:
    assert CHECKS[case](read(begin(isams, setting(case))))


def test_without_cases_there_are_none(isams: Callable[..., Isams]) -> None:
    found = read(begin(isams, setting()))
    assert [case for case, check in CHECKS.items() if check(found)] == []


def test_by_default_there_are_the_usual_ones(isams: Callable[..., Isams]) -> None:
    found = read(begin(isams, Setting()))
    assert {case for case, check in CHECKS.items() if check(found)} == set(CASES) - ELSEWHERE


def test_every_case_has_its_test() -> None:
    assert set(CHECKS) | ELSEWHERE == {*CASES, *RARE}
    assert not set(CASES) & set(RARE)


def test_the_two_rows_of_a_joint_record_may_have_one_id(isams: Callable[..., Isams]) -> None:
    assert joint_rows_with_one_id(read(begin(isams, setting("joint-contacts", "joint-same-id"))))
    assert not joint_rows_with_one_id(read(begin(isams, setting("joint-contacts"))))


def test_a_blank_is_written_as_the_server_does(isams: Callable[..., Isams]) -> None:
    text = begin(isams, Setting()).post("all", ALL).text
    assert "<Forename>&#x20;</Forename>" in text
    assert "<FullName>  &#x20;</FullName>" in text
    assert "<Salutation> &#x20;</Salutation>" in text
    assert "<Title/>" in text


def test_cases_are_read_from_words() -> None:
    assert parse_cases("default") == frozenset(CASES)
    assert parse_cases("default,-padded,+old-server") == (frozenset(CASES) - {"padded"}) | {"old-server"}
    assert parse_cases("none") == parse_cases("all,-all") == frozenset()
    with pytest.raises(ValueError, match="no awkward case 'paded'"):
        parse_cases("paded")
    assert parse_path("A/B/C") == ("A", "B", "C")
    for wrong in ("A/B", "A/B/C D"):
        with pytest.raises(ValueError, match="Module/Collection/Record"):
            parse_path(wrong)
    for wrong_setting in ({"empty": "none"}, {"statuses": {"x": 1}}, {"contact_type_names": ("A",)}):
        with pytest.raises(ValueError, match=r"one of|three"):
            Setting(**wrong_setting)  # type: ignore[arg-type]
