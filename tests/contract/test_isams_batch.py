"""What is declared of iSAMS' Batch API against what is known of it: paths and fields written down by hand.

What is declared beyond that is an assumption and says so, with its reason.
"""

from __future__ import annotations

import pytest
from mapped import project

from engine.spec.source import RecordSet

PERSON = "@Id @PersonId @PersonGuid UPN SchoolId Title Forename Surname Middlename Initials Preferredname Fullname"
PERSON += " Gender DOB FamilyId SchoolCode Ethnicity"
HOUSE = "@Id @HouseMasterId @AssistantHouseMasterId HouseMaster AssistantHouseMaster Name Code Type Sex Address1"
HOUSE += " Address2 Address3 Town County Country Postcode Telephone Fax PrimaryEmail SecondaryEmail Website"
HOUSE += " Tutor1 Tutor2 Tutor3 Tutor4 Tutor5 Tutor6 Tutor7 Tutor8"
ADDRESS = " ".join(f"Address/{part}" for part in ("Town", "County", "Postcode", "Country"))
ADDRESS += " " + " ".join(f"Address/AddressLines/Address{line}" for line in (1, 2, 3))
MEETING = "@Id ../../@Id PeriodId TeacherId MeetingGroupId RoomId DisplayName"
TUTORIAL = "@Id ../../@Id DisplayCode DisplayName RoomId Periods/Period/PeriodId Pupils/Pupil/PupilId"
TUTORIAL += " Teachers/Teacher/TeacherId"
YEAR_SCHEDULE = "@Id ../../@Id Name NationalCurriculumYear PeriodId RoomId TeacherId"
SCHEDULE = "@Id ../../@Id Code Teacher PeriodId RoomId Set SetId"
WEEK = "TimetableManager/Structure/Week"

Known = dict[str, tuple[str, str, str]]
SETS: Known = {
    "pupils": (
        "Pupil_GetCurrentPupils",
        "PupilManager/CurrentPupils/Pupil",
        f"{PERSON} @DivisionId @AcademicHouseId @BoardingHouseId UserCode UserName AcademicHouse BoardingHouse Form"
        " NCYear DivisionName EmailAddress MobileNumber PupilType EnrolmentDate EnrolmentTerm EnrolmentSchoolYear"
        " Nationalities Languages Tutor",
    ),
    "siblings": (
        "Pupil_GetSiblings",
        "PupilManager/Pupils/Pupil/Siblings/Sibling",
        "../../@Id ../../@PersonGuid ../../SchoolId ../../Status @PupilId @AuthorId @PersonGuid Author SchoolId Status",
    ),
    "contacts": (
        "ContactAdvanced_GetContacts",
        "PupilManager/Contacts/Contact",
        "@Id @PersonId @IsFirstPersonContact Title Forename Surname RelationshipRaw EmailAddress Mobile Telephone"
        f" Profession {ADDRESS} MailMergeAll CorrespondenceMailMerge BillingMailMerge ReportsMailMerge"
        " ParentalResponsibility Pupils",
    ),
    "contact_pupils": (
        "ContactAdvanced_GetContacts",
        "PupilManager/Contacts/Contact/Pupils/Pupil",
        "../../@Id ../../@PersonId ../../@IsFirstPersonContact @Id Status SchoolId",
    ),
    "staff": (
        "HumanResources_GetCurrentStaff",
        "HRManager/CurrentStaff/StaffMember",
        "@Id @PersonId @PersonGuid PreviousMISId Initials UserCode UserName Title Forename MiddleNames Surname FullName"
        " NameInitials PreferredName Salutation DOB Gender SchoolEmailAddress SchoolMobileNumber PersonalMobileNumber"
        " TeachingStaff LeavingDate Roles/Role/@Id Roles/Role/Name Divisions/Division/@Id Divisions/Division/Name",
    ),
    "academic_houses": ("School_GetAcademicHouses", "SchoolManager/AcademicHouses/House", HOUSE),
    "boarding_houses": ("School_GetBoardingHouses", "SchoolManager/BoardingHouses/House", HOUSE),
    "years": (
        "School_GetAllYears",
        "SchoolManager/Years/Year",
        "@Id @AuthorId @TutorId @AssistantTutorId NationalCurriculumYear Tutor AssistantTutor Author Name Code Email"
        " Website LastUpdated",
    ),
    "divisions": (
        "School_GetSchoolDivisions",
        "SchoolManager/SchoolDivisions/SchoolDivision",
        "@Id Author Name Code LastUpdated Years",
    ),
    "division_years": (
        "School_GetSchoolDivisions",
        "SchoolManager/SchoolDivisions/SchoolDivision/Years/Year",
        "../../@Id @Id @YearId NationalCurriculumYear Author",
    ),
    "forms": (
        "School_GetSchoolForms",
        "SchoolManager/Forms/Form",
        "@Id @TutorId @AssistantTutorId @SecondAssistantTutorId @YearId @RoomId @AuthorId Tutor AssistantFormTutor"
        " SecondAssistantFormTutor NationalCurriculumYear RoomId Author Form EmailAddress Website LastUpdated",
    ),
    "terms": (
        "School_GetSchoolTerms",
        "SchoolManager/Terms/Term",
        "@Id @AuthorId Author SchoolYear Name StartDate FinishDate LastUpdated",
    ),
    "pastoral_tutors": ("School_GetPastoralTutors", "SchoolManager/PastoralTutors/StaffMember", "@Id"),
    "departments": (
        "Teaching_GetDepartmentsAndSubjects",
        "TeachingManager/Departments/Department",
        "@Id Name Subjects",
    ),
    "subjects": (
        "Teaching_GetDepartmentsAndSubjects",
        "TeachingManager/Departments/Department/Subjects/Subject",
        "../../@Id ../../Name @Id Code Name",
    ),
    "sets": (
        "Teaching_GetTeachingSets",
        "TeachingManager/Sets/Set",
        "@Id @SubjectId @YearId @AuthorId SubjectId YearId Teacher Author SetNumber Block SetCode Name Teachers"
        " Description LastUpdated",
    ),
    "set_teachers": (
        "Teaching_GetTeachingSets",
        "TeachingManager/Sets/Set/Teachers/Teacher",
        "../../@Id @Id @StaffId @PrimaryTeacher",
    ),
    "set_lists": (
        "Teaching_GetTeachingSetLists",
        "TeachingManager/SetLists/SetList",
        "@Id @SetId @PupilId @AuthorId SetId SchoolId Author LastUpdated",
    ),
    "teaching_forms": (
        "Teaching_GetTeachingForms",
        "TeachingManager/TeachingForms/TeachingForm",
        "@Id FormCode TimetableCode SubjectId",
    ),
    "timetable_weeks": ("Timetable_GetTimetableStructure", WEEK, "@Id Name ShortName Days"),
    "timetable_days": (
        "Timetable_GetTimetableStructure",
        f"{WEEK}/Days/Day",
        "../../@Id @Id Name ShortName Day Periods",
    ),
    "timetable_periods": (
        "Timetable_GetTimetableStructure",
        f"{WEEK}/Days/Day/Periods/Period",
        "../../@Id @Id Name ShortName StartTime EndTime",
    ),
    "timetable_allocations": (
        "Timetable_GetTimetableWeekAllocations",
        "TimetableManager/TimetableAllocations/TimetableAllocation",
        "@Id Week Year TimetableWeekId",
    ),
    **{
        f"{start}{name}": (
            f"Timetable_Get{kind}Timetables",
            f"TimetableManager/{kind}Timetables/Timetable{path}",
            fields,
        )
        for kind, start in (("Published", ""), ("Development", "development_"))
        for name, path, fields in (
            ("timetables", "", "@Id Name Schedules StaffMeetings Tutorials YearSchedules"),
            ("schedules", "/Schedules/Schedule", SCHEDULE),
            ("staff_meetings", "/StaffMeetings/StaffMeeting", MEETING),
            ("tutorials", "/Tutorials/Tutorial", TUTORIAL),
            ("year_schedules", "/YearSchedules/YearSchedule", YEAR_SCHEDULE),
        )
    },
    "classrooms": (
        "Estate_GetAllBuildingsAndClassrooms",
        "EstateManager/Buildings/Building/Classrooms/Classroom",
        "../../@Id @Id Name Initials",
    ),
    "registration_statuses": (
        "Registration_GetRegistrationStatus",
        "RegistrationManager/RegistrationStatuses/RegistrationStatus",
        "@Id Registered Code PupilId RegistrationDateTime",
    ),
    "out_of_school": ("Registration_GetOutOfSchoolPupils", "RegistrationManager/OutOfSchool/Pupil", "PupilId"),
    "custom_group_categories": (
        "Pupil_GetCustomGroupCategories",
        "PupilManager/CustomGroupCategory/Category",
        "@Id Name",
    ),
    "custom_groups": (
        "Pupil_GetCustomPupilGroups",
        "PupilManager/CustomPupilGroups/CustomPupilGroup",
        "@Id @AuthorID Name CategoryId Shared ExpiryDate ExpiryDisable Author Deleted",
    ),
    "custom_group_members": (
        "Pupil_GetCustomPupilGroupMembership",
        "PupilManager/CustomPupilGroupMembershipItems/CustomPupilGroupMembershipItem",
        "@Id @PupilID CustomGroupId",
    ),
    "report_cycles": (
        "SchoolReports_GetReportCycles",
        "SchoolReports/ReportCycles/ReportCycle",
        "@Id CycleName ReportName StartDate EndDate ReportYear ReportTerm ReportType LastUpdated Reports",
    ),
    "reports": (
        "SchoolReports_GetReports",
        "SchoolReports/ReportCycles/ReportCycle/Reports/Report",
        "../../@Id @Id @TemplateId SchoolId AssociatedEntityName Author LastUpdated Grades Results Comments",
    ),
    **{
        f"report_{name.lower()}s": (
            "SchoolReports_GetReports",
            f"SchoolReports/ReportCycles/ReportCycle/Reports/Report/{name}s/{name}",
            f"../../@Id {fields}",
        )
        for name, fields in (("Grade", "@GradeId Grade"), ("Result", "@ResultId Result"), ("Comment", "Comment"))
    },
    "report_grade_values": (
        "SchoolReports_GetTemplates",
        "SchoolReports/Templates/Template/Gradings/Grading/Values/Value",
        "../../../../@Id Grade TransposeValue",
    ),
    "conduct_records": (
        "RewardsAndConduct_GetRecords",
        "RewardsAndConduct/Records/Record",
        "@CategoryId CategoryId SchoolId Teacher Date",
    ),
    "calendar_events": (
        "Calendar_GetEvents",
        "CalendarManager/Events/Event",
        "@Id @CategoryId StartDate AllDayEvent StartTime EndTime Description Location",
    ),
    "calendar_categories": ("Calendar_GetCategories", "CalendarManager/Categories/Category", "@Id Name"),
    "tracking_list": ("Tracking_GetExternalDataList", "TrackingManager/ExternalDataList/Data", "@Id Name Imported"),
    "tracking_results": (
        "Tracking_GetExternalData",
        "TrackingManager/ExternalData/Data/Aspects/Aspect/Results/Result",
        "../../../../Code ../../../../Name ../../../../Description ../../Name SchoolId Result LastUpdated",
    ),
}
"""Each set with its method, its path, and all that is known to stand in a record (or, with `..`, above it)."""
ASSUMED: Known = {
    "pupils_health": ("Pupil_GetCurrentPupilsHealth", "PupilManager/CurrentPupils/Pupil", "@Id"),
    "health_conditions": (
        "Pupil_GetCurrentPupilsHealth",
        "PupilManager/CurrentPupils/Pupil/MedicalConditions/MedicalCondition",
        "../../@Id @Key Type Severity Sensitivity Trigger Treatment FurtherInfo Archived DateEntered DateReviewed",
    ),
    "pupils_transport": ("Pupil_GetCurrentPupilsTransport", "PupilManager/CurrentPupils/Pupil", "@Id"),
    "applicants": ("Pupil_GetApplicants", "PupilManager/Applicants/Applicant", PERSON),
    "former_pupils": (
        "Pupil_GetAlumni",
        "PupilManager/FormerPupils/Pupil",
        f"{PERSON} UserCode UserName EmailAddress",
    ),
    "passports": ("Pupil_GetPassports", "PupilManager/Pupils/Pupil", "@Id"),
    "contact_types": (
        "ControlPanel_GetContactTypeGlobalList",
        "ControlPanel/ContactTypes/ContactType",
        "@Id Name Description ParentalResponsibilityDefault",
    ),
    "pupil_custom_fields": (
        "Pupil_GetCurrentPupilsWithCustomFields",
        "PupilManager/CurrentPupils/Pupil/CustomFields/CustomField",
        "../../@Id Area Section Name Value",
    ),
    "contact_custom_fields": (
        "ContactAdvanced_GetContactsWithCustomFields",
        "PupilManager/Contacts/Contact/CustomFields/CustomField",
        "../../@Id Area Section Name Value",
    ),
    "staff_custom_fields": (
        "HumanResources_GetCurrentStaffWithCustomFields",
        "HRManager/CurrentStaff/StaffMember/CustomFields/CustomField",
        "../../@Id Area Section Name Value",
    ),
    "buildings": ("Estate_GetAllBuildingsAndClassrooms", "EstateManager/Buildings/Building", "@Id Classrooms"),
    "registration_codes": (
        "Registration_GetRegistrationCodes",
        "RegistrationManager/RegistrationCodes/RegistrationCode",
        "@Id Code Name Description DisplayOrder GovernmentCode GovernmentCodeName IsOOSActive",
    ),
    "registration_present_codes": (
        "Registration_GetPresentCodes",
        "RegistrationManager/PresentCodes/PresentCode",
        "@Id Code Name DisplayOrder ShowOnRegister IsOOCActive",
    ),
    "registration_periods_batch": (
        "Registration_GetRegistrationPeriods",
        "RegistrationManager/RegistrationPeriods/RegistrationPeriod",
        "@Id FriendlyName RegistrationType RegistrationRuleId Start Finish",
    ),
    "registration_times": (
        "Registration_GetDatesAndTimes",
        "RegistrationManager/DatesAndTimes/DateAndTime",
        "@Id",
    ),
    "report_templates": ("SchoolReports_GetTemplates", "SchoolReports/Templates/Template", "@Id Gradings"),
    "report_types": ("SchoolReports_GetReportTypes", "SchoolReports/ReportTypes/ReportType", "@Id"),
    "sen_register": ("SenManager_GetSenRegister", "SENManager/SEN/Register", "@Id"),
    "off_games": ("OffGames_GetAllOffGames", "OffGamesList/OffGames", "@Id"),
    "exam_results": ("ExternalExams_GetExamResults", "ExamsManager/ExamResults/ExamResult", "@Id"),
}
"""The sets of which path or fields are not known: what is known, or follows the REST API's twin."""
UNKNOWN = {
    "nobody has seen what stands in it": [
        "Agent",
        "ControlPanel_GetAll",
        "ControlPanel_GetGroupedModules",
        "ControlPanel_GetModulePermissions",
        "Cover",
        "DailyBulletin",
        "Discipline",
        "ExternalExams_GetExamArrangements",
        "ExternalExams_GetExamCentres",
        "ExternalExams_GetExamCycles",
        "ExternalExams_GetExamEntries",
        "ExternalExams_GetExamResultsFiltered",
        "ExternalExams_GetQualifications",
        "ExternalExams_GetUab",
        "News",
        "OtherSchools",
        "PupilRegisters",
        "RewardsAndConduct_GetFields",
        "RewardsAndConduct_GetRewardsTypes",
        "SchoolReports_GetRecords",
        "SenManager_GetExternalExams",
        "SenManager_GetGiftedAndTalentedRegister",
        "SenManager_GetInternalExams",
        "SenManager_GetSenDfERecords",
        "SenManager_GetSenLessons",
        "SenManager_GetTypes",
        "Timetable_GetArchivedTimetables",
        "Timetable_GetPreliminaryTimetables",
        "Timetable_GetPrepTimetables",
        "Timetable_GetPupilTimetables",
        "Calendar_GetTypes",
    ],
    "its answer is a file of pictures": ["Pupil_GetCurrentPupilsPhotos", "HumanResources_GetCurrentStaffPhotos"],
    "it gives records of a set that another method brings": [
        "Calendar_GetEventsThis",
        "Calendar_GetEventsNext",
        "Pupil_GetApplicantsWithCustomFields",
        "Pupil_GetCurrentPupilsHealthWithCustomFields",
        "Pupil_GetCurrentPupilsTransportWithCustomFields",
        "Pupil_GetCustomPupilGroupMembershipFiltered",
    ],
}
"""Methods, by how their names begin, that bring no set, and why."""


def declared() -> dict[str, RecordSet]:
    return project().source("isams").endpoints["batch"].sets


def places(record_set: RecordSet, *, certain: bool = False) -> set[str]:
    """The paths of a set's fields, all or those that are no assumption."""
    fields = record_set.fields.items()
    return {path for name, each in fields if not (certain and each.assumed) for path in each.element_paths(name)}


def test_every_known_set_is_declared() -> None:
    assert set(declared()) == set(SETS) | set(ASSUMED)
    assert {name for name, each in declared().items() if each.assumed} == set(ASSUMED)


@pytest.mark.parametrize("name", [*SETS, *ASSUMED])
def test_a_set_has_every_known_field(name: str) -> None:
    record_set, (method, path, known) = declared()[name], (SETS | ASSUMED)[name]
    assert record_set.ask is not None
    assert (record_set.ask.method, record_set.records) == (method, path)
    assert set(known.split()) - places(record_set) - set(record_set.known) == set()


@pytest.mark.parametrize("name", SETS)
def test_what_is_not_known_for_certain_says_so(name: str) -> None:
    spellings = {"calendar_events": {"@Category"}}.get(name, set())
    assert places(declared()[name], certain=True) - set(SETS[name][2].split()) == spellings
    assert set(declared()[name].known) <= set(SETS[name][2].split())


def test_every_method_brings_a_set_or_has_a_reason() -> None:
    asked = {each.ask.method for each in declared().values() if each.ask is not None}
    unasked = set(project().source("isams").apis["batch"].methods) - asked
    starts = [start for starts in UNKNOWN.values() for start in starts]
    assert {name for name in unasked if not name.startswith(tuple(starts))} == set()
    assert [start for start in starts if not any(name.startswith(start) for name in unasked)] == []
