"""A clinic's days in units of time: hours are kept on the wall, overlap is judged in real time."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.scheduling.domain.clinic import Hours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_DAY_SECONDS = 86_400


class LocalDay:
    """One local day: its first unit since the epoch, how many there are, and which are open."""

    __slots__ = (
        "_plain",
        "_starts",
        "_unit_minutes",
        "_zone",
        "blocked",
        "day",
        "first",
        "opened",
        "units",
    )

    def __init__(self, day: date, zone: ZoneInfo, unit_minutes: int) -> None:
        self.day, self._zone, self._unit_minutes = day, zone, unit_minutes
        self.first = self._absolute(0, 0)
        self.units = self._absolute(1440, 0) - self.first
        self._plain = self.units * unit_minutes == 1440
        self._starts: dict[int, int] = {}
        self.opened = 0
        self.blocked: list[int] | None = None
        """Unit by unit, the bits of resources that are off their shift or away."""

    def starts(self, length: int) -> int:
        """The units at which a session of this length fits into the opening hours, as bits."""
        found = self._starts.get(length)
        if found is None:
            found = self._starts[length] = together(self.opened, length)
        return found

    def minute(self, at: int) -> int:
        """What the wall clock shows at a unit of this day, in minutes."""
        if self._plain:
            return at * self._unit_minutes
        seconds = (self.first + at) * self._unit_minutes * 60
        shown = datetime.fromtimestamp(seconds, self._zone)
        return shown.hour * 60 + shown.minute

    def at(self, minute: int) -> int:
        """The unit of this day at which the wall clock shows a minute.

        A time that comes twice is the first of the two; one that does not exist comes as much
        later as the clock jumps.
        """
        if self._plain:
            return minute // self._unit_minutes
        return self._absolute(minute, 0) - self.first

    def within(self, hours: Iterable[Hours]) -> int:
        """The units that lie in these hours, as bits; hours of other weekdays do not count."""
        weekday, found = self.day.isoweekday(), 0
        for one in hours:
            if one.weekday == weekday:
                found |= self._units(one)
        return found

    def touched(self, start: datetime, end: datetime) -> int:
        """The units that a real time touches, as bits."""
        size = self._unit_minutes * 60
        begin = max(0, int(start.timestamp() // size) - self.first)
        finish = min(self.units, int(-(-end.timestamp() // size)) - self.first)
        return ((1 << finish) - 1) & ~((1 << begin) - 1) if finish > begin else 0

    def _units(self, hours: Hours) -> int:
        """A wall time that comes twice or never is read in the way that keeps inside the hours."""
        opens = max(self._seconds(hours.open_minute, fold) for fold in (0, 1))
        closes = min(self._seconds(hours.close_minute, fold) for fold in (0, 1))
        size = self._unit_minutes * 60
        start = max(0, -(-opens // size) - self.first)
        end = min(self.units, closes // size - self.first)
        return ((1 << end) - 1) & ~((1 << start) - 1) if end > start else 0

    def _absolute(self, minute: int, fold: int) -> int:
        return self._seconds(minute, fold) // (self._unit_minutes * 60)

    def _seconds(self, minute: int, fold: int) -> int:
        days, minute = divmod(minute, 1440)
        wall = datetime.combine(
            self.day + timedelta(days), time(minute // 60, minute % 60, fold=fold), self._zone
        )
        return int(wall.timestamp())


class Calendar:
    """The local days of one clinic, each worked out once."""

    def __init__(self, zone: str, unit_minutes: int, open_up: Callable[[LocalDay], None]) -> None:
        self.unit_minutes, self._unit = unit_minutes, timedelta(minutes=unit_minutes)
        self.zone = ZoneInfo(zone)
        self._open_up = open_up
        self._days: dict[int, LocalDay] = {}

    def day(self, ordinal: int) -> LocalDay:
        """One local day, by its proleptic ordinal."""
        found = self._days.get(ordinal)
        if found is None:
            found = LocalDay(date.fromordinal(ordinal), self.zone, self.unit_minutes)
            self._open_up(found)
            self._days[ordinal] = found
        return found

    def ordinal(self, unit: int) -> int:
        """The local day a unit belongs to."""
        guess = unit * self.unit_minutes * 60 // _DAY_SECONDS + _EPOCH_DAY
        while unit < (day := self.day(guess)).first:
            guess -= 1
        while unit >= day.first + day.units:
            guess += 1
            day = self.day(guess)
        return guess

    def unit(self, moment: datetime) -> int:
        """The unit that begins at or next after a moment."""
        return int(-(-moment.timestamp() // (self.unit_minutes * 60)))

    def moment(self, unit: int) -> datetime:
        """When a unit begins."""
        return _EPOCH + unit * self._unit


def together(bits: int, length: int) -> int:
    """The bits that begin a run of `length` set bits."""
    have = 1
    while have < length:
        step = min(have, length - have)
        bits &= bits >> step
        have += step
    return bits
