"""A clinic's agenda: which seats are promised when, so far as it was read."""

from collections.abc import Iterable, Iterator

from services.scheduling.domain.day import Day
from services.scheduling.domain.hours import together
from services.scheduling.domain.shelf import Fitting, Placement, Shelf, Spot


class Unread(Exception):
    """A day is needed that has not been read yet."""

    def __init__(self, ordinal: int) -> None:
        super().__init__(ordinal)
        self.ordinal = ordinal


class Agenda:
    """What one clinic has promised, as far as it has been read."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.days: dict[int, Day] = {}
        self.complete = False
        """True when every day that was not read is known to be empty."""
        self._starts: dict[Fitting, dict[int, int]] = {}
        self._busy: dict[int, list[int]] = {}

    def copy(self) -> "Agenda":
        """The same to think in: what is marked there is not marked here."""
        found = Agenda(self.shelf)
        found.days = {ordinal: Day(day.packed()) for ordinal, day in self.days.items()}
        found.complete = self.complete
        return found

    def day(self, ordinal: int) -> Day:
        """One day, if it has been read."""
        found = self.days.get(ordinal)
        if found is None:
            if not self.complete:
                raise Unread(ordinal)
            found = self.days[ordinal] = Day()
        return found

    def busy(self, ordinal: int) -> list[int]:
        """Unit by unit, the seats that are taken or away."""
        local = self.shelf.calendar.day(ordinal)
        taken = self.day(ordinal).units(local.units)
        if local.blocked is None:
            return taken
        found = self._busy.get(ordinal)
        if found is None:
            found = [bits | away for bits, away in zip(taken, local.blocked, strict=True)]
            self._busy[ordinal] = found
        return found

    def starts(self, fitting: Fitting) -> dict[int, int]:
        """By day, the units at which a session may start; some may prove taken, none is missing."""
        found = self._starts.get(fitting)
        if found is None:
            found = self._starts[fitting] = {}
        return found

    def learn_starts(self, ordinal: int, fitting: Fitting) -> int:
        """The same for a day not looked at yet: the hours, less units where a kind is used up."""
        local = self.shelf.calendar.day(ordinal)
        found = local.starts(fitting.length)
        if found:
            busy, last = self.busy(ordinal), found.bit_length() - 1 + fitting.length
            units = range((found & -found).bit_length() - 1, last)
            for _, choice, offset, length in fitting.parts:
                full = 0
                for unit in units:
                    if busy[unit] & choice == choice:
                        full |= 1 << unit
                if full:
                    found &= together(~full, length) >> offset
        self.starts(fitting)[ordinal] = found
        return found

    def spot(self, ordinal: int, at: int, fitting: Fitting, liked: int = 0) -> Spot | None:
        """The first free seat of each kind for its part of the visit; a liked one if it is free."""
        busy, taken = self.busy(ordinal), 0
        for unit, mask in enumerate(fitting.masks, at):
            taken |= busy[unit] & mask
        own = 0
        for part in fitting.parts:
            free = part.choice & ~taken
            if not free:
                return None
            free = free & liked or free
            own |= free & -free
        return Spot(ordinal, at, own)

    def mark(self, ordinal: int, units: range, bits: int, *, taken: bool) -> None:
        """Take these bits, or give them back; what is given back opens starts again."""
        count = self.shelf.calendar.day(ordinal).units
        self.day(ordinal).mark(units, bits, count, taken=taken)
        self._busy.pop(ordinal, None)
        if not taken:
            for starts in self._starts.values():
                starts.pop(ordinal, None)

    def take(self, spots: Iterable[Spot], fitting: Fitting) -> None:
        """The spots are promised."""
        for spot in spots:
            count = self.shelf.calendar.day(spot.ordinal).units
            self.day(spot.ordinal).take(spot.at, spot.bits, fitting.masks, count)
            self._busy.pop(spot.ordinal, None)

    def where(self, placement: Placement) -> Iterator[tuple[int, range, int]]:
        """The days, units and bits of a placement made earlier, perhaps under another calendar."""
        calendar = self.shelf.calendar
        for resource_id, place, start, end in placement.parts():
            bit = self.shelf.bit(resource_id, place)
            begin = int(start.timestamp()) // (calendar.unit_minutes * 60)
            until = calendar.unit(end)
            while bit and begin < until:
                ordinal = calendar.ordinal(begin)
                day = calendar.day(ordinal)
                last = min(until, day.first + day.units)
                yield ordinal, range(begin - day.first, last - day.first), bit
                begin = last
