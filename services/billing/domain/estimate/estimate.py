"""The Good Faith Estimate: what is expected, from whom, for how much; a change is a new version."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from chassis.ids import named
from services.billing.domain.money import Money


class Reason(StrEnum):
    """Why a version was made."""

    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    CHANGED = "changed"


class Way(StrEnum):
    """How it reached the patient; the choice is the patient's."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    ORAL = "oral"
    """Besides one of the others, when the patient asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Somebody who bills: a facility, or a provider of its own."""

    name: str
    npi: str
    tin: str
    state: str
    location: str
    """Where the service is given, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a co-provider charges for each session."""

    provider: Provider
    item: str
    words: str
    codes: tuple[str, ...]
    minor_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Who bills for a clinic's sessions: the clinic itself, and those who share in them."""

    facility: Provider
    telephone: str
    shares: tuple[Share, ...] = ()

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The facility first, each once."""
        every = (self.facility, *(share.provider for share in self.shares))
        return tuple({one.npi: one for one in every}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item or service of one provider."""

    npi: str
    item: str
    words: str
    codes: tuple[str, ...]
    quantity: int
    minor_units: int
    """Expected charge for one."""

    @property
    def amount(self) -> int:
        """Expected charge of the line, minor units."""
        return self.quantity * self.minor_units


class Estimate(NamedTuple):
    """One version; only what happened to it afterwards is ever added."""

    estimate_id: UUID
    version: int
    reason: Reason
    clinic_id: UUID
    patient_id: UUID
    referral_id: UUID | None
    invoice_id: UUID | None
    providers: tuple[Provider, ...]
    """Who bills, as they were then; the facility first."""
    telephone: str
    diagnosis: str
    lines: tuple[Line, ...]
    currency_code: str
    session_count: int
    first_service: datetime | None
    last_service: datetime | None
    policy: str
    missing: tuple[str, ...]
    """Required content that is not there: it cannot be given to a patient like this."""
    clock_time: datetime
    """When the clock for providing it began."""
    due_time: datetime | None
    """The end of the last day to provide it; None when the service is too near for the duty."""
    issue_time: datetime
    provide_time: datetime | None = None
    provide_way: Way | None = None
    consented: int = 0
    """Minor units above the estimate that the patient has agreed to, for each provider."""
    consent_time: datetime | None = None

    @property
    def total(self) -> Money:
        """Sum of the lines."""
        return Money(sum(line.amount for line in self.lines), self.currency_code)

    def expected(self, npi: str) -> int:
        """What a provider is expected to charge, minor units."""
        return sum(line.amount for line in self.lines if line.npi == npi)


def requested_id(patient_id: UUID, request_id: UUID) -> UUID:
    """One request, one estimate."""
    return named(patient_id, f"estimate/{request_id}")
