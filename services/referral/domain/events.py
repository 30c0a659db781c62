"""What a decision about a referral comes to: what happened, and the referral as it is now."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

from services.referral.domain.referral import Clinical, Day, Person, Referral


class CancelReason(StrEnum):
    """Why a referral is withdrawn."""

    PATIENT_DECLINED = "patient_declined"
    ENTERED_IN_ERROR = "entered_in_error"
    TREATED_ELSEWHERE = "treated_elsewhere"


@dataclass(frozen=True, slots=True)
class Registered:
    """The registry learned of a patient; nobody outside is told."""

    patient_id: UUID
    match_key: bytes
    person: Person


@dataclass(frozen=True, slots=True)
class Received:
    """A referral was taken in."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Routed:
    """A referral was sent to a clinic."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A referral was withdrawn; the clinic whose capacity it used gets it back."""

    referral: Referral
    reason: CancelReason
    freed_clinic_id: UUID | None


@dataclass(frozen=True, slots=True)
class Supplemented:
    """The referrer told more; for a clinic that has the referral, what was told first stays."""

    referral: Referral
    clinical: Clinical


class Window(NamedTuple):
    """A part of the week, in the clinic's local time; Monday is 1."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Available:
    """The referrer told when the patient can come."""

    referral: Referral
    earliest: Day | None
    windows: tuple[Window, ...]


Event: TypeAlias = Registered | Received | Routed | Cancelled | Supplemented | Available
Decision: TypeAlias = tuple[Referral, tuple[Event, ...]]
