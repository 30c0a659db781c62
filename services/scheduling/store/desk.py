"""The desk of a clinic: what the clinic has promised, in the hands of one transaction at a time.

The agenda is a small copy of the bookings, kept with them under the desk's lock, so that a choice
is right at the first try. The bookings are the truth: a desk that finds itself wrong starts anew.
"""

from collections.abc import Iterable
from uuid import UUID
from weakref import proxy

from sqlmodel import col, select

from chassis.database import Tx
from chassis.ids import named
from chassis.plans import made
from services.scheduling.domain import (
    Agenda,
    Day,
    Fitting,
    Patient,
    Placement,
    Plan,
    Reach,
    Shelf,
    Spot,
    Wish,
    given_back,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.store.rows import AgendaRow, DeskRow

_FORGET = "DELETE FROM agenda WHERE clinic_id = $1 AND day < $2"
_TAKEN = """
SELECT number, start_time, infuse_time, infuse_end_time, room_end_time, end_time,
    room_id, pump_id, nurse_id, nurse_place, monitor_id, chair_id, therapist_id FROM booking
WHERE clinic_id = $1 AND start_time > $2::timestamptz - interval '2 days' AND status = 'taken'
"""
_AHEAD = 28


class Desk:
    """One clinic's agenda in the hands of one transaction."""

    def __init__(self, tx: Tx, row: DeskRow, shelf: Shelf, *, careful: bool) -> None:
        self._tx, self._row, self._days = proxy(tx), row, dict[int, AgendaRow]()
        self.shelf, self.agenda, self.careful = shelf, Agenda(shelf), careful
        self._wishes: dict[object, Wish] = {}

    @property
    def reach(self) -> Reach:
        """How far the search for each pattern has come."""
        return dict(zip(self._row.patterns, self._row.reached, strict=True))

    def learn(self, reach: Reach) -> None:
        """Keep what a search, or times given back, have changed."""
        if reach != self.reach:
            self._row.patterns, self._row.reached = list(reach), list(reach.values())
            self._tx.put(self._row)

    def wish(self, plan: Plan, patient: Patient) -> Wish:
        """A plan as wanted from now on, worked out once for all that ask the same of one desk."""
        asked = plan.asked, patient
        found = self._wishes.get(asked)
        if found is None:
            found = wish(plan, policy(), self.agenda, self._tx.now, patient)
            self._wishes[asked] = found
        return found

    def keys(self, ordinals: Iterable[int]) -> list[tuple[UUID, int]]:
        """The agenda rows of days that may matter and have not been read."""
        calendar, known = self.shelf.calendar, self.agenda.days
        wanted = [one for one in ordinals if one not in known and calendar.day(one).opened]
        return [] if self.agenda.complete else [(self._row.clinic_id, one) for one in wanted]

    async def adopt(self, keys: Iterable[tuple[UUID, int]]) -> None:
        """Days that were loaded; a day without a row is empty."""
        for key in keys:
            row = await self._tx.find(AgendaRow, key)
            if row is not None:
                self._days[key[1]] = row
            self.agenda.days[key[1]] = row.taken if row is not None else Day()

    async def read(self, ordinals: Iterable[int]) -> None:
        """Read these days, whether the clinic is open or not."""
        wanted = [one for one in ordinals if one not in self.agenda.days]
        if self.agenda.complete or not wanted:
            return
        keys = [(self._row.clinic_id, one) for one in wanted]
        await self._tx.load(AgendaRow, keys)
        await self.adopt(keys)

    async def read_on(self, ordinal: int) -> None:
        """Read the weeks from a day on."""
        await self.read(range(ordinal, ordinal + _AHEAD))

    async def read_until(self, unit: int) -> None:
        """Read every day from today to a unit."""
        calendar = self.shelf.calendar
        today = calendar.ordinal(calendar.unit(self._tx.now))
        await self.read(range(today, calendar.ordinal(unit) + 2))

    def take(self, spots: Iterable[Spot], fitting: Fitting) -> None:
        """Promise these spots."""
        spots = tuple(spots)
        self.agenda.take(spots, fitting)
        self._keep({spot.ordinal for spot in spots})

    async def free(self, placements: Iterable[Placement]) -> None:
        """Give these times back; series may begin earlier again."""
        found = [piece for one in placements for piece in self.agenda.where(one)]
        await self.read({ordinal for ordinal, _, _ in found})
        for ordinal, units, bits in found:
            self.agenda.mark(ordinal, units, bits, taken=False)
        self._keep({ordinal for ordinal, _, _ in found})
        if found:
            calendar = self.shelf.calendar
            freed = min(calendar.day(ordinal).first + units[0] for ordinal, units, _ in found)
            self.learn(given_back(self.reach, freed, 1440 // calendar.unit_minutes))

    def retake(self, placements: Iterable[Placement]) -> None:
        """These times, which were given back just now, are promised as before."""
        found = [piece for one in placements for piece in self.agenda.where(one)]
        for ordinal, units, bits in found:
            self.agenda.mark(ordinal, units, bits, taken=True)
        self._keep({ordinal for ordinal, _, _ in found})

    async def rebuild(self) -> None:
        """Read the bookings themselves and write the agenda anew."""
        tx, row, calendar = self._tx, self._row, self.shelf.calendar
        today = calendar.ordinal(calendar.unit(tx.now))
        await tx.driver.execute(_FORGET, row.clinic_id, today - 1)
        mine = (col(AgendaRow.clinic_id) == row.clinic_id, col(AgendaRow.day) >= today - 1)
        self._days = {one.day: one for one in await tx.rows(select(AgendaRow).where(*mine))}
        self.agenda = Agenda(self.shelf)
        self.agenda.complete = True
        for place in await taken_of(tx, row.clinic_id):
            for ordinal, units, bits in self.agenda.where(place):
                self.agenda.mark(ordinal, units, bits, taken=True)
        self._keep({*self._days, *self.agenda.days})
        row.layout, row.patterns, row.reached = layout(row), [], []
        tx.put(row)

    def _keep(self, ordinals: Iterable[int]) -> None:
        for ordinal in ordinals:
            row = self._days.get(ordinal)
            if row is None:
                row = made(AgendaRow, clinic_id=self._row.clinic_id, day=ordinal)
                self._days[ordinal] = row
            row.__dict__["taken"] = self.agenda.day(ordinal)
            self._tx.put(row)


async def taken_of(tx: Tx, clinic_id: UUID) -> list[Placement]:
    """What the bookings of a clinic take from now on."""
    return [Placement(*one) for one in await tx.driver.fetch(_TAKEN, clinic_id, tx.now)]


def layout(row: DeskRow) -> UUID:
    """Names how the agenda is laid out: by the clinic's content and the unit of time."""
    return named(row.clinic_print, str(policy().unit_minutes))
