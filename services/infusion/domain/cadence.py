"""The cadence: pressure is measured in time, or somebody is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.infusion.domain.alerts import CADENCE, Alert, raised
from services.infusion.domain.events import Event, VitalsOverdue
from services.infusion.domain.pack import Level
from services.infusion.domain.status import AFTER, RUNNING
from services.infusion.domain.visit import Visit

Overdue = tuple[Visit, tuple[Event, ...], Alert | None, datetime | None]


def due_time(visit: Visit, last: datetime, now: datetime) -> datetime | None:
    """When the next reading is overdue; None where none is awaited.

    What is entered late has a moment for its readings to follow.
    """
    catch_up = timedelta(seconds=visit.pack.cadence.catch_up_seconds)
    awaited = _awaited(visit, last)
    return max(awaited, now + catch_up) if awaited else None


def look(visit: Visit, last: datetime, known: Sequence[Alert], now: datetime) -> Overdue:
    """At a deadline: all is well until then, or the reading is overdue; and when to look again."""
    awaited = _awaited(visit, last)
    if awaited is None:
        return visit, (), None, None
    if awaited > now:
        return visit, (), None, awaited
    stating = replace(visit, session=visit.session.stating(1))
    stated = VitalsOverdue(stating, last, awaited)
    is_open = any(alert.rule_id == CADENCE and alert.is_open for alert in known)
    rule = CADENCE, Level.WARN, "cadence"
    alert = None if is_open else raised(visit.session.session_id, rule, awaited)
    return stating, (stated,), alert, due_time(visit, now, now)


def _awaited(visit: Visit, last: datetime) -> datetime | None:
    cadence, status = visit.pack.cadence, visit.session.status
    grace = timedelta(minutes=cadence.grace_minutes)
    if status in RUNNING:
        return last + timedelta(minutes=cadence.infusing_minutes) + grace
    if status in AFTER:
        return last + timedelta(minutes=cadence.recovery_minutes) + grace
    return None
