"""Who comes, who does not, and what is called off."""

from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import NotAllowed
from services.infusion.domain.events import Event, SessionCancelled, SessionMissed
from services.infusion.domain.moments import moment
from services.infusion.domain.pack import Pack
from services.infusion.domain.status import PRESENT, Move, Status
from services.infusion.domain.visit import Attendance, Visit

Decision: TypeAlias = tuple[Visit, tuple[Event, ...]]


def arrive(visit: Visit, told: datetime | None, pack: Pack, now: datetime) -> Decision:
    """The patient is here, and the protocol in force is taken up."""
    if visit.session.status in PRESENT:
        return visit, ()
    session = visit.session.after(Move.ARRIVE)
    fresh = replace(visit, attendance=None)
    at = moment("arrive_time", told, fresh, pack.windows, now)
    return replace(visit, session=session, attendance=Attendance(at, at, pack)), ()


def miss(visit: Visit, now: datetime) -> Decision:
    """The patient did not come; before the planned time nobody can tell."""
    if visit.session.status is Status.NO_SHOW:
        return visit, ()
    session = visit.session.after(Move.MISS, 1)
    if now < session.planned_start_time:
        raise NotAllowed("NOT_MISSED", "The session's time has not come.")
    missed = replace(visit, session=session)
    return missed, (SessionMissed(missed, now),)


def cancel(visit: Visit, reason: str, now: datetime) -> Decision:
    """The clinic calls the session off before the drug."""
    if visit.session.status is Status.CANCELLED:
        return visit, ()
    cancelled = replace(visit, session=visit.session.after(Move.CANCEL, 1))
    return cancelled, (SessionCancelled(cancelled, reason, now),)
