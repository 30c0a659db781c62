"""The end of an infusion: volume and amount agree exactly, and both fit the time the pump ran."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import TypeAlias

from chassis.refusal import Invalid, NotAllowed, Violation
from services.infusion.domain import pump
from services.infusion.domain.events import Event, InfusionCompleted
from services.infusion.domain.moments import moment
from services.infusion.domain.status import Move, wrong_state
from services.infusion.domain.visit import Ending, Infusion, Visit
from services.infusion.domain.vitals import Extremes

Decision: TypeAlias = tuple[Visit, tuple[Event, ...]]


@dataclass(frozen=True, slots=True)
class End:
    """What is told when an infusion ended."""

    stopped_early: bool
    stop_reason: str = ""
    delivered_ml: Decimal | None = None
    """What the pump says it gave; the whole volume when completed."""
    given_micrograms: int = 0
    """0 when the caller leaves it to the volume."""
    adverse_events: tuple[str, ...] = ()
    end_time: datetime | None = None


def complete(
    visit: Visit, asked: End, extremes: Extremes, noted: Sequence[str], now: datetime
) -> Decision:
    """The infusion ends once, with no more given than ordered; `noted` are its adverse events."""
    infusion = visit.infusion
    if infusion is None or visit.attendance is None:
        raise wrong_state("Only a running infusion can end.")
    delivered = _delivered(infusion, asked)
    if infusion.ending:
        if _is_ended_so(infusion.ending, asked, delivered):
            return visit, ()
        raise wrong_state("The infusion has ended otherwise.")
    session = visit.session.after(Move.STOP if asked.stopped_early else Move.COMPLETE, 1)
    at = moment("end_time", asked.end_time, visit, visit.pack.windows, now)
    halted = infusion.halted(at)
    _must_fit(halted, asked, delivered, visit)
    events = tuple(dict.fromkeys((*noted, *asked.adverse_events)))
    ending = _ending(halted, asked, delivered, events, at)
    ended = replace(halted, ending=ending)
    completed = visit.at(at, session, infusion=ended)
    return completed, (InfusionCompleted(completed, ended, ending, extremes),)


def _delivered(infusion: Infusion, asked: End) -> Decimal:
    if asked.delivered_ml is not None:
        return asked.delivered_ml
    if asked.stopped_early:
        raise _unfit("delivered_ml", "must be told when stopped early")
    return infusion.setting.volume_ml


def _must_fit(infusion: Infusion, asked: End, delivered: Decimal, visit: Visit) -> None:
    whole = infusion.setting.volume_ml
    if delivered > whole:
        raise NotAllowed("DOSE_ABOVE_ORDER", "The amount given exceeds the order.")
    if asked.stopped_early == (delivered == whole):
        told = "less than the whole" if asked.stopped_early else "the whole volume, or left out"
        raise _unfit("delivered_ml", f"must be {told} with this outcome")
    if asked.stopped_early and not asked.stop_reason:
        raise _unfit("stop_reason", "must be told when stopped early")
    given = _micrograms(infusion, delivered)
    if asked.given_micrograms not in (0, given):
        raise _unfit("given_micrograms", "must be the drug in the volume delivered")
    if not pump.could_give(infusion.intervals, delivered, visit.pack.library):
        raise _unfit("delivered_ml", "is more than the pump gave in the time it ran")


def _ending(
    infusion: Infusion, asked: End, delivered: Decimal, events: tuple[str, ...], at: datetime
) -> Ending:
    reason = asked.stop_reason if asked.stopped_early else ""
    given = _micrograms(infusion, delivered)
    minutes = infusion.running_seconds // 60
    return Ending(asked.stopped_early, reason, delivered, given, minutes, events, at)


def _micrograms(infusion: Infusion, delivered: Decimal) -> int:
    exact = pump.given_micrograms(infusion.setting, delivered)
    return int(exact.to_integral_value(ROUND_CEILING))


def _is_ended_so(ending: Ending, asked: End, delivered: Decimal) -> bool:
    """The same request again."""
    return (
        ending.stopped_early == asked.stopped_early
        and ending.delivered_ml == delivered
        and ending.stop_reason == (asked.stop_reason if asked.stopped_early else "")
        and asked.given_micrograms in (0, ending.given_micrograms)
        and set(asked.adverse_events) <= set(ending.adverse_events)
    )


def _unfit(field: str, told: str) -> Invalid:
    faults = (Violation(field, told),)
    return Invalid("INVALID_COMPLETION", "What is told does not fit the record.", faults)
