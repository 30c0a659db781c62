"""After the drug: recovery, the discharge gate, and the way to another place of care."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import NotAllowed
from services.infusion.domain.checking import Answer, must_be_overridable, overridden
from services.infusion.domain.checklist import Override
from services.infusion.domain.discharging import Assessment, Stay, findings
from services.infusion.domain.events import (
    DischargeOverridden,
    Event,
    SessionDischarged,
    SessionTransferred,
)
from services.infusion.domain.moments import moment
from services.infusion.domain.status import AFTER, Move, Status, must_be
from services.infusion.domain.visit import Visit
from services.infusion.domain.vitals import check

Decision: TypeAlias = tuple[Visit, tuple[Event, ...]]


def recover(visit: Visit, told: datetime | None, now: datetime) -> Visit:
    """The patient rests; pressure is measured on."""
    if visit.session.status is Status.RECOVERY:
        return visit
    session = visit.session.after(Move.RECOVER)
    at = moment("recover_time", told, visit, visit.pack.windows, now)
    after = visit.at(at, session)
    assert after.attendance
    return replace(after, attendance=replace(after.attendance, recover_time=at))


def discharge(
    visit: Visit, told: tuple[Assessment, datetime | None], stay: Stay, now: datetime
) -> Decision:
    """The patient goes home once every line of the gate holds or a prescriber answers for it."""
    assessment, told_time = told
    if visit.session.status is Status.DISCHARGED:
        return visit, ()
    session = visit.session.after(Move.DISCHARGE, 1)
    at = moment("discharge_time", told_time, visit, visit.pack.windows, now)
    check([("assessment.reading", assessment.reading)], visit.pack.windows, at, now)
    if found := findings(visit, assessment, stay, at):
        raise NotAllowed("DISCHARGE_NOT_READY", "The discharge gate found something.", found)
    gone = left(visit.at(at, session), at, "")
    event = SessionDischarged(
        gone, assessment.escort_present, stay.extremes, stay.adverse_events, at
    )
    return gone, (event,)


def transfer(visit: Visit, reason: str, told: datetime | None, now: datetime) -> Decision:
    """The patient is handed to another place of care; a running pump is stopped first."""
    if visit.session.status is Status.TRANSFERRED:
        return visit, ()
    session = visit.session.after(Move.TRANSFER, 1)
    at = moment("transfer_time", told, visit, visit.pack.windows, now)
    gone = left(visit.at(at, session), at, reason)
    return gone, (SessionTransferred(gone, reason, at),)


def override_discharge(
    visit: Visit, answer: Answer, known: Sequence[Override], now: datetime
) -> tuple[Visit, tuple[Override, ...], tuple[Event, ...]]:
    """A prescriber answers for findings that the pack lets be answered for."""
    must_be(visit.session.status, AFTER, "The discharge gate stands after the infusion.")
    must_be_overridable(answer.items, visit.pack.overridable_at_discharge)
    at = moment("", None, visit, visit.pack.windows, now)
    overrides = overridden(answer, known, at)
    if not overrides:
        return visit, (), ()
    after = visit.at(at, visit.session.stating(1))
    return after, overrides, (DischargeOverridden(after, overrides, at),)


def left(visit: Visit, at: datetime, reason: str) -> Visit:
    """The visit of somebody who is gone."""
    assert visit.attendance
    return replace(visit, attendance=replace(visit.attendance, leave_time=at, leave_reason=reason))
