"""What intake says of a patient's safety; read where people book, and not on the way of a plan."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from services.scheduling.domain import (
    Barrier,
    Series,
    Status,
    barring,
    must_break_none,
    rules_broken,
)
from services.scheduling.store.desks import desk_of
from services.scheduling.store.patients import patient_of
from services.scheduling.store.rows import SafetyRow
from services.scheduling.store.series import book_on, get
from services.scheduling.store.waiting import wake_waitlist

_KEPT_BACK = """
SELECT series_id, clinic_id, status FROM series WHERE patient_id = $1
    AND (status = 'waitlisted' OR rule <> '' AND status IN ('confirmed', 'fulfilled'))
"""


async def keep_safety(
    tx: Tx, patient_id: UUID, review_time: datetime, barriers: Sequence[Barrier]
) -> None:
    """The latest review holds, from whichever intake of the patient it comes."""
    row = await tx.find(SafetyRow, patient_id)
    if row and row.review_time >= review_time:
        return
    told = [f"{one.begin.isoformat()} {one.rule_id}" for one in barriers]
    tx.put(made(SafetyRow, patient_id=patient_id, review_time=review_time, barriers=told))


async def rules_barring(tx: Tx, series: Series) -> tuple[str, ...]:
    """The rules that forbid now to book for the patient of a series."""
    patient_id = series.plan.patient_id
    row = (await tx.look(SafetyRow, [patient_id])).get(patient_id)
    return barring(map(_barrier, row.barriers), tx.now) if row else ()


async def must_be_safe(tx: Tx, series: Series) -> None:
    """Whoever books for a patient is told of the rule that forbids it."""
    must_break_none(await rules_barring(tx, series))


async def try_again(tx: Tx, patient_id: UUID) -> None:
    """What a rule has kept from being booked may be booked by itself from now on."""
    for series_id, clinic_id, status in await tx.driver.fetch(_KEPT_BACK, patient_id):
        if status == Status.WAITLISTED:
            wake_waitlist(tx, clinic_id)
        else:
            book_on(tx, await get(tx, series_id))


async def rules_against(tx: Tx, series: Series, starts: Sequence[datetime]) -> tuple[str, ...]:
    """The rules of the plan's protocol that sessions at these times would break."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return ()
    wanted = desk.wish(series.plan, await patient_of(tx, series))
    return rules_broken(series.plan, wanted, desk.agenda, starts)


def _barrier(told: str) -> Barrier:
    begin, _, rule_id = told.partition(" ")
    return Barrier(rule_id, datetime.fromisoformat(begin))
