"""A clinic's agenda: which rooms, pumps and nurses are promised when, so far as it was read."""

from collections.abc import Iterable, Iterator

from services.scheduling.domain.day import Day
from services.scheduling.domain.hours import together
from services.scheduling.domain.shelf import Placement, Shelf, Spot


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
        self._starts: dict[int, dict[int, int]] = {}

    def day(self, ordinal: int) -> Day:
        """One day, if it has been read."""
        found = self.days.get(ordinal)
        if found is None:
            if not self.complete:
                raise Unread(ordinal)
            found = self.days[ordinal] = Day()
        return found

    def starts(self, length: int) -> dict[int, int]:
        """By day, the units at which a session may start; some may prove taken, none is missing."""
        found = self._starts.get(length)
        if found is None:
            found = self._starts[length] = {}
        return found

    def learn_starts(self, ordinal: int, length: int) -> int:
        """The same for a day not looked at yet: the hours, less units where a kind is used up."""
        local, shelf = self.shelf.calendar.day(ordinal), self.shelf
        found = 0
        if local.opened:
            full, all_of = 0, shelf.all_of
            for unit, bits in enumerate(self.day(ordinal).units(local.units)):
                if bits and any(bits & kind == kind for kind in all_of):
                    full |= 1 << unit
            found = together(local.opened & ~full, length) if full else local.starts(length)
        self.starts(length)[ordinal] = found
        return found

    def spot(self, ordinal: int, at: int, length: int) -> Spot | None:
        """The first free room, pump and nurse for the whole time, if there are."""
        shelf, taken = self.shelf, 0
        for bits in self.day(ordinal).units(shelf.calendar.day(ordinal).units)[at : at + length]:
            taken |= bits
        rooms = ~taken & shelf.all_rooms
        pumps = ~(taken >> shelf.pump_shift) & shelf.all_pumps
        nurses = ~(taken >> shelf.nurse_shift) & shelf.all_nurses
        if not (rooms and pumps and nurses):
            return None
        return Spot(ordinal, at, length, _lowest(rooms), _lowest(pumps), _lowest(nurses))

    def mark(self, ordinal: int, units: range, bits: int, *, taken: bool) -> None:
        """Take these bits, or give them back; what is given back opens starts again."""
        count = self.shelf.calendar.day(ordinal).units
        self.day(ordinal).mark(units, bits, count, taken=taken)
        if not taken:
            for starts in self._starts.values():
                starts.pop(ordinal, None)

    def take(self, spots: Iterable[Spot]) -> None:
        """The spots are promised."""
        for spot in spots:
            units = range(spot.at, spot.at + spot.length)
            self.mark(spot.ordinal, units, self.shelf.bits(spot), taken=True)

    def where(self, placement: Placement) -> Iterator[tuple[int, range, int]]:
        """The days, units and bits of a placement made earlier, perhaps under another calendar."""
        shelf = self.shelf
        calendar, positions = shelf.calendar, shelf.positions
        bits = shelf.bits_of(
            positions.get(placement.room_id),
            positions.get(placement.pump_id),
            positions.get(placement.nurse_id),
        )
        begin = int(placement.start.timestamp()) // (calendar.unit_minutes * 60)
        end = calendar.unit(placement.end)
        while begin < end:
            ordinal = calendar.ordinal(begin)
            day = calendar.day(ordinal)
            last = min(end, day.first + day.units)
            yield ordinal, range(begin - day.first, last - day.first), bits
            begin = last


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
