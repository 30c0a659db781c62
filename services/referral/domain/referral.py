"""What a referral is: who refers whom with which history, and how far it has come."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID


class Status(StrEnum):
    """Where a referral stands, after the merged IHE 360X and BSeR states."""

    RECEIVED = "RECEIVED"
    ROUTED = "ROUTED"
    IN_ASSESSMENT = "IN_ASSESSMENT"
    PLANNED = "PLANNED"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    SCHEDULED = "SCHEDULED"
    IN_TREATMENT = "IN_TREATMENT"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


ENDED = frozenset({Status.COMPLETED, Status.DECLINED, Status.CANCELLED})


class Priority(StrEnum):
    """How soon the patient should be seen."""

    ROUTINE = "routine"
    URGENT = "urgent"


class Sex(StrEnum):
    """Sex recorded at birth."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class Day(NamedTuple):
    """A calendar day as somebody wrote it; it need not exist."""

    year: int
    month: int
    day: int

    def real(self) -> date | None:
        """The date, if there is such a day."""
        try:
            return date(*self)
        except ValueError:
            return None


class Position(NamedTuple):
    """A place on earth, WGS 84 degrees."""

    latitude: float
    longitude: float


class Coding(NamedTuple):
    """One coded entry of the history."""

    system: str
    code: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "system|code"; a code has no bar, a system may have one."""
        system, _, code = text.rpartition("|")
        return cls(system, code)

    def __str__(self) -> str:
        return f"{self.system}|{self.code}"


Section = tuple[Coding, ...]


@dataclass(frozen=True, slots=True)
class Practitioner:
    """The prescriber who refers."""

    npi: str
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    organization: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a patient lives; the position serves routing by distance."""

    line: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The identifiers of a patient; the registry is the only place that keeps them."""

    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: Day = field(repr=False)
    sex_at_birth: Sex | None = field(repr=False)
    phone: str = field(repr=False, default="")
    email: str = field(repr=False, default="")
    address: Address | None = field(repr=False, default=None)


class Clinical(NamedTuple):
    """What the referrer knows of the patient's health; coded, without identifiers."""

    indication_code: str
    weight_grams: int
    weight_date: Day
    height_millimetres: int
    phq9_score: int | None
    psychiatric_history: Section
    physical_history: Section
    medications: Section
    allergies: Section

    @property
    def category(self) -> str:
        """The ICD-10 category: clinics treat categories, duplicates are judged by them."""
        return self.indication_code[:3]


class Progress(NamedTuple):
    """How far a referral has come; the rest of it never changes."""

    referral_id: UUID
    status: Status
    update_time: datetime
    standing_time: datetime
    """When the latest trouble or its settlement happened: the later of the two holds."""
    clinic_id: UUID | None = None
    revision: int = 0
    """Facts stated about the referral, each numbered without a gap."""
    changes: int = 0
    """Lines of its history: the facts stated and those heard."""
    series_revision: int = 0
    invoice_revision: int = 0
    occupied_clinic_id: UUID | None = None
    """The clinic whose capacity the series counts against."""
    heard: tuple[int, ...] = ()
    """A mark for each fact heard: what is heard again is nothing new."""
    partner: str = ""
    """The outside system that submitted it by events, and so is told of each line; or nobody."""

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Referral:
    """A request that a specialty clinic assess and treat a patient; without identifiers."""

    referral_id: UUID
    request_id: UUID
    digest: bytes = field(repr=False)
    patient_id: UUID
    referrer: Practitioner
    clinical: Clinical
    age_years: int
    sex_at_birth: Sex
    priority: Priority
    preferred_clinic_id: UUID | None
    receive_time: datetime
    progress: Progress
