"""What a cancelled or missed session costs: a policy as data, and one pure function."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.scheduling.domain.clinic import Clinic


class Cause(StrEnum):
    """What a fee is for."""

    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Charge(StrEnum):
    """How a fee is worked out."""

    NONE = "none"
    FLAT = "flat"
    PERCENT = "percent"
    FULL = "full"


class Clock(StrEnum):
    """Which hours of notice count."""

    CALENDAR = "calendar"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee: an amount, a share of the session's price, or all of it; billing knows the price."""

    charge: Charge
    minor_units: int = 0
    currency_code: str = ""
    percent: int = 0


FREE = Fee(Charge.NONE)


@dataclass(frozen=True, slots=True)
class Window:
    """The fee of a cancellation with less notice than this."""

    under_hours: int
    fee: Fee


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """One version of a network's cancellation policy."""

    pack: str
    effective: date
    clock: Clock
    windows: tuple[Window, ...]
    no_show: Fee
    late_minutes: int
    grace_count: int
    waivers: tuple[str, ...]


def in_force(policies: Sequence[FeePolicy], day: date) -> FeePolicy:
    """The latest version that is effective on a day; the first one if none is."""
    effective = [one for one in policies if one.effective <= day]
    return max(effective or policies[:1], key=lambda one: one.effective)


def fee_for(policy: FeePolicy, cause: Cause, notice: float, reason: str, earlier: int) -> Fee:
    """The fee for one session, with so many hours of notice and so many lapses before it."""
    fee = policy.no_show if cause == Cause.NO_SHOW else _by_notice(policy, notice)
    waived = reason in policy.waivers or earlier < policy.grace_count
    return FREE if waived else fee


def notice_hours(policy: FeePolicy, clinic: Clinic, now: datetime, start: datetime) -> float:
    """Hours from now to the start; business hours are those of days on which the clinic opens."""
    if policy.clock == Clock.CALENDAR:
        return (start - now).total_seconds() / 3600
    zone, weekdays = ZoneInfo(clinic.time_zone), {one.weekday for one in clinic.hours}
    counted, moment = timedelta(), now
    while moment < start:
        day = moment.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
        until = min(start, midnight.astimezone(start.tzinfo))
        if day.isoweekday() in weekdays and day not in clinic.holidays:
            counted += until - moment
        moment = until
    return counted.total_seconds() / 3600


def _by_notice(policy: FeePolicy, notice: float) -> Fee:
    within = [one for one in policy.windows if notice < one.under_hours]
    return min(within, key=lambda one: one.under_hours).fee if within else FREE
