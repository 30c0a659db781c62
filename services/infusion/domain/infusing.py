"""What may happen at a session: start, readings, end; each decision twice states nothing new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import Invalid, NotAllowed, Violation
from services.infusion.domain.course import Session, Status
from services.infusion.domain.events import Event, InfusionCompleted, InfusionStarted
from services.infusion.domain.gate import pass_gate
from services.infusion.domain.pack import Pack
from services.infusion.domain.visit import DoseOrder, End, Ending, Infusion, Start, Visit
from services.infusion.domain.vitals import Extremes, Vitals, check

Decision: TypeAlias = tuple[Visit, tuple[Event, ...]]


def start(
    visit: Visit,
    asked: Start,
    earlier: Sequence[Session],
    order: DoseOrder | None,
    when: tuple[Pack, datetime],
) -> Decision:
    """The pump starts once the checklist and the vital signs allow it."""
    pack, now = when
    if _is_started_so(visit, asked):
        return visit, ()
    if visit.session.status is not Status.PLANNED:
        raise _wrong_state("Only a planned session can start.")
    if any(not session.status.is_over for session in earlier):
        raise NotAllowed("OUT_OF_SEQUENCE", "An earlier session of the series is not done yet.")
    if order is None:
        raise NotAllowed("NO_DOSE_ORDER", "No dose order is known for the plan.")
    check([("baseline", asked.baseline)], pack.windows, now, now)
    pass_gate(pack.gate, asked.checklist, asked.baseline)
    infusion = Infusion(
        order.dose_order_id, order.dose_micrograms, now, asked.baseline, asked.phq9_score
    )
    started = Visit(visit.course, _moved(visit.session, Status.INFUSING), infusion)
    return started, (InfusionStarted(started, infusion),)


def admit(
    session: Session,
    infusion: Infusion | None,
    readings: Sequence[tuple[str, Vitals]],
    when: tuple[Pack, datetime],
) -> None:
    """Readings belong to a running infusion and to its time."""
    pack, now = when
    if infusion is None or session.status is not Status.INFUSING:
        raise _wrong_state("Readings are taken while the infusion runs.")
    check(readings, pack.windows, infusion.start_time, now)


def complete(visit: Visit, asked: End, extremes: Extremes, now: datetime) -> Decision:
    """The infusion ends once, with no more given than was ordered."""
    infusion = visit.infusion
    if infusion is None:
        raise _wrong_state("Only a running infusion can end.")
    given = _given(infusion, asked)
    events = tuple(dict.fromkeys(asked.adverse_events))
    ending = Ending(given, asked.running_minutes, events, now)
    status = Status.STOPPED_EARLY if asked.stopped_early else Status.COMPLETED
    if infusion.ending:
        if visit.session.status is status and infusion.ending == replace(
            ending, end_time=infusion.ending.end_time
        ):
            return visit, ()
        raise _wrong_state("The infusion has ended otherwise.")
    _must_fit(infusion, asked, given)
    ended = replace(infusion, ending=ending)
    completed = Visit(visit.course, _moved(visit.session, status), ended)
    return completed, (InfusionCompleted(completed, ended, ending, extremes),)


def _given(infusion: Infusion, asked: End) -> int:
    if asked.given_micrograms or asked.stopped_early:
        return asked.given_micrograms
    return infusion.ordered_micrograms


def _must_fit(infusion: Infusion, asked: End, given: int) -> None:
    ordered = infusion.ordered_micrograms
    if given > ordered:
        raise NotAllowed("DOSE_ABOVE_ORDER", "The amount given exceeds the order.")
    if asked.stopped_early == (given == ordered):
        told = "less than the order" if asked.stopped_early else "the order, or left out"
        fault = Violation("given_micrograms", f"must be {told} with this outcome")
        raise Invalid("INVALID_COMPLETION", "The amount does not fit the outcome.", (fault,))


def _is_started_so(visit: Visit, asked: Start) -> bool:
    """The same request again, while the infusion that it started runs."""
    infusion = visit.infusion
    return (
        infusion is not None
        and visit.session.status is Status.INFUSING
        and (infusion.baseline, infusion.phq9_score) == (asked.baseline, asked.phq9_score)
    )


def _moved(session: Session, status: Status) -> Session:
    return replace(session, status=status, revision=session.revision + 1)


def _wrong_state(message: str) -> NotAllowed:
    return NotAllowed("WRONG_STATE", message)
