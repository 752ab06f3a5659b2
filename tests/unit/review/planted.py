"""Changes of shipped documents, planted by hand, each with what a review must say of it, worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

Edit = tuple[str, str, str]
"""A file, a text that stands in it once, and what stands there afterwards."""


@dataclass(frozen=True)
class Said:
    """A finding: kind, subject, before, after; `at` is the file with a text of its line before, and of that after.

    Where a version has no line for it, the text is None.
    """

    kind: str
    subject: str
    before: str | None
    after: str | None
    at: tuple[str, str | None, str | None]
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planted:
    """A change, and all that is to be said of it."""

    name: str
    edits: list[Edit]
    said: list[Said] = field(default_factory=list)


STUDENT, GUARDIAN = "mappings/xporter/student.yaml", "mappings/xporter/guardian.yaml"
SCHEMA, BINDING, SETTINGS = "schemas/student.yaml", "schemas/haplo/student.yaml", "schemas/settings.yaml"
STUDENTS, SOURCE = "mappings/xporter/endpoints/students.yaml", "mappings/xporter/source.yaml"
STAFF, MARKS = "mappings/xporter/staff.yaml", "mappings/hubmis/attendance_mark.yaml"
GROUP = "mappings/xporter/group.yaml"
GENDER = "schemas/lookups/gender.yaml"

PAGES = (
    "{{kind: number, param: page, size: {{param: pageSize, value: {}}}, last: {{at: '$.__pagination__[0].PageCount', "
    "absent: one}}, total: '$.__pagination__[0].RowCount', page: '$.__pagination__[0].PageNumber'}}"
)


def paged_by_their_api() -> tuple[str, ...]:
    """Return the endpoints of Xporter that do not say themselves how they are paged, as PyYAML reads them."""
    found = []
    for file in sorted((Path(__file__).parents[3] / "mappings/xporter/endpoints").glob("*.yaml")):
        endpoints = yaml.safe_load(file.read_text(encoding="utf-8"))["endpoints"]
        found += [name for name, each in endpoints.items() if "pages" not in each and "api" not in each]
    return tuple(found)


HARMLESS = [
    Planted(
        "a value is written as a block, in quotes, with a remark",
        [
            (
                STUDENT,
                "  gender: {from: Gender, lookup: gender}\n",
                "  # as the school has it\n  gender:\n    from: 'Gender'\n    lookup: \"gender\" # shared\n",
            )
        ],
    ),
    Planted(
        "fields stand in another order",
        [
            (
                STUDENT,
                "  entry_date: EntryDate\n  leaving_date: LeavingDate\n",
                "  leaving_date: LeavingDate\n  entry_date: EntryDate\n",
            ),
            (SCHEMA, "  house: {max: 100, pii: status,", "  house: {pii: status, max: 100,"),
        ],
    ),
    Planted(
        "shorthands are written out",
        [
            (STUDENT, "  date_of_birth: DateOfBirth\n", "  date_of_birth: {from: DateOfBirth}\n"),
            (STUDENT, "from: named_years\n", "from: {set: named_years}\n"),
            (STUDENT, "    from: students\n    fields: {year:", "    from: {union: [students]}\n    fields: {year:"),
            (STUDENT, "{from: AdmissionNo, clean: trim}", "{from: AdmissionNo, clean: [trim]}"),
            (STUDENT, "item: place, order: [rank]", "item: {from: place}, order: [{by: rank, descending: false}]"),
            (
                BINDING,
                "  school:attribute:gender: {from: gender, clear: true}\n",
                "  school:attribute:gender:\n    clear: true\n    from: gender\n",
            ),
        ],
    ),
    Planted(
        "what is so by default is said",
        [
            (SCHEMA, "  given_name: {max: 100,", "  given_name: {type: text, required: false, max: 100,"),
            (GUARDIAN, "{Id: StudentId}, keep: first}", "{Id: StudentId}, keep: first, fold_case: false}"),
            (
                SETTINGS,
                "      type: texts\n      default: null\n      description: names of the year groups",
                "      type: texts\n      description: names of the year groups",
            ),
        ],
    ),
    Planted(
        "codes stand in another order, and in other letters where these don't count",
        [(GENDER, "  F: female\n  Female: female\n  M: male\n", "  M: male\n  FEMALE: female\n  f: female\n")],
    ),
    Planted(
        "values of an enumeration, and names that are taken away, stand in another order",
        [
            (SCHEMA, "values: [applicant, current, past]", "values: [past, applicant, current]"),
            (
                BINDING,
                "    - school:attribute:house\n    - school:attribute:boarding-house\n",
                "    - school:attribute:boarding-house\n    - school:attribute:house\n",
            ),
        ],
    ),
    Planted(
        "an expression is spaced otherwise, with a remark and other letters of its words",
        [
            (
                STUDENT,
                "      CASE WHEN coalesce(AddressBlock, HouseNo, HouseName, Street, TownOrCity, PostCode) IS NOT NULL\n"
                "           THEN coalesce(Country, settings.addresses.country) END\n",
                "      case when (coalesce(AddressBlock, HouseNo,\n"
                "                          HouseName, Street, TownOrCity, PostCode) is not null) -- an address\n"
                "      then COALESCE(Country, settings.addresses.country)\n      end\n",
            )
        ],
    ),
    Planted(
        "remarks for readers are others",
        [
            (STUDENT, "  Students on roll, as", "  Pupils on roll, as"),
            (SCHEMA, "description: the family name in everyday use", "description: the family name"),
            (STUDENTS, "note: the name in everyday use}\n          Surname", "note: everyday}\n          Surname"),
            (SETTINGS, "description: whether students who left stay", "description: if students who left stay"),
        ],
    ),
    Planted(
        "an endpoint says itself how it is paged, as its api does",
        [
            (
                STUDENTS,
                "  students:\n    get: School/{{ config.estab }}/Students/\n",
                "  students:\n    get: School/{{config.estab}}/Students/\n"
                "    pages:\n      kind: number\n      param: page\n      size: {value: 1000, param: pageSize}\n"
                "      last: {at: '$.__pagination__[0].PageCount', absent: one}\n"
                "      total: $.__pagination__[0].RowCount\n      page: $.__pagination__[0].PageNumber\n",
            )
        ],
    ),
    Planted(
        "a setting stands in a file of its own",
        [
            (
                SETTINGS,
                "  staff:\n    leavers_stay:\n      type: boolean\n      default: false\n      description: whether "
                "staff who left stay in Haplo as they were, until somebody removes them by hand\n",
                "",
            ),
            (
                "schemas/settings_of_staff.yaml",
                "",
                "settings: of_staff\ngroups:\n  staff:\n"
                "    leavers_stay: {type: boolean, default: false, description: whether staff stay}\n",
            ),
        ],
    ),
]

CHANGED = [
    Planted(
        "a wrong field",
        [(STUDENT, "  date_of_birth: DateOfBirth\n", "  date_of_birth: EntryDate\n")],
        [
            Said(
                "field-changed",
                "xporter/student.date_of_birth",
                "DateOfBirth",
                "EntryDate",
                (STUDENT, "  date_of_birth: DateOfBirth", "  date_of_birth: EntryDate"),
                ("school:attribute:date-of-birth",),
            ),
            Said(
                "asked-removed",
                "xporter students.DateOfBirth",
                "students.DateOfBirth",
                None,
                (STUDENTS, "DateOfBirth: {", None),
                ("student",),
            ),
            Said(
                "pii-moved",
                "xporter students.EntryDate",
                None,
                "students.EntryDate (status) → student.date_of_birth → school:attribute:date-of-birth",
                (STUDENT, None, "  date_of_birth: EntryDate"),
                ("student school:attribute:date-of-birth",),
            ),
            Said(
                "pii-removed",
                "xporter students.DateOfBirth",
                "students.DateOfBirth (birth) → student.date_of_birth → school:attribute:date-of-birth",
                None,
                (STUDENT, "  date_of_birth: DateOfBirth", None),
                ("student school:attribute:date-of-birth",),
            ),
        ],
    ),
    Planted(
        "rows have another key, and so other data in the codes of their objects",
        [(STUDENT, "  source_id: Id\n", "  source_id: AdmissionNo\n")],
        [
            Said(
                "field-changed",
                "xporter/student.source_id",
                "Id",
                "AdmissionNo",
                (STUDENT, "  source_id: Id", "  source_id: AdmissionNo"),
                ("std:attribute:configured-behaviour",),
            ),
            Said(
                "pii-moved",
                "xporter students.AdmissionNo",
                None,
                "students.AdmissionNo (identifier) → student.source_id → _code",
                (STUDENT, None, "  source_id: AdmissionNo"),
                ("student _code",),
            ),
            Said(
                "pii-removed",
                "xporter students.Id",
                "students.Id (identifier) → student.source_id → _code",
                None,
                (STUDENT, "  source_id: Id", None),
                ("student _code",),
            ),
        ],
    ),
    Planted(
        "a filter dropped",
        [(GUARDIAN, "  - {rule: has-student, field: children, at_least: 1}\n", "")],
        [
            Said(
                "filter-removed",
                "xporter/guardian where.has-student",
                "{rule: has-student, field: children, at_least: 1}",
                None,
                (GUARDIAN, "{rule: has-student", None),
                ("which rows of guardian there are",),
            )
        ],
    ),
    Planted(
        "filters in another order",
        [
            (
                STAFF,
                "      - {rule: at-work, field: LocationCode, matches: '(?i)w'}\n      - {rule: e-mail, field: "
                "CommsType, matches: '(?i)e'}\n",
                "      - {rule: e-mail, field: CommsType, matches: '(?i)e'}\n      - {rule: at-work, field: "
                "LocationCode, matches: '(?i)w'}\n",
            )
        ],
        [
            Said(
                "filter-reordered",
                "xporter/staff tables.other_email.where",
                "[of-staff, at-work, e-mail]",
                "[of-staff, e-mail, at-work]",
                (STAFF, "L11", "L11"),
            )
        ],
    ),
    Planted(
        "a code means something else, for every mapping that looks it up",
        [(GENDER, "  M: male\n", "  M: female\n")],
        [
            Said(
                "lookup-entry-changed",
                "lookup gender M",
                "male",
                "female",
                (GENDER, "  M: male", "  M: female"),
                ("hubmis/student: gender", "isams/student: gender", "xporter/student: gender"),
            )
        ],
    ),
    Planted(
        "a code is gone",
        [(GENDER, "  F: female\n", "")],
        [
            Said(
                "lookup-entry-removed",
                "lookup gender F",
                "female",
                None,
                (GENDER, "  F: female", None),
                ("hubmis/student: gender", "isams/student: gender", "xporter/student: gender"),
            )
        ],
    ),
    Planted(
        "a field is required no more",
        [(SCHEMA, "  family_name: {required: true, max: 100,", "  family_name: {max: 100,")],
        [
            Said(
                "required-dropped",
                "student.family_name.required",
                "true",
                None,
                (SCHEMA, "  family_name: {required", "  family_name: {max"),
            )
        ],
    ),
    Planted(
        "a value has another limit",
        [(SCHEMA, "unique_learner_number: {pattern: '\\d{10}'", "unique_learner_number: {pattern: '\\d{9,10}'")],
        [
            Said(
                "rule-changed",
                "student.unique_learner_number.pattern",
                "'\\d{10}'",
                "'\\d{9,10}'",
                (SCHEMA, "  unique_learner_number:", "  unique_learner_number:"),
            )
        ],
    ),
    Planted(
        "sensitive data newly get to Haplo",
        [
            (
                SCHEMA,
                "  special_needs:\n",
                "  religion: {max: 100, pii: sensitive, description: religion}\n  special_needs:\n",
            ),
            (STUDENT, "  special_needs:", "  religion: {from: Religion, clean: squeeze}\n  special_needs:"),
            (
                BINDING,
                "  school:attribute:special-needs: {from",
                "  school:attribute:religion: {from: religion}\n  school:attribute:special-needs: {from",
            ),
        ],
        [
            Said(
                "entity-field-added",
                "student.religion",
                None,
                "{max: 100, pii: sensitive}",
                (SCHEMA, None, "  religion:"),
            ),
            Said(
                "field-added",
                "xporter/student.religion",
                None,
                "{from: Religion, clean: [squeeze]}",
                (STUDENT, None, "  religion:"),
                ("school:attribute:religion",),
            ),
            Said(
                "instruction-added",
                "student school:attribute:religion",
                None,
                "religion",
                (BINDING, None, "school:attribute:religion"),
            ),
            Said(
                "asked-added",
                "xporter students.Religion",
                None,
                "students.Religion",
                (STUDENTS, None, "          Religion:"),
                ("student",),
            ),
            Said(
                "scopes-added",
                "xporter StudentDemographic",
                None,
                "StudentDemographic",
                (STUDENTS, None, "          Religion:"),
                ("student",),
            ),
            Said(
                "pii-added",
                "xporter students.Religion",
                None,
                "students.Religion (sensitive) → student.religion → school:attribute:religion",
                (STUDENT, None, "  religion:"),
                ("student school:attribute:religion",),
            ),
        ],
    ),
    Planted(
        "a join finds records by another key",
        [
            (
                GUARDIAN,
                "join: {child: {set: enrolled, by: {Id: StudentId}",
                "join: {child: {set: enrolled, by: {Id: ContactId}",
            )
        ],
        [
            Said(
                "join-changed",
                "xporter/guardian tables.links.join.child",
                "{set: enrolled, by: {Id: StudentId}, keep: first}",
                "{set: enrolled, by: {Id: ContactId}, keep: first}",
                (
                    GUARDIAN,
                    "    join: {child: {set: enrolled, by: {Id: StudentId}",
                    "    join: {child: {set: enrolled, by: {Id: ContactId}",
                ),
                ("which rows of guardian there are", "relationships", "responsible_for"),
            )
        ],
    ),
    Planted(
        "a join leaves out records that it finds nothing for, where it let them through",
        [
            (
                "mappings/xporter/medical_condition.yaml",
                "  - {rule: student-known, field: child.Id, present: true}\n",
                "  - {rule: student-known, field: child.Id, present: true}\n"
                "  - {rule: condition-known, field: condition.Id, present: true}\n",
            )
        ],
        [
            Said(
                "filter-added",
                "xporter/medical_condition where.condition-known",
                None,
                "{rule: condition-known, field: condition.Id, present: true}",
                ("mappings/xporter/medical_condition.yaml", None, "condition-known"),
                ("which rows of medical_condition there are",),
            )
        ],
    ),
    Planted(
        "a setting has another default",
        [
            (
                SETTINGS,
                "      type: boolean\n      default: false\n      description: whether needs, funding",
                "      type: boolean\n      default: true\n      description: whether needs, funding",
            )
        ],
        [
            Said(
                "setting-default-changed",
                "setting students.support_flags default",
                "false",
                "true",
                (SETTINGS, "L11", "L11"),
                (
                    "xporter/student: special_needs, english_additional, free_school_meals, pupil_premium, "
                    "service_child",
                ),
            )
        ],
    ),
    Planted(
        "an endpoint is asked that nothing needed",
        [
            (
                "mappings/xporter/school.yaml",
                "from: school_info\n",
                "from: school_info\njoin: {points: {set: conduct_points, by: {Id: Id}, keep: first}}\n",
            ),
            (
                "mappings/xporter/school.yaml",
                "  phase: {from: Phase, clean: squeeze}\n",
                "  phase: {first_of: [points.TotalConductPoints, Phase], clean: squeeze}\n",
            ),
        ],
        [
            Said(
                "join-added",
                "xporter/school join.points",
                None,
                "{set: conduct_points, by: {Id: Id}, keep: first}",
                ("mappings/xporter/school.yaml", None, "join: {points"),
                ("phase",),
            ),
            Said(
                "field-changed",
                "xporter/school.phase",
                "{from: Phase, clean: [squeeze]}",
                "{first_of: [points.TotalConductPoints, Phase], clean: [squeeze]}",
                ("mappings/xporter/school.yaml", "  phase:", "  phase:"),
                ("school:attribute:phase",),
            ),
            Said(
                "requests-added",
                "xporter conduct_points",
                None,
                "GET School/{{ config.estab }}/ConductPoints/",
                (STUDENTS, None, "L49"),
                ("school",),
            ),
            Said(
                "asked-added",
                "xporter conduct_points",
                None,
                "2: Id, TotalConductPoints",
                (STUDENTS, None, "L62"),
                ("school",),
            ),
            Said(
                "pii-added",
                "xporter conduct_points.TotalConductPoints",
                None,
                "conduct_points.TotalConductPoints (sensitive) → school.phase → school:attribute:phase",
                ("mappings/xporter/school.yaml", None, "  phase:"),
                ("school school:attribute:phase",),
            ),
        ],
    ),
    Planted(
        "a value goes to another attribute",
        [
            (
                BINDING,
                "  school:attribute:legal-last-name: {from: legal_family_name, clear: true}\n",
                "  school:attribute:birth-name: {from: legal_family_name, clear: true}\n",
            )
        ],
        [
            Said(
                "instruction-renamed",
                "student school:attribute:legal-last-name",
                "school:attribute:legal-last-name",
                "school:attribute:birth-name",
                (BINDING, "school:attribute:legal-last-name", "school:attribute:birth-name"),
            )
        ],
    ),
    Planted(
        "a value is cleared no more",
        [(BINDING, "  school:attribute:upn: {from: upn, clear: true}\n", "  school:attribute:upn: {from: upn}\n")],
        [
            Said(
                "instruction-changed",
                "student school:attribute:upn",
                "{from: upn, clear: true}",
                "upn",
                (BINDING, "  school:attribute:upn:", "  school:attribute:upn:"),
            )
        ],
    ),
    Planted(
        "a leaver is not said to be past",
        [
            (BINDING, "  set: {school:attribute:status: past}\n", "  set: {school:attribute:status: current}\n"),
            (BINDING, "    - school:attribute:free-school-meals\n", ""),
        ],
        [
            Said(
                "removed-changed",
                "student removed.set.school:attribute:status",
                "past",
                "current",
                (BINDING, "  set: {school:attribute:status: past}", "  set: {school:attribute:status: current}"),
            ),
            Said(
                "removed-changed",
                "student removed.clear.school:attribute:free-school-meals",
                "true",
                None,
                (BINDING, "    - school:attribute:free-school-meals", "L49"),
            ),
        ],
    ),
    Planted(
        "the e-mail addresses of a union lose a member",
        [
            (
                STUDENT,
                "{from: {union: [work_email, idaas_email, home_email, other_email]}}",
                "{from: {union: [work_email, home_email, other_email]}}",
            )
        ],
        [
            Said(
                "records-changed",
                "xporter/student tables.emails.from",
                "{union: [work_email, idaas_email, home_email, other_email]}",
                "{union: [work_email, home_email, other_email]}",
                (STUDENT, "  emails: {from: {union", "  emails: {from: {union"),
                ("emails",),
            ),
            Said(
                "asked-removed",
                "xporter students.IdaasEmail",
                "students.IdaasEmail",
                None,
                (STUDENTS, "          IdaasEmail:", None),
                ("student",),
            ),
            Said(
                "pii-removed",
                "xporter students.IdaasEmail",
                "students.IdaasEmail (contact) → student.emails → std:attribute:email",
                None,
                (STUDENT, "  emails: {collect", None),
                ("student std:attribute:email",),
            ),
        ],
    ),
    Planted(
        "rows are found again by another key",
        [
            (
                STUDENT,
                "known_by:\n  upn: {from: UPN, clean: [trim, upper]}\n",
                "known_by:\n  upn: {from: UPN, clean: [trim]}\n",
            )
        ],
        [
            Said(
                "identity-changed",
                "xporter/student known_by",
                "[{upn: {from: UPN, clean: [trim, upper]}}]",
                "[{upn: {from: UPN, clean: [trim]}}]",
                (STUDENT, "known_by:", "known_by:"),
                ("which rows of student there are",),
            )
        ],
    ),
    Planted(
        "another record is used where several are of one key",
        [
            (
                MARKS,
                "one_per: {order: [{by: id, as: integer, descending: true}]}",
                "one_per: {order: [{by: id, as: integer}]}",
            )
        ],
        [
            Said(
                "merging-changed",
                "hubmis/attendance_mark one_per",
                "{order: [{by: id, descending: true, as: integer}]}",
                "{order: [{by: id, as: integer}]}",
                (MARKS, "one_per:", "one_per:"),
                ("which rows of attendance_mark there are",),
            )
        ],
    ),
    Planted(
        "a field stands elsewhere on the wire, under another consent",
        [
            (
                STUDENTS,
                "          Gender: {type: text, pii: status}\n",
                "          Gender: {at: Sex, pii: status, scope: StudentSex}\n",
            ),
        ],
        [
            Said(
                "source-field-changed",
                "endpoint xporter/students sets.students.fields.Gender.at",
                None,
                "[Sex]",
                (STUDENTS, "          Gender:", "          Gender:"),
            ),
            Said(
                "scope-changed",
                "endpoint xporter/students sets.students.fields.Gender.scope",
                None,
                "StudentSex",
                (STUDENTS, "          Gender:", "          Gender:"),
            ),
            Said("scopes-added", "xporter StudentSex", None, "StudentSex", (STUDENTS, None, "L145"), ("student",)),
        ],
    ),
    Planted(
        "a record set stands elsewhere in its answer",
        [(STUDENTS, "      students:\n        records: $.Students\n", "      students:\n        records: $.Pupils\n")],
        [
            Said(
                "set-changed",
                "endpoint xporter/students sets.students.records",
                "$.Students",
                "$.Pupils",
                (STUDENTS, "L131", "L131"),
            ),
        ],
    ),
    Planted(
        "dates are read the other way round",
        [
            (
                SOURCE,
                "  date: ['%Y-%m-%d', '%Y-%m-%dT%H:%M:%S', '%d-%m-%Y']",
                "  date: ['%d-%m-%Y', '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S']",
            )
        ],
        [
            Said(
                "formats-changed",
                "source xporter formats.date",
                "['%Y-%m-%d', '%Y-%m-%dT%H:%M:%S', '%d-%m-%Y']",
                "['%d-%m-%Y', '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S']",
                (SOURCE, "  date: [", "  date: ["),
            )
        ],
    ),
    Planted(
        "pages are smaller, for every endpoint that has none of its own",
        [(SOURCE, "      size: {param: pageSize, value: 1000}\n", "      size: {param: pageSize, value: 500}\n")],
        [
            Said(
                "paging-changed",
                "60 endpoints of xporter pages",
                PAGES.format(1000),
                PAGES.format(500),
                (SOURCE, "    pages:", "    pages:"),
                paged_by_their_api(),
            )
        ],
    ),
    Planted(
        "a field goes, and with it what was asked for it",
        [
            (
                STUDENT,
                "  unique_learner_number: {from: UniqueLearnerNumber, clean: trim}\n",
                "",
            )
        ],
        [
            Said(
                "field-removed",
                "xporter/student.unique_learner_number",
                "{from: UniqueLearnerNumber, clean: [trim]}",
                None,
                (STUDENT, "  unique_learner_number:", None),
                ("school:attribute:unique-learner-number",),
            ),
            Said(
                "asked-removed",
                "xporter students.UniqueLearnerNumber",
                "students.UniqueLearnerNumber",
                None,
                (STUDENTS, "          UniqueLearnerNumber:", None),
                ("student",),
            ),
            Said(
                "pii-removed",
                "xporter students.UniqueLearnerNumber",
                "students.UniqueLearnerNumber (identifier) → student.unique_learner_number → "
                "school:attribute:unique-learner-number",
                None,
                (STUDENT, "  unique_learner_number:", None),
                ("student school:attribute:unique-learner-number",),
            ),
        ],
    ),
    Planted(
        "an expression that fails on records",
        [
            (
                STUDENT,
                "  house: {from: HouseGroup, clean: squeeze}\n",
                "  house: {sql: 'CAST(CAST(Forename AS INTEGER) AS VARCHAR)'}\n",
            )
        ],
        [
            Said(
                "field-changed",
                "xporter/student.house",
                "{from: HouseGroup, clean: [squeeze]}",
                "{sql: CAST(CAST(Forename AS INTEGER) AS VARCHAR)}",
                (STUDENT, "  house: {", "  house: {"),
                ("school:attribute:house",),
            ),
            Said(
                "asked-removed",
                "xporter students.HouseGroup",
                "students.HouseGroup",
                None,
                (STUDENTS, "          HouseGroup: {", None),
                ("student",),
            ),
            Said(
                "pii-moved",
                "xporter students.Forename",
                None,
                "students.Forename (name) → student.house → school:attribute:house",
                (STUDENT, None, "  house: {"),
                ("student school:attribute:house",),
            ),
            Said(
                "pii-removed",
                "xporter students.HouseGroup",
                "students.HouseGroup (status) → student.house → school:attribute:house",
                None,
                (STUDENT, "  house: {", None),
                ("student school:attribute:house",),
            ),
        ],
    ),
    Planted(
        "personal data in a field that counts as none",
        [
            (
                GROUP,
                "  subject: {from: SubjectName, clean: squeeze}\n",
                "  subject: {from: PrimaryStaffId, clean: squeeze}\n",
            )
        ],
        [
            Said(
                "field-changed",
                "xporter/group.subject",
                "{from: SubjectName, clean: [squeeze]}",
                "{from: PrimaryStaffId, clean: [squeeze]}",
                (GROUP, "  subject: {", "  subject: {"),
                ("school:attribute:subject",),
            ),
            Said(
                "asked-removed",
                "xporter groups.SubjectName",
                "groups.SubjectName",
                None,
                ("mappings/xporter/endpoints/school.yaml", "          SubjectName:", None),
                ("group",),
            ),
            Said(
                "pii-moved",
                "xporter groups.PrimaryStaffId",
                None,
                "groups.PrimaryStaffId (identifier) → group.subject → school:attribute:subject",
                (GROUP, None, "  subject: {"),
                ("group school:attribute:subject",),
            ),
        ],
    ),
]
