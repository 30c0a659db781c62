"""Rounds of maintenance, and whether their plan is carried on."""

from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Tx
from chassis.plans import made
from services.scheduling.domain import Running, Series, follow_on
from services.scheduling.packs import policy
from services.scheduling.store.clinics import get_clinic
from services.scheduling.store.rows import StandingRow
from services.scheduling.store.series import find


async def running(tx: Tx, plan_id: UUID) -> Running:
    """What intake said last about a plan; a plan nobody spoke of again runs."""
    row = await tx.find(StandingRow, plan_id)
    return Running(row.state) if row else Running.RUNNING


async def keep_running(tx: Tx, plan_id: UUID, revision: int, state: Running) -> None:
    """News of a plan; older news changes nothing."""
    row = await tx.find(StandingRow, plan_id)
    if row is None or row.revision < revision:
        tx.put(made(StandingRow, plan_id=plan_id, revision=revision, state=state.value))


async def open_round(tx: Tx, series: Series, every: int) -> tuple[Series, bool]:
    """The round after a series, and whether it is new; one series is followed by one round."""
    clinic = await get_clinic(tx, series.plan.clinic_id)
    days, zone = policy().maintenance_days, ZoneInfo(clinic.time_zone)
    following = follow_on(series, every, days, zone, tx.now)
    known = await find(tx, following.series_id)
    return (known, False) if known else (following, True)
