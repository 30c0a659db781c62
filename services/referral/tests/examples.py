"""Named test data: synthetic people, doctors and clinics, and what other services say of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from halcyon.billing.events.v1 import billing_events_pb2 as billing
from halcyon.infusion.events.v1 import infusion_events_pb2 as infusion
from halcyon.intake.events.v1 import intake_events_pb2 as intake
from halcyon.referral.v1 import referral_pb2 as noun
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.scheduling.events.v1 import scheduling_events_pb2 as scheduling

DOCTOR_NPI, OTHER_NPI = "1234567893", "1245319599"
BOSTON, CHICAGO, DENVER = (
    UUID("0b000000-0000-4000-8000-000000000001"),
    UUID("0c000000-0000-4000-8000-000000000002"),
    UUID("0d000000-0000-4000-8000-000000000003"),
)
PLACES = {BOSTON: (42.36, -71.06), CHICAGO: (41.88, -87.63), DENVER: (39.74, -104.99)}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"
DRUG_CLASS = "urn:halcyon:drug-class"

FORGETTABLE = frozenset({"Doe", "Jane", "1984-02-29", "+15555550100", "jane.doe@example.test"})
"""Words that no fact, log or error may contain."""


def day(value: date) -> Date:
    return Date(year=value.year, month=value.month, day=value.day)


def moment(value: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


def doctor(npi: str = DOCTOR_NPI) -> noun.Practitioner:
    return noun.Practitioner(
        npi=npi, given_name="Ada", family_name="Test", organization="Example Practice"
    )


def jane(**changes: Any) -> noun.Patient:
    """Lives near Chicago."""
    patient = noun.Patient(
        given_name="Jane",
        family_name="Doe",
        birth_date=Date(year=1984, month=2, day=29),
        sex_at_birth=noun.SEX_AT_BIRTH_FEMALE,
        phone="+15555550100",
        email="jane.doe@example.test",
        address=noun.PostalAddress(
            line="1 Sample Street",
            city="Evanston",
            state="IL",
            postal_code="60201",
            position=LatLng(latitude=42.04, longitude=-87.69),
        ),
    )
    patient.MergeFrom(noun.Patient(**changes))
    return patient


def somebody_else(number: int) -> noun.Patient:
    return jane(family_name=f"Sample-{number}")


def nothing() -> noun.HistorySection:
    return noun.HistorySection(statement=noun.SECTION_STATEMENT_NONE)


def present(*codes: tuple[str, str]) -> noun.HistorySection:
    entries = [noun.CodedEntry(system=system, code=code) for system, code in codes]
    return noun.HistorySection(statement=noun.SECTION_STATEMENT_PRESENT, entries=entries)


def summary(**changes: Any) -> noun.ClinicalSummary:
    """Severe recurrent depression, two medications, nothing else."""
    given: dict[str, Any] = {
        "indication_code": "F33.2",
        "weight_grams": 70_000,
        "weight_date": Date(year=2026, month=1, day=2),
        "height_millimetres": 1_700,
        "phq9_score": 19,
        "psychiatric_history": present((ICD_10, "F33.2")),
        "physical_history": nothing(),
        "medications": present((DRUG_CLASS, "ssri"), (DRUG_CLASS, "beta-blocker")),
        "allergies": nothing(),
    }
    return noun.ClinicalSummary(**(given | changes))


def asked(**changes: Any) -> rpc.CreateReferralRequest:
    """Jane's doctor refers Jane."""
    given: dict[str, Any] = {
        "request_id": str(uuid4()),
        "referrer": doctor(),
        "patient": jane(),
        "clinical": summary(),
        "priority": noun.REFERRAL_PRIORITY_ROUTINE,
    }
    return rpc.CreateReferralRequest(**(given | changes))


def clinic(clinic_id: UUID, revision: int = 1, **changes: Any) -> scheduling.ClinicUpdated:
    latitude, longitude = PLACES.get(clinic_id, (40.0, -100.0))
    given: dict[str, Any] = {
        "clinic_id": str(clinic_id),
        "revision": revision,
        "name": "Example Clinic",
        "time_zone": "America/Chicago",
        "latitude": latitude,
        "longitude": longitude,
        "series_capacity": 10,
        "update_time": moment(LONG_AGO),
    }
    return scheduling.ClinicUpdated(**(given | changes))


class Story:
    """What the other services say of one referral, a minute apart unless told otherwise."""

    def __init__(self, referral_id: str, clinic_id: UUID, start: datetime | None = None) -> None:
        self.about = {"referral_id": referral_id, "clinic_id": str(clinic_id)}
        self.now = start or datetime.now(UTC)
        self._root = UUID(referral_id)

    def _tell(self, kind: type[Any], field: str, entity: str, revision: int, **more: Any) -> Any:
        self.now += timedelta(minutes=1)
        id_field = kind.DESCRIPTOR.fields_by_number[1].name
        fixed = {id_field: str(uuid5(self._root, entity)), "revision": revision}
        return kind(**self.about, **fixed, **{field: moment(self.now)}, **more)

    def opened(self) -> Any:
        return self._tell(intake.IntakeOpened, "open_time", "intake", 1)

    def assessed(self) -> Any:
        return self._tell(intake.AssessmentRecorded, "record_time", "intake", 2)

    def planned(self) -> Any:
        return self._tell(intake.PlanApproved, "approve_time", "intake", 3)

    def declined(self) -> Any:
        return self._tell(
            intake.ReferralDeclined, "decline_time", "intake", 3, reason="contraindicated"
        )

    def adjusted(self, revision: int = 4) -> Any:
        return self._tell(intake.DoseAdjusted, "adjust_time", "intake", revision)

    def screened(self) -> Any:
        return self._tell(intake.SuicideRiskScreened, "screen_time", "intake", 5)

    def decided(self) -> Any:
        return self._tell(intake.EligibilityDecided, "decide_time", "intake", 3)

    def revised(self) -> Any:
        return self._tell(intake.PlanRevised, "revise_time", "intake", 6)

    def paused(self) -> Any:
        return self._tell(intake.PlanPaused, "pause_time", "intake", 7)

    def resumed(self) -> Any:
        return self._tell(intake.PlanResumed, "resume_time", "intake", 8)

    def stopped(self) -> Any:
        return self._tell(intake.PlanStopped, "stop_time", "intake", 9)

    def held(self, revision: int = 1) -> Any:
        return self._tell(scheduling.SeriesHeld, "hold_time", "series", revision)

    def waitlisted(self, revision: int = 1) -> Any:
        return self._tell(
            scheduling.SeriesWaitlisted, "waitlist_time", "series", revision, reason="no_free_time"
        )

    def confirmed(self, revision: int = 2) -> Any:
        return self._tell(scheduling.SeriesConfirmed, "confirm_time", "series", revision)

    def released(self, revision: int = 2, reason: str = "hold_expired") -> Any:
        kind = scheduling.SeriesReleased
        return self._tell(kind, "release_time", "series", revision, reason=reason)

    def estimated(self) -> Any:
        return self._tell(billing.EstimateIssued, "issue_time", "invoice", 1)

    def requested(self, revision: int = 2) -> Any:
        return self._tell(billing.PaymentRequested, "request_time", "invoice", revision)

    def collected(self, revision: int = 3) -> Any:
        return self._tell(billing.PaymentCollected, "collect_time", "invoice", revision)

    def failed(self, revision: int = 3) -> Any:
        return self._tell(
            billing.PaymentFailed, "fail_time", "invoice", revision, reason="card_declined"
        )

    def refunded(self, revision: int = 5) -> Any:
        return self._tell(billing.PaymentRefunded, "refund_time", "invoice", revision)

    def billed(self, revision: int = 4) -> Any:
        return self._tell(billing.SuperbillIssued, "issue_time", "invoice", revision)

    def expected(self) -> Any:
        return self._tell(infusion.SessionPlanned, "plan_time", "course", 1)

    def started(self, number: int = 1) -> Any:
        kind = infusion.InfusionStarted
        return self._tell(kind, "start_time", f"session/{number}", 1, number=number)

    def infused(self, number: int = 1, count: int = 8) -> Any:
        kind = infusion.InfusionCompleted
        numbers = {"number": number, "session_count": count, "outcome": "completed"}
        return self._tell(kind, "complete_time", f"session/{number}", 2, **numbers)

    def after_the_infusion(self) -> list[Message]:
        """What may become of a visit besides the infusion."""
        endings: list[tuple[type[Message], str]] = [
            (infusion.SessionDischarged, "discharge_time"),
            (infusion.SessionTransferred, "transfer_time"),
            (infusion.SessionMissed, "miss_time"),
            (infusion.SessionCancelled, "cancel_time"),
        ]
        return [
            self._tell(kind, time, f"session/{number}", 3, number=number)
            for number, (kind, time) in enumerate(endings, 2)
        ]

    def at_the_desk(self) -> list[Message]:
        """What may become of a booking before anybody is treated."""
        return [
            self._tell(scheduling.BookingMissed, "miss_time", "series", 4),
            self._tell(scheduling.BookingCancelled, "cancel_time", "series", 5),
            self._tell(scheduling.SeriesRescheduled, "reschedule_time", "series", 6),
        ]

    def until_scheduled(self) -> list[Message]:
        """The ordinary way, up to a booked series."""
        return [
            self.opened(),
            self.planned(),
            self.held(),
            self.estimated(),
            self.requested(),
            self.collected(),
            self.confirmed(),
            self.expected(),
        ]
