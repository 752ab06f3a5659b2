"""What every shipped mapping, schema, binding and lookup must keep to: written once, for all of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from mapped import DEMO, lookups, project, run

from engine.haplo.countries import COUNTRIES
from engine.haplo.fit import binding_problems
from engine.haplo.target import data_types
from engine.kinds.types import TargetField
from engine.spec.binding import Binding
from engine.spec.check import check
from engine.spec.mapping import Mapping
from engine.spec.project import FOLDERS, shipped
from engine.spec.schema import Schema
from engine.spec.source import Endpoints, Source

MAPPINGS = sorted(project().names("mapping"))
SCHEMAS = sorted(project().names("schema"))
SOURCES = sorted(project().names("source"))

PERSONAL = re.compile(
    r"name|birth|gender|e_?mail|phone|address|street|house_?n|apartment|district|town|county|post_?code|country"
    r"|^upn$|admission|learner|relationship|parental|responsible|religion|ethnic|nationalit|language|title|suffix"
    r"|sen_?provision|special|meals|premium|service|disabled|care|note",
    re.IGNORECASE,
)
"""Names of fields that look as if they held personal data."""

NOT_PERSONAL = {
    "school.name": "the school's",
    "school.phone": "the school's office",
    "school.email": "the school's office",
    "school.address": "the school's",
    "group.name": "a group's",
    "lesson.title": "a lesson's",
    "xporter.groups.Name": "a group's",
    "xporter.groups.SubjectName": "a subject's",
    "xporter.school_info.Name": "the school's",
    "xporter.school_info.Telephone": "the school's office",
    "xporter.school_info.Email": "the school's office",
    "xporter.school_info.Address": "the school's",
    "isams.forms.EmailAddress": "a form's",
    "isams.sets.Name": "a teaching group's",
    "isams.staff_meetings.DisplayName": "a meeting's",
    "isams.tutorials.DisplayName": "a lesson's",
    "isams.tracking_results.DataName": "a report's",
    "isams.years.Name": "a year's",
    "isams.years.Email": "a year's",
    "isams.rest_year_groups.name": "a year's",
    "isams.custom_groups.Name": "a group's",
    "isams.year_schedules.Name": "a lesson's",
    "isams.development_staff_meetings.DisplayName": "a meeting's",
    "isams.development_tutorials.DisplayName": "a lesson's",
    "isams.development_year_schedules.Name": "a lesson's",
}
"""Fields that only look so, and why they are not."""
HUBMIS_OF_NOBODY = """
    academic_years activities activity_details attendance_codes authorities authority_types boarding_types
    closure_dates communication_details contact_custom_field_groups contact_custom_field_options contact_custom_fields
    countries department_details department_details_v1 departments departments_v1 education_types ethnicities faiths
    form_details forms genders group_types holidays house_details houses inset_days languages
    learning_support_review_types learning_support_severities learning_support_statuses learning_support_terminology
    learning_support_types locations marital_statuses nationalities pastoral_severity_levels qualifications
    regional_settings relationship_groups relationship_types room_details rooms school_college_categories
    schools_colleges section_details sections sections_v1 staff_contract_types staff_custom_field_groups
    staff_custom_field_options staff_custom_fields staff_positions student_custom_field_groups
    student_custom_field_options student_custom_fields subject_details subject_details_v1 subject_set_details
    subject_sets subject_sets_v1 subjects subjects_v1 terms timetable_details timetables titles tutor_group_details
    tutor_groups wellbeing_event_categories wellbeing_event_category_details wellbeing_plan_categories
    wellbeing_plan_category_details year_group_details year_groups
"""
OF_NOBODY = {
    "hubmis": HUBMIS_OF_NOBODY.split(),
    "isams": [
        "absence_codes",
        "academic_houses",
        "boarding_houses",
        "buildings",
        "calendar_categories",
        "classrooms",
        "contact_types",
        "custom_group_categories",
        "departments",
        "development_timetables",
        "divisions",
        "houses",
        "medical_condition_types",
        "medical_severities",
        "present_codes",
        "registration_codes",
        "registration_periods",
        "registration_periods_batch",
        "registration_present_codes",
        "registration_times",
        "report_cycles",
        "report_types",
        "rest_contact_types",
        "rest_departments",
        "rest_subjects",
        "rest_terms",
        "rest_year_divisions",
        "subjects",
        "terms",
        "timetable_days",
        "timetable_periods",
        "timetable_weeks",
        "timetables",
        "tracking_list",
    ],
    "xporter": [
        "assessment_aspects",
        "assessment_categories",
        "assessment_grade_sets",
        "assessment_result_sets",
        "assessment_templates",
        "cover_lesson_rooms",
        "entitlement_groups",
        "exam_aspects",
        "exam_grade_sets",
        "exam_option_codes",
        "exam_result_sets",
        "exam_seasons",
        "ks4_discount_codes",
        "ks5_discount_codes",
        "lessons",
        "linked_document_types",
        "past_groups",
        "past_standard_year_groups",
        "rooms",
        "schools_authorised",
        "schools_pending",
        "schools_revoked",
        "timetable_classes",
        "timetable_days",
        "timetable_periods",
        "timetable_rooms",
        "token_details",
        "token_scopes",
        "user_defined_fields",
    ],
}
"""Sets of what the school has or calls things: their names and addresses are nobody's."""

NOT_SENT = {
    "guardian.relationships.relationship": "a reference in Haplo holds nothing beside the object that it points to",
    "guardian.relationships.priority": "as above; the references stand in this order",
    "guardian.relationships.parental_responsibility": "as above; responsible_for holds those that have it",
    "group_membership.member_kind": "the attribute that is set says it: the student or the staff",
}
"""Fields that go into no Haplo attribute, and why. The key of an entity goes into the object's code."""


def the_schema(name: str) -> Schema:
    return project().schema(name)


def test_the_shipped_documents_have_no_problems():
    assert [str(problem) for problem in check(project())] == []


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_runs_on_no_records(name):
    source, _, entity = name.partition("/")
    assert run(source, entity, {}).rows == []


def test_every_entity_is_fed():
    assert {name.partition("/")[2] for name in MAPPINGS} == set(SCHEMAS)


def _shipped_documents() -> Iterator[tuple[str, str, str]]:
    for loaded in project().documents.values():
        kind = {"endpoints_of": "endpoints"}.get(loaded.kind, loaded.kind)
        wanted = os.path.relpath(shipped() / "schemas" / "spec" / f"{kind}.json", loaded.home.parent)
        yield str(loaded.home.relative_to(shipped())), wanted, loaded.home.read_text(encoding="utf-8")


def test_every_document_points_editors_at_its_schema():
    wrong = [
        file
        for file, wanted, text in _shipped_documents()
        if text.split("\n", 1)[0] != f"# yaml-language-server: $schema={wanted}"
    ]
    assert wrong == []


def test_every_document_is_found_by_the_project():
    folders = [shipped() / "mappings", shipped() / "schemas", *(DEMO / name for name in FOLDERS)]
    there = {path for folder in folders for path in folder.rglob("*.yaml") if path.parent.name != "tests"}
    assert there == {loaded.home for loaded in project().documents.values()}


def fields_of(name: str, fields: dict[str, TargetField]) -> Iterator[tuple[str, TargetField]]:
    """Every field with its path, and the parts of records in lists."""
    for own, each in fields.items():
        yield f"{name}.{own}", each
        parts = each.of if each.of is not None else each
        if parts.fields is not None:
            yield from fields_of(f"{name}.{own}", parts.fields)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_target_field_says_what_it_means(name):
    schema = the_schema(name)
    assert schema.title
    assert schema.description
    assert [path for path, each in fields_of(name, schema.fields) if not each.description.strip()] == []


def untagged() -> set[str]:
    """Fields that look personal and bear no tag."""
    targets = [(path, each.pii) for name in SCHEMAS for path, each in fields_of(name, the_schema(name).fields)]
    wires = [
        (f"{source}.{set_name}.{own}", each.pii)
        for source in SOURCES
        for _, set_name, record_set in project().source(source).sets()
        if set_name not in OF_NOBODY.get(source, ())
        for own, each in record_set.fields.items()
    ]
    return {path for path, tag in targets + wires if tag is None and PERSONAL.search(path.rpartition(".")[2])}


def test_personal_data_is_tagged():
    assert untagged() - set(NOT_PERSONAL) == set()


def test_no_waiver_of_a_tag_is_left_over():
    assert set(NOT_PERSONAL) - untagged() == set()


def test_tags_are_few_and_known():
    kinds = {each.pii for name in SCHEMAS for _, each in fields_of(name, the_schema(name).fields)}
    for source in SOURCES:
        kinds |= {e.pii for _, _, each in project().source(source).sets() for e in each.fields.values()}
    known = {"name", "birth", "contact", "address", "identifier", "family", "status", "sensitive"}
    assert kinds - {None} == known


def unsent() -> set[str]:
    """Target fields, and parts of lists of records, that their binding does not use."""
    found = set()
    for name in SCHEMAS:
        schema, used = the_schema(name), _sent(project().binding(name))
        for path, each in fields_of(name, schema.fields):
            own = path.removeprefix(f"{name}.")
            parts = each.of.fields if each.of is not None else each.fields
            if own != schema.key and parts is None and own not in used:
                found.add(path)
    return found


def _sent(binding: Binding) -> set[str]:
    found: set[str] = set()
    for bound in binding.names.values():
        if bound.from_ is not None:
            found.add(bound.from_ if bound.part is None else f"{bound.from_}.{bound.part}")
        for structure in (bound.person_name, bound.postal_address):
            if structure is not None:
                found |= set(structure.model_dump(exclude_none=True).values())
    return found


def test_every_target_field_is_sent_or_says_why_not():
    assert unsent() - set(NOT_SENT) == set()


def test_no_reason_for_not_sending_is_left_over():
    assert set(NOT_SENT) - unsent() == set()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_binding_fits_the_application(name):
    binding = project().binding(name)
    kinds = data_types(project().application("school"), binding.model)
    assert kinds["std:attribute:configured-behaviour"] == "configuration-name"
    assert [problem.what for problem in binding_problems(the_schema(name), project().schemas(), binding, kinds)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_row_is_called_in_haplo_is_always_there(name):
    bound, fields = project().binding(name).names["dc:attribute:title"], the_schema(name).fields
    title = bound.person_name.last if bound.person_name is not None else bound.from_
    assert title is not None
    assert fields[title].required


def test_every_type_of_the_application_can_be_found_again():
    application = project().application("school")
    without = [
        code for code, each in application.types.items() if "std:attribute:configured-behaviour" not in each.attributes
    ]
    assert without == []


def test_every_attribute_of_the_application_is_of_some_type():
    application = project().application("school")
    assert set(application.attributes) == {name for each in application.types.values() for name in each.attributes}


def looked_up() -> Iterator[tuple[str, str, TargetField]]:
    """Every target field that a table of codes feeds, with the source."""
    for name in MAPPINGS:
        source, _, entity = name.partition("/")
        content = project().mapping(source, entity)
        assert isinstance(content, Mapping)
        for own, value in content.fields.items():
            target = the_schema(entity).fields[own]
            if value.lookup:
                yield source, value.lookup, target
            parts = target.of.fields if target.of is not None else None
            for part, nested in (value.fields or {}).items():
                if nested.lookup and parts is not None:
                    yield source, nested.lookup, parts[part]


@pytest.mark.parametrize(("source", "lookup", "target"), list(looked_up()))
def test_a_lookup_gives_what_its_field_takes(source, lookup, target):
    table = lookups(source)[lookup]
    given = set((table.values or {}).values()) | ({table.otherwise} if table.otherwise else set())
    assert target.values is None or given <= set(target.values)
    assert target.pattern is None or all(re.fullmatch(target.pattern, value) for value in given)


@pytest.mark.parametrize("source", SOURCES)
def test_codes_stay_apart_when_their_case_is_folded(source):
    for table in lookups(source).values():
        folded: dict[str, set[str]] = {}
        for code, value in (table.values or {}).items():
            folded.setdefault(code.strip().lower(), set()).add(value)
        assert [code for code, values in folded.items() if len(values) > 1] == []


def test_the_countries_are_those_that_haplo_takes():
    values = lookups(SOURCES[0])["country"].values or {}
    assert set(values.values()) == COUNTRIES
    assert {values[code] for code in COUNTRIES} == COUNTRIES


def test_every_setting_is_used():
    folders = [shipped() / "mappings", shipped() / "schemas" / "haplo"]
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.yaml")]
    names = [f"{group}.{name}" for group, members in project().settings().items() for name in members]
    assert [name for name in names if not any(name in text for text in texts)] == []


def test_references_form_no_circle():
    waiting = {name: the_schema(name).refs() for name in SCHEMAS}
    while waiting:
        free = {name for name, refs in waiting.items() if not refs & set(waiting)}
        assert free, f"these point at each other: {sorted(waiting)}"
        waiting = {name: refs for name, refs in waiting.items() if name not in free}


def test_a_second_set_of_an_answer_is_not_counted():
    """What an answer states of its total is about the first of its sets."""
    for source in SOURCES:
        for name, endpoint in project().source(source).endpoints.items():
            pages = endpoint.pages or project().source(source).apis[endpoint.api].pages
            if pages is not None and pages.kind != "none":
                assert [each.counted for each in endpoint.sets.values()].count(True) == 1, name


def test_files_of_endpoints_are_about_a_source_that_is_there():
    files = [loaded.content for loaded in project().of("endpoints_of")]
    owners = {content.endpoints_of for content in files if isinstance(content, Endpoints)}
    sources = {loaded.content.source for loaded in project().of("source") if isinstance(loaded.content, Source)}
    assert owners <= sources
