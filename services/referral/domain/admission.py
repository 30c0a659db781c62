"""What a new referral must satisfy beyond its contract: every fault is told at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import isfinite
from uuid import UUID

from chassis.refusal import Invalid, Violation
from services.referral.domain.referral import (
    Clinical,
    Day,
    Person,
    Position,
    Practitioner,
    Priority,
    Section,
)

OLDEST_YEARS = 130
_NPI_PREFIX = "80840"
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Each digit twice, its digits added up."""
_SECTIONS = ("psychiatric_history", "physical_history", "medications", "allergies")


@dataclass(frozen=True, slots=True)
class Application:
    """A referral as somebody asks for it."""

    request_id: UUID
    digest: bytes
    """Of the body without the request id: the same words again are the same request."""
    referrer: Practitioner
    patient: Person
    clinical: Clinical
    priority: Priority
    preferred_clinic_id: UUID | None
    partner: str = ""
    """The outside system that asks by events; empty for a caller."""


def must_be_sound(asked: Application, today: date) -> None:
    """Refuse with one violation for each faulty field."""
    if faults := tuple(_faults(asked, today)):
        raise Invalid("INVALID_REFERRAL", "The referral breaks rules; see the violations.", faults)


def must_be_stated_soundly(clinical: Clinical, today: date) -> None:
    """The same for a clinical summary told later."""
    if faults := tuple(_clinical_faults(clinical, today)):
        raise Invalid("INVALID_REFERRAL", "The summary breaks rules; see the violations.", faults)


def age_on(today: date, birth: date) -> int:
    """Completed years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def is_npi(number: str) -> bool:
    """Whether the last digit is the Luhn check digit over the prefix 80840."""
    digits = [int(digit) for digit in reversed(_NPI_PREFIX + number)]
    doubled = [_DOUBLED[digit] for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _faults(asked: Application, today: date) -> Iterator[Violation]:
    if not is_npi(asked.referrer.npi):
        yield Violation("referrer.npi", "must end in the right check digit")
    if fault := _birth_fault(asked.patient.birth_date, today):
        yield Violation("patient.birth_date", fault)
    address = asked.patient.address
    if address and address.position and not _is_on_earth(address.position):
        yield Violation("patient.address.position", "must be a place on earth")
    yield from _clinical_faults(asked.clinical, today)


def _clinical_faults(clinical: Clinical, today: date) -> Iterator[Violation]:
    measured = clinical.weight_date.real()
    if measured is None:
        yield Violation("clinical.weight_date", "must be a real date")
    elif measured > today:
        yield Violation("clinical.weight_date", "must not be in the future")
    for name in _SECTIONS:
        yield from _coding_faults(name, getattr(clinical, name))


def _birth_fault(written: Day, today: date) -> str:
    if not all(written):
        return "must have a year, a month and a day"
    birth = written.real()
    if birth is None:
        return "must be a real date"
    if birth >= today:
        return "must be in the past"
    return f"must be at most {OLDEST_YEARS} years ago" if _too_old(birth, today) else ""


def _too_old(birth: date, today: date) -> bool:
    return age_on(today, birth) > OLDEST_YEARS


def _is_on_earth(position: Position) -> bool:
    if not all(map(isfinite, position)):
        return False
    return abs(position.latitude) <= 90 and abs(position.longitude) <= 180


def _coding_faults(name: str, section: Section) -> Iterator[Violation]:
    """Facts carry "system|code", so a bar in a code would be read as another code."""
    for index, coding in enumerate(section):
        if "|" in coding.code:
            yield Violation(f"clinical.{name}.entries[{index}].code", "must not contain a bar")
