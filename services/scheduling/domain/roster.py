"""Who and what is there on a local day: hours, holidays, closures, shifts and leave."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from services.scheduling.domain.clinic import Clinic, Closure, Kind, Resource
from services.scheduling.domain.hours import LocalDay

_A_DAY = timedelta(days=1, hours=3)


class Roster:
    """What opens a day of one clinic, and what keeps its resources away."""

    def __init__(
        self, clinic: Clinic, closures: Iterable[Closure], seats: Sequence[tuple[Resource, int]]
    ) -> None:
        self._clinic, self._closures = clinic, tuple(closures)
        self._holidays = frozenset(clinic.holidays)
        self._prescribers = clinic.of(Kind.PRESCRIBER)
        self._seats: dict[Resource, int] = {}
        for position, (resource, _) in enumerate(seats):
            self._seats[resource] = self._seats.get(resource, 0) | 1 << position
        away = {one.resource_id for one in self._closures}
        self._rostered = [one for one in self._seats if one.shifts or one.resource_id in away]

    def open_up(self, day: LocalDay) -> None:
        """The clinic is open in its hours, unless it is closed or no prescriber is on site."""
        closures = [one for one in self._closures if _near(day, one)]
        if day.day not in self._holidays:
            day.opened = day.within(self._clinic.hours)
        for closure in closures:
            if closure.resource_id is None:
                day.opened &= ~day.touched(closure.start, closure.end)
        if self._prescribers and day.opened:
            day.opened &= self._on_site(day, closures)
        if self._rostered and day.opened:
            day.blocked = self._blocked(day, closures)

    def _on_site(self, day: LocalDay, closures: Sequence[Closure]) -> int:
        found = 0
        for one in self._prescribers:
            found |= _there(day, one, closures)
        return found

    def _blocked(self, day: LocalDay, closures: Sequence[Closure]) -> list[int] | None:
        blocked = [0] * day.units
        for resource in self._rostered:
            bits, away = self._seats[resource], ~_there(day, resource, closures)
            for unit in range(day.units):
                if away >> unit & 1:
                    blocked[unit] |= bits
        return blocked if any(blocked) else None


def _there(day: LocalDay, resource: Resource, closures: Iterable[Closure]) -> int:
    found = day.within(resource.shifts) if resource.shifts else (1 << day.units) - 1
    for closure in closures:
        if closure.resource_id == resource.resource_id:
            found &= ~day.touched(closure.start, closure.end)
    return found


def _near(day: LocalDay, closure: Closure) -> bool:
    return closure.start.date() - _A_DAY <= day.day <= closure.end.date() + _A_DAY
