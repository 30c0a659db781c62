"""A session that does not take place at its time: its fee, its next time, and its memory."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Tx
from services.scheduling.domain import (
    Booking,
    Cause,
    Ending,
    Fee,
    Lapse,
    Past,
    Placement,
    Series,
    fee_for,
    notice_hours,
)
from services.scheduling.packs import fees_on
from services.scheduling.store.clinics import get_clinic
from services.scheduling.store.moving import shift
from services.scheduling.store.visits import drop, lapses_of, note_past


async def lapse(
    tx: Tx, series: Series, visit: Booking, cause: Cause, why: tuple[str, UUID]
) -> tuple[Lapse, Sequence[Placement]]:
    """What the policy of the day asks, and the times that the session and the rest get instead."""
    (reason, request_id), number = why, visit.placement.number
    fee, pack = await _fee(tx, series, visit, cause, reason)
    ending = Ending(Past(cause.value), reason, request_id, fee.charge)
    await note_past(tx, visit, ending)
    shifted = await shift(tx, series, number)
    if not isinstance(shifted, tuple):
        await drop(tx, visit)
        shifted = ()
    return Lapse(visit.placement, cause, fee, pack), shifted


async def _fee(
    tx: Tx, series: Series, visit: Booking, cause: Cause, reason: str
) -> tuple[Fee, str]:
    clinic = await get_clinic(tx, series.plan.clinic_id)
    policy = fees_on(tx.now.astimezone(ZoneInfo(clinic.time_zone)).date())
    notice = notice_hours(policy, clinic, tx.now, visit.placement.start)
    earlier = await lapses_of(tx, series.series_id)
    return fee_for(policy, cause, notice, reason, earlier), policy.pack
