"""Looking for times without taking them: here, elsewhere in the network, in another pattern."""

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from services.scheduling.domain import (
    Agenda,
    Because,
    Bound,
    Clinic,
    Day,
    Patient,
    Placement,
    Plan,
    Spot,
    Wish,
    allocate,
    because,
    binding_reason,
    nearest_pattern,
    placements,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.store.clinics import get_clinic, list_clinics
from services.scheduling.store.desk import layout, taken_of
from services.scheduling.store.desks import shelf_of
from services.scheduling.store.rows import AgendaRow, DeskRow

_CLINICS, _TRIED = 1000, 5


class Offer(NamedTuple):
    """Times that a series could have at a clinic."""

    clinic_id: UUID
    weeks: tuple[int, ...]
    places: tuple[Placement, ...]
    reasons: tuple[Because, ...]
    """Why each session is not earlier."""


class Found(NamedTuple):
    """The earliest series, or what binds it and what would fit instead."""

    offer: Offer | None
    reason: Bound | None = None
    elsewhere: Offer | None = None
    other_pattern: Offer | None = None


async def find_times(tx: Tx, plan: Plan, patient: Patient) -> Found:
    """The earliest times of a plan at its clinic, or the nearest alternatives."""
    clinic = await get_clinic(tx, plan.clinic_id)
    agenda = await read_agenda(tx, plan.clinic_id)
    wanted = wish(plan, policy(), agenda, tx.now, patient)
    spots = allocate(wanted, agenda, 0)
    if isinstance(spots, tuple):
        return Found(_offer(agenda, wanted, spots))
    other = nearest_pattern(wanted, agenda, policy().patterns)
    async with tx.beyond():
        elsewhere = await _elsewhere(tx, clinic, plan, patient)
    return Found(
        None,
        binding_reason(wanted, agenda),
        elsewhere,
        _offer(agenda, wanted.with_weeks(other[0]), other[1]) if other else None,
    )


async def read_agenda(tx: Tx, clinic_id: UUID) -> Agenda:
    """What a clinic has promised from today on, without its desk; from the bookings if need be."""
    row = await tx.find(DeskRow, clinic_id)
    assert row is not None
    agenda = Agenda(await shelf_of(tx, row))
    agenda.complete = True
    calendar = agenda.shelf.calendar
    if row.layout != layout(row):
        for place in await taken_of(tx, clinic_id):
            for ordinal, units, bits in agenda.where(place):
                agenda.mark(ordinal, units, bits, taken=True)
        return agenda
    today = calendar.ordinal(calendar.unit(tx.now))
    mine = (col(AgendaRow.clinic_id) == clinic_id, col(AgendaRow.day) >= today)
    for one in await tx.rows(select(AgendaRow).where(*mine)):
        agenda.days[one.day] = Day(one.taken.packed())
    return agenda


async def _elsewhere(tx: Tx, here: Clinic, plan: Plan, patient: Patient) -> Offer | None:
    """The nearest of the clinics that treat the same; a named nurse stays where she is."""
    clinics = await list_clinics(tx, _CLINICS, None, None)
    others = [one for one in clinics if one.clinic_id != here.clinic_id and _treats(one, here)]
    for clinic in sorted(others, key=lambda one: (_far(here, one), one.clinic_id))[:_TRIED]:
        agenda = await read_agenda(tx, clinic.clinic_id)
        wanted = wish(plan, policy(), agenda, tx.now, patient)
        spots = allocate(wanted, agenda, 0)
        if isinstance(spots, tuple):
            return _offer(agenda, wanted, spots)
    return None


def _offer(agenda: Agenda, wanted: Wish, spots: tuple[Spot, ...]) -> Offer:
    shelf = agenda.shelf
    places = placements(spots, shelf.fitting(wanted.visit), agenda)
    reasons = because(wanted, agenda, spots)
    return Offer(shelf.clinic.clinic_id, wanted.weeks, places, reasons)


def _treats(other: Clinic, here: Clinic) -> bool:
    return not other.indications or bool(set(other.indications) & set(here.indications))


def _far(one: Clinic, other: Clinic) -> float:
    """Great-circle distance in kilometres."""
    (a, b), (c, d) = ((radians(place.latitude), radians(place.longitude)) for place in (one, other))
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 12_742 * asin(sqrt(half))
