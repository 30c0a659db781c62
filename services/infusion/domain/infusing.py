"""The infusion itself: start, pause, rate, resume, end; each decision twice states nothing new."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from chassis.refusal import NotAllowed
from services.infusion.domain import pump
from services.infusion.domain.alerts import Alert, must_allow_running
from services.infusion.domain.course import Session
from services.infusion.domain.events import Event, InfusionStarted
from services.infusion.domain.gate import Evidence, findings
from services.infusion.domain.moments import moment
from services.infusion.domain.pump import Interval
from services.infusion.domain.status import RUNNING, Move, Status, must_be, wrong_state
from services.infusion.domain.visit import Infusion, Visit
from services.infusion.domain.vitals import Vitals, check

Decision: TypeAlias = tuple[Visit, tuple[Event, ...]]


@dataclass(frozen=True, slots=True)
class Start:
    """What is told when an infusion is to start."""

    baseline: Vitals
    start_time: datetime | None = None


def start(
    visit: Visit,
    asked: Start,
    earlier: Sequence[Session],
    evidence: Evidence,
    now: datetime,
) -> Decision:
    """The pump starts once every line of the gate holds, the vital signs of now among them."""
    if _is_started_so(visit, asked):
        return visit, ()
    _must_be_its_turn(visit, earlier, evidence)
    at = moment("start_time", asked.start_time, visit, visit.pack.windows, now)
    check([("baseline", asked.baseline)], visit.pack.windows, at, now)
    seen = replace(evidence, readings=(*evidence.readings, asked.baseline))
    if found := findings(seen, visit.pack, at):
        raise NotAllowed("GATE_NOT_PASSED", "The start gate found something.", found)
    infusion = _begun(seen, asked.baseline, at)
    session = visit.session.after(Move.PASS).after(Move.START, 1)
    started = visit.at(at, session, infusion=infusion)
    return started, (InfusionStarted(started, infusion),)


def pause(visit: Visit, told: datetime | None, now: datetime) -> Visit:
    """The pump stands still; the interval ends here."""
    if visit.session.status is Status.PAUSED:
        return visit
    session = visit.session.after(Move.PAUSE)
    at = moment("pause_time", told, visit, visit.pack.windows, now)
    return visit.at(at, session, infusion=_infusion(visit).halted(at))


def resume(
    visit: Visit,
    told: tuple[Decimal | None, datetime | None],
    alerts: Sequence[Alert],
    now: datetime,
) -> Visit:
    """The pump runs again, at the last rate unless another is told, and no alert forbids it."""
    rate, told_time = told
    if visit.session.status is Status.INFUSING:
        return visit
    session = visit.session.after(Move.RESUME)
    must_allow_running(alerts)
    at = moment("resume_time", told_time, visit, visit.pack.windows, now)
    infusion = _infusion(visit)
    chosen = rate or infusion.intervals[-1].rate_ml_per_h
    _must_be_allowed(chosen, visit)
    return visit.at(at, session, infusion=infusion.running(chosen, at))


def change_rate(visit: Visit, rate: Decimal, told: datetime | None, now: datetime) -> Visit:
    """A new rate is a new interval."""
    only = frozenset({Status.INFUSING})
    must_be(visit.session.status, only, "The rate is changed while the pump runs.")
    infusion = _infusion(visit)
    if infusion.intervals[-1].rate_ml_per_h == rate:
        return visit
    at = moment("change_time", told, visit, visit.pack.windows, now)
    _must_be_allowed(rate, visit)
    return visit.at(at, visit.session, infusion=infusion.running(rate, at))


def _must_be_its_turn(visit: Visit, earlier: Sequence[Session], evidence: Evidence) -> None:
    status = visit.session.status
    if visit.attendance is None or status in RUNNING or status.is_over:
        raise wrong_state("Only a session whose patient is here can start, once.")
    visit.session.after(Move.PASS)
    if any(not session.status.is_over for session in earlier):
        raise NotAllowed("OUT_OF_SEQUENCE", "An earlier session of the series is not done yet.")
    if evidence.order is None:
        raise NotAllowed("NO_DOSE_ORDER", "No dose order is known for the plan.")


def _begun(evidence: Evidence, baseline: Vitals, at: datetime) -> Infusion:
    """What the gate let through, as the infusion that it becomes."""
    order, form = evidence.order, evidence.form
    assert order
    assert form
    drug, setting = form.checklist.dose_part
    assert drug
    assert setting
    return Infusion(
        order.dose_order_id,
        order.dose_micrograms,
        at,
        baseline,
        form.checklist.phq9_score,
        drug,
        setting,
        (Interval(at, setting.rate_ml_per_h),),
    )


def _is_started_so(visit: Visit, asked: Start) -> bool:
    """The same request again, while the infusion that it started runs."""
    infusion = visit.infusion
    running = visit.session.status in RUNNING
    return infusion is not None and running and infusion.baseline == asked.baseline


def _must_be_allowed(rate: Decimal, visit: Visit) -> None:
    concentration = _infusion(visit).setting.concentration_mg_per_ml
    if not pump.is_allowed(rate, concentration, visit.pack.library):
        raise NotAllowed("RATE_NOT_ALLOWED", "The drug library does not allow this rate.")


def _infusion(visit: Visit) -> Infusion:
    assert visit.infusion
    return visit.infusion
