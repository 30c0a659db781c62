"""Business days: Monday to Friday without federal holidays, counted in one stated way.

The day something happens is day 0, the next business day is day 1.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_SATURDAY, _SUNDAY = 5, 6
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A fixed day of a month, or its nth weekday; the last one is -1."""

    name: str
    month: int
    since: int
    day: int | None = None
    weekday: int | None = None
    nth: int = 0

    def kept_in(self, year: int) -> date | None:
        """The day it is kept for a year: on Saturday the day before, on Sunday the day after."""
        if year < self.since:
            return None
        if self.day is None:
            return self._nth(year)
        exact = date(year, self.month, self.day)
        shift = {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(exact.weekday(), timedelta())
        return exact + shift

    def _nth(self, year: int) -> date:
        assert self.weekday is not None
        first_weekday, length = monthrange(year, self.month)
        first = 1 + (self.weekday - first_weekday) % 7
        days = range(first, length + 1, 7)
        return date(year, self.month, days[self.nth - 1 if self.nth > 0 else self.nth])


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days on which a network is at work."""

    holidays: tuple[Holiday, ...]

    def is_business_day(self, day: date) -> bool:
        """Neither a weekend nor a holiday."""
        return day.weekday() < _SATURDAY and day not in _kept(self.holidays, day.year)

    def after(self, day: date, count: int) -> date:
        """The day that is business day `count` after day 0."""
        while count > 0:
            day += _DAY
            count -= self.is_business_day(day)
        return day

    def before(self, day: date, count: int) -> date:
        """The day from which `count` business days have gone by before the day of service."""
        while count > 0:
            day -= _DAY
            count -= self.is_business_day(day)
        return day

    def ahead(self, day: date, service: date) -> int:
        """Business days that lie after day 0 and not after the day of service."""
        return sum(self.is_business_day(day + n * _DAY) for n in range(1, (service - day).days + 1))


@lru_cache(maxsize=256)
def _kept(holidays: tuple[Holiday, ...], year: int) -> frozenset[date]:
    """New Year's Day may be kept on the last day of the year before."""
    days = [one.kept_in(each) for one in holidays for each in (year, year + 1)]
    return frozenset(day for day in days if day)
