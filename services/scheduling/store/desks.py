"""Opening desks: who may wait for whom, and what is read ahead."""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID
from weakref import WeakKeyDictionary

from chassis.database import Tx
from chassis.refusal import Busy
from services.scheduling.domain import Patient, Plan, Shelf, window
from services.scheduling.packs import policy
from services.scheduling.store.clinics import get_clinic
from services.scheduling.store.closures import closures_of
from services.scheduling.store.desk import Desk, layout
from services.scheduling.store.rows import AgendaRow, DeskRow

_TRY = """
SELECT clinic_id FROM desk WHERE clinic_id = ANY($1::uuid[])
ORDER BY clinic_id FOR UPDATE SKIP LOCKED
"""
_COUNT = "SELECT count(*) FROM desk WHERE clinic_id = ANY($1::uuid[])"
_SHELVES = 256
_ANYBODY = Patient()

_shelves: OrderedDict[UUID, Shelf] = OrderedDict()
_open: "WeakKeyDictionary[Tx, dict[UUID, Desk | None]]" = WeakKeyDictionary()
"""A desk knows its transaction weakly too, so both are forgotten when it ends."""


async def open_desks(tx: Tx, clinic_ids: Iterable[UUID], *, careful: bool) -> None:
    """Lock the desks in one order; a later lock of the same transaction never waits.

    A careful desk asks the bookings themselves before it believes its agenda.
    """
    held = _open.setdefault(tx, {})
    for desk in held.values():
        if desk:
            desk.careful = desk.careful and careful
    wanted = sorted(set(clinic_ids) - held.keys())
    if not wanted:
        return
    if any(held.values()):
        await _try(tx, wanted)
    await tx.load(DeskRow, wanted)
    for clinic_id in wanted:
        row = await tx.find(DeskRow, clinic_id)
        held[clinic_id] = await _desk(tx, row, careful=careful) if row else None


async def desk_of(tx: Tx, clinic_id: UUID) -> Desk | None:
    """The desk of a clinic; None when nobody knows the clinic. Who comes late never waits for it:
    a series may be locked by now, and whoever has the desk may wait for that series.
    """
    held = _open.setdefault(tx, {})
    if clinic_id not in held:
        await _try(tx, [clinic_id])
        await open_desks(tx, [clinic_id], careful=True)
    return held[clinic_id]


async def reopen_desk(tx: Tx, row: DeskRow) -> Desk:
    """The desk once more, after its clinic's calendar has changed in this transaction."""
    desk = await _desk(tx, row, careful=True)
    _open[tx][row.clinic_id] = desk
    return desk


async def read_ahead(tx: Tx, plans: Iterable[Plan]) -> None:
    """Load the days that these plans will most likely need, for all clinics at once."""
    days: dict[UUID, set[int]] = {}
    for plan in plans:
        if desk := await desk_of(tx, plan.clinic_id):
            wanted = desk.wish(plan, _ANYBODY)
            first = desk.reach.get(wanted.pattern, 0)
            days.setdefault(plan.clinic_id, set()).update(window(wanted, desk.agenda, first))
    keys = {one: desk.keys(sorted(days[one])) for one, desk in _desks(tx) if one in days}
    if any(keys.values()):
        await tx.load(AgendaRow, [key for some in keys.values() for key in some])
    for clinic_id, desk in _desks(tx):
        await desk.adopt(keys.get(clinic_id, ()))


def _desks(tx: Tx) -> list[tuple[UUID, Desk]]:
    return [(clinic_id, desk) for clinic_id, desk in _open[tx].items() if desk]


async def shelf_of(tx: Tx, row: DeskRow) -> Shelf:
    """The clinic's calendar and seats, worked out once for each layout."""
    shelf = _shelves.get(laid_out := layout(row))
    if shelf is None:
        clinic = await get_clinic(tx, row.clinic_id)
        closures = await closures_of(tx, row.clinic_id)
        shelf = Shelf(clinic, policy().unit_minutes, closures)
        _shelves[laid_out] = shelf
        if len(_shelves) > _SHELVES:
            _shelves.popitem(last=False)
    return shelf


async def _desk(tx: Tx, row: DeskRow, *, careful: bool) -> Desk:
    desk = Desk(tx, row, await shelf_of(tx, row), careful=careful)
    if row.layout != layout(row):
        await desk.rebuild()
    return desk


async def _try(tx: Tx, wanted: list[UUID]) -> None:
    """Whoever holds one desk must not wait for another: that is how two would wait for ever."""
    locked = await tx.driver.fetch(_TRY, wanted)
    if len(locked) < await tx.driver.fetchval(_COUNT, wanted):
        raise Busy("DESK_BUSY", "The clinic's agenda is in use; try again.")
