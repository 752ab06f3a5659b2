"""The methods of the Batch API: what they are called, their filters, whom a key hides from them, what they give.

Names without a maker are known and give nothing: nobody has seen their elements. Next: `filters`, `edition`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.simulators.isams import attendance, contact, pupil, report, staff, structure, teaching, timetable
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block
from engine.simulators.isams.roll import Roll

Maker = Callable[[Roll, Asked], list[Block]]


@dataclass(frozen=True)
class Method:
    """A method. `module` and `element` name its filter, where it has one; `required` says that it needs it."""

    name: str
    make: Maker | None = None
    module: str = ""
    element: str = ""
    attributes: tuple[str, ...] = ()
    required: bool = False


DATES = ("StartDate", "EndDate")
STATUSES = ("SystemStatusesToInclude",)
CONTACT = (
    "ContactTypes",
    "ContactOnly",
    "ContactLocations",
    "StudentHome",
    *STATUSES,
    "AdmissionsStatusesToInclude",
    "EnrolmentSchoolYearsToInclude",
)
REPORTS = ("reportCycleIdsToInclude", "ncYear", "reportType", "reportStatus")
ALIASES = {"registrationmanager": "registration", "calendarmanager": "calendar"}
"""Other names of the modules of filters, in lower case."""

_PLAIN: dict[str, Maker] = {
    "Pupil_GetCurrentPupils": pupil.current_pupils,
    "Pupil_GetCurrentPupilsWithCustomFields": pupil.further_block,
    "Pupil_GetCurrentPupilsHealth": pupil.health,
    "Pupil_GetCurrentPupilsHealthWithCustomFields": pupil.health,
    "Pupil_GetCurrentPupilsTransport": pupil.further_block,
    "Pupil_GetCurrentPupilsTransportWithCustomFields": pupil.further_block,
    "Pupil_GetApplicants": pupil.applicants,
    "Pupil_GetApplicantsWithCustomFields": pupil.applicants,
    "Pupil_GetAlumni": pupil.alumni,
    "Pupil_GetSiblings": pupil.siblings,
    "Pupil_GetCustomGroupCategories": report.group_categories,
    "Pupil_GetCustomPupilGroups": report.custom_groups,
    "Pupil_GetCustomPupilGroupMembership": report.group_members,
    "ControlPanel_GetContactTypeGlobalList": contact.contact_types,
    "HumanResources_GetCurrentStaff": staff.current_staff,
    "HumanResources_GetCurrentStaffWithCustomFields": staff.current_staff,
    "School_GetAcademicHouses": structure.academic_houses,
    "School_GetBoardingHouses": structure.boarding_houses,
    "School_GetAllYears": structure.all_years,
    "School_GetSchoolDivisions": structure.divisions,
    "School_GetSchoolForms": structure.forms,
    "School_GetSchoolTerms": structure.terms,
    "School_GetPastoralTutors": structure.pastoral_tutors,
    "Teaching_GetDepartmentsAndSubjects": teaching.departments,
    "Teaching_GetTeachingSets": teaching.sets,
    "Teaching_GetTeachingSetLists": teaching.set_lists,
    "Teaching_GetTeachingForms": teaching.teaching_forms,
    "Estate_GetAllBuildingsAndClassrooms": teaching.buildings,
    "Timetable_GetTimetableStructure": timetable.structure,
    "Timetable_GetTimetableWeekAllocations": timetable.allocations,
    "Timetable_GetPublishedTimetables": timetable.published,
    "Timetable_GetDevelopmentTimetables": timetable.development,
    "SchoolReports_GetTemplates": report.report_templates,
    "Calendar_GetCategories": report.event_categories,
    "Tracking_GetExternalDataList": report.tracking_list,
}
_FILTERED = (
    Method("ContactAdvanced_GetContacts", contact.contacts, "StudentManager", "Contacts", CONTACT, True),
    Method(
        "ContactAdvanced_GetContactsWithCustomFields",
        contact.contacts,
        "StudentManager",
        "ContactsWithCustomFields",
        CONTACT,
        True,
    ),
    Method(
        "Pupil_GetCustomPupilGroupMembershipFiltered",
        report.group_members,
        "StudentManager",
        "CustomPupilGroupMembershipFiltered",
        STATUSES,
        True,
    ),
    Method("Pupil_GetPassports", pupil.passports, "StudentManager", "Passports", STATUSES, True),
    Method("Calendar_GetEvents", report.events, "Calendar", "Events", DATES, True),
    Method(
        "Registration_GetRegistrationStatus", attendance.statuses, "Registration", "RegistrationStatus", DATES, True
    ),
    Method(
        "Registration_GetOutOfSchoolPupils", attendance.out_of_school, "Registration", "OutOfSchoolPupils", DATES, True
    ),
    Method("Registration_GetRegistrationPeriods", None, "Registration", "RegistrationPeriods", DATES, True),
    Method("RewardsAndConduct_GetRecords", report.rewards, "RewardsAndConduct", "Records", DATES, True),
    Method(
        "SchoolReports_GetReportCycles",
        report.report_cycles,
        "SchoolReports",
        "ReportCycles",
        ("ReportTerm", "ReportCycleType", "ReportYear"),
        True,
    ),
    Method("SchoolReports_GetReports", report.reports, "SchoolReports", "Reports", REPORTS, True),
    Method("Tracking_GetExternalData", report.tracking, "TrackingManager", "ExternalData", ("IDsToInclude",), True),
    Method("Cover_GetAllLessonSuspensions", None, "CoverManager", "AllLessonSuspensions", DATES, True),
    Method("Cover_GetAllRoomClosuresAndCover", None, "CoverManager", "AllRoomClosuresAndCover", DATES, True),
    Method("DailyBulletin_GetDailyBulletins", None, "DailyBulletin", "DailyBulletins", DATES, True),
    Method("Discipline_GetDetentions", None, "Discipline", "Detentions", DATES, True),
    Method("PupilRegisters_GetFreeSchoolMeals", None, "PupilRegisters", "FreeSchoolMeals", DATES, True),
    Method("SenManager_GetGiftedAndTalentedRegister", None, "PupilRegisters", "GiftedAndTalentedRegister", STATUSES),
    Method("SenManager_GetSenLessons", None, "PupilRegisters", "SENLessons", STATUSES),
    Method("SenManager_GetSenRegister", None, "PupilRegisters", "SENRegister", STATUSES),
    Method("SenManager_GetTypes", None, "PupilRegisters", "SENTypes", STATUSES),
)
_UNSEEN = """
Agent_GetActive Agent_GetInactive Calendar_GetTypes Calendar_GetEventsThisWeek Calendar_GetEventsNextWeek
Calendar_GetEventsThisMonth Calendar_GetEventsNextMonth Calendar_GetEventsThisYear Calendar_GetEventsNextYear
ControlPanel_GetAllGlobalLists ControlPanel_GetAllUsers ControlPanel_GetAllUserGroups ControlPanel_GetGroupedModules
ControlPanel_GetModulePermissions Cover_GetAllAbsenceReasons Cover_GetAllAgencies Cover_GetAllCoverStaff
Cover_GetAllEventReasons Cover_GetAllRoomClosureReasons Cover_GetAllUnavailableReasons DailyBulletin_GetAllCategories
DailyBulletin_GetTodaysDailyBulletins DailyBulletin_GetTomorrowsDailyBulletins Discipline_GetDetentionsThisMonth
Discipline_GetDetentionsThisTerm ExternalExams_GetExamArrangements ExternalExams_GetExamCentres
ExternalExams_GetExamCycles ExternalExams_GetExamEntries ExternalExams_GetExamResults ExternalExams_GetQualifications
ExternalExams_GetUabGroups ExternalExams_GetUabIdentifiers HumanResources_GetCurrentStaffPhotos News_GetActiveNews
News_GetArchivedNews News_GetFutureNews News_GetNewsTypes OffGames_GetAllOffGames OtherSchools_GetOtherSchools
OtherSchools_GetSchoolTypes OtherSchools_BoardingTypes OtherSchools_GovernanceTypes OtherSchools_IntakeTypes
Pupil_GetCurrentPupilsPhotos Registration_GetDatesAndTimes Registration_GetPresentCodes
Registration_GetRegistrationCodes RewardsAndConduct_GetFields RewardsAndConduct_GetRewardsTypes
SchoolReports_GetReportTypes SenManager_GetExternalExams SenManager_GetInternalExams
Timetable_GetPreliminaryTimetables Timetable_GetArchivedTimetables Timetable_GetPrepTimetables
Timetable_GetPupilTimetables
"""

METHODS: dict[str, Method] = {
    method.name.lower(): method
    for method in (
        *(Method(name, make) for name, make in _PLAIN.items()),
        *_FILTERED,
        *(Method(name) for name in _UNSEEN.split()),
    )
}
"""All methods by their names in lower case."""


def plain_contacts(name: str) -> Method:
    """The method of all contacts, which needs no filter; nobody has seen its name."""
    return Method(name, contact.contacts)
