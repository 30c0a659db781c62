"""A plan that was revised: what the sessions to come are made of from now on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scheduling.domain.events import Decision, SeriesHeld
from services.scheduling.domain.series import Series, Status


@dataclass(frozen=True, slots=True)
class Revised:
    """A version of a plan, as far as its sessions differ by it."""

    plan_id: UUID
    version: int
    infusion_minutes: int
    therapist: bool


def replanned(series: Series, told: Revised, now: datetime) -> Decision:
    """The series by the newest version of its plan; its times are another matter.

    A hold is told anew: what it is for has changed, and so perhaps its price.
    """
    plan = series.plan
    if plan.plan_id != told.plan_id or told.version <= plan.version:
        return series, ()
    minutes, therapist = told.infusion_minutes, told.therapist
    same = (minutes, therapist) == (plan.infusion_minutes, plan.therapist)
    wanted = plan._replace(version=told.version, infusion_minutes=minutes, therapist=therapist)
    if same:
        return series._replace(plan=wanted), ()
    shape = series.shape._replace(infuse=minutes) if series.starts else series.shape
    again = series._replace(plan=wanted, shape=shape, revision=series.revision + 1, update_time=now)
    return again, (SeriesHeld(again),) if series.status == Status.HELD else ()
