"""The rules of a series said once more without any skill: minute marks, lists and trying all."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.scheduling.domain import Clinic, Closure, Hours, Kind, Placement, Shape, Wish

Busy = Sequence[Placement]
_MARK = timedelta(minutes=15)


class Plainly:
    """One clinic with what is booked in it, and one wish."""

    def __init__(
        self, clinic: Clinic, closures: Sequence[Closure], booked: Busy, wanted: Wish
    ) -> None:
        self.clinic, self.closures, self.booked, self.wanted = clinic, closures, booked, wanted
        self.zone, self.shape = ZoneInfo(clinic.time_zone), wanted.visit.shape

    def earliest(self) -> datetime | None:
        """The first session of the earliest series there is, after trying all."""
        free = [moment for moment in self._marks() if self._free(moment)]
        for first in free:
            if self._can_follow([first], [one for one in free if one > first]):
                return first
        return None

    def keeps(self, starts: Sequence[datetime]) -> bool:
        """Whether these sessions are a series as wanted."""
        return (
            len(starts) == sum(self.wanted.weeks)
            and all(self._free(one) for one in starts)
            and all(self._fits(starts[:n], starts[n]) for n in range(1, len(starts)))
        )

    def _can_follow(self, placed: list[datetime], free: Sequence[datetime]) -> bool:
        if len(placed) == sum(self.wanted.weeks):
            return True
        return any(
            self._fits(placed, one) and self._can_follow([*placed, one], free[at + 1 :])
            for at, one in enumerate(free)
        )

    def _fits(self, placed: Sequence[datetime], one: datetime) -> bool:
        gap = timedelta(minutes=15 * self.wanted.gap)
        begin, end = self._week(placed[0], len(placed))
        days = [moment.astimezone(self.zone).date() for moment in (*placed, one)]
        return (
            one - placed[-1] >= gap
            and begin <= one < end
            and all(
                sum(days[-1] - day < timedelta(days=span) for day in days) <= most
                for most, span in self.wanted.limits
            )
        )

    def _week(self, first: datetime, number: int) -> tuple[datetime, datetime]:
        """From when until when the session of a number may start, on the wall."""
        by_session = [week for week, count in enumerate(self.wanted.weeks) for _ in range(count)]
        week = by_session[number]
        wall = first.astimezone(self.zone).replace(fold=0)
        return tuple(  # type: ignore[return-value]
            (wall + timedelta(weeks=one)).astimezone(UTC) for one in (week, week + 1)
        )

    def _marks(self) -> Iterator[datetime]:
        for unit in range(self.wanted.earliest, self.wanted.until):
            yield datetime.fromtimestamp(unit * 900, UTC)

    def _free(self, start: datetime) -> bool:
        minutes = {name: timedelta(minutes=n) for name, n in _offsets(self.shape).items()}
        chairs = bool(self.clinic.of(Kind.CHAIR))
        room_end = "room" if chairs else "end"
        parts = [
            (Kind.ROOM, "start", room_end),
            (Kind.PUMP, "infuse", "infused"),
            (Kind.NURSE, "start", "end"),
        ]
        if chairs:
            parts.append((Kind.CHAIR, "infused", "end"))
        if self.clinic.of(Kind.MONITOR):
            parts.append((Kind.MONITOR, "start", "end"))
        if self.wanted.visit.therapist:
            parts.append((Kind.THERAPIST, "infuse", "end"))
        return self._open(start, start + minutes["end"]) and all(
            self._seat(kind, start + minutes[begin], start + minutes[end])
            for kind, begin, end in parts
        )

    def _open(self, start: datetime, end: datetime) -> bool:
        windows = self.wanted.preferences.windows
        prescribers = self.clinic.of(Kind.PRESCRIBER)
        for mark in _marks(start, end):
            local = mark.astimezone(self.zone)
            closed = local.date() in self.clinic.holidays or self._away(None, mark)
            on_site = not prescribers or any(
                (not one.shifts or _within(one.shifts, local))
                and not self._away(one.resource_id, mark)
                for one in prescribers
            )
            suits = not windows or _within(windows, local)
            if closed or not on_site or not suits or not _within(self.clinic.hours, local):
                return False
        return True

    def _seat(self, kind: Kind, start: datetime, end: datetime) -> bool:
        for one in self.clinic.of(kind):
            there = all(
                (not one.shifts or _within(one.shifts, mark.astimezone(self.zone)))
                and not self._away(one.resource_id, mark)
                for mark in _marks(start, end)
            )
            taken = {
                place
                for booking in self.booked
                for resource_id, place, begin, until in booking.parts()
                if resource_id == one.resource_id and begin < end and start < until
            }
            if there and len(taken) < one.patients:
                return True
        return False

    def _away(self, resource_id: object, mark: datetime) -> bool:
        return any(
            one.resource_id == resource_id and one.start < mark + _MARK and mark < one.end
            for one in self.closures
        )


def _offsets(shape: Shape) -> dict[str, int]:
    infused = shape.prepare + shape.infuse
    end = infused + shape.recover + shape.turnover
    return {
        "start": 0,
        "infuse": shape.prepare,
        "infused": infused,
        "room": infused + shape.turnover,
        "end": end,
    }


def _marks(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += _MARK


def _within(hours: Sequence[Hours], local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    return any(
        one.weekday == local.isoweekday() and one.open_minute <= minute < one.close_minute
        for one in hours
    )
