"""A place registered with the DEA: its number, its clinic, its days."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from chassis.refusal import AlreadyExists, Invalid, Violation


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered location; each has a ledger of its own."""

    dea_number: str
    clinic_id: UUID
    time_zone: str
    open_date: date

    def day(self, moment: datetime) -> date:
        """The day a moment belongs to at this place."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


def register(known: Registration | None, asked: Registration, now: datetime) -> Registration:
    """A number belongs to one place; telling the same twice is telling it once."""
    check_number("dea_number", asked.dea_number)
    if asked.time_zone not in available_timezones():
        raise _invalid("time_zone", "must be an IANA time zone")
    if asked.open_date > asked.day(now):
        raise _invalid("open_date", "must not lie in the future")
    if known is not None and known != asked:
        raise AlreadyExists("REGISTRATION_EXISTS", "The DEA number is registered otherwise.")
    return asked


def check_number(field: str, number: str) -> None:
    """Two letters and seven digits, the last of which proves the others."""
    first, second, third, fourth, fifth, sixth, last = map(int, number[2:])
    if (first + third + fifth + 2 * (second + fourth + sixth)) % 10 != last:
        raise _invalid(field, "its check digit is wrong")


def _invalid(field: str, description: str) -> Invalid:
    fault = Violation(field, description)
    return Invalid("INVALID_REGISTRATION", "The registration is told wrongly.", (fault,))
