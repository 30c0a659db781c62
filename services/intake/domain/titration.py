"""The next dose after a response: up, hold or down, one step at most, inside the caps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.intake.domain import dosing
from services.intake.domain.pack import Limits, Pack, Titration
from services.intake.domain.plan import Proposed
from services.intake.domain.scoring import Outcome, outcome, percent_change


class Direction(Enum):
    """Which way a dose moves."""

    UP = "up"
    HOLD = "hold"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Response:
    """One ended infusion; 0 is a pressure never measured."""

    referral_id: UUID
    plan_id: UUID
    session_id: UUID
    number: int
    begin_time: datetime
    """Close to when the pump began; pauses are not known."""
    stopped_early: bool
    peak_systolic: int
    peak_diastolic: int
    lowest_oxygen_saturation: int
    lowest_moaas: int
    given_micrograms: int
    adverse_events: tuple[str, ...]
    phq9_score: int | None
    """Taken before this infusion: it tells of the ones before."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a response is judged by: the dose in force, the score before treatment and the last."""

    dose_micrograms: int
    dosing_weight_grams: int
    baseline_score: int | None
    current_score: int | None
    """Of the pack's response scale, since the infusion before and before this one."""
    starting_micrograms: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The dose from now on, and why."""

    direction: Direction
    dose_micrograms: int
    reasons: tuple[str, ...]
    beyond_micrograms: int | None = None
    """The dose that somebody may sign where titration must not go by itself."""

    def unsigned(self, session_id: UUID) -> Proposed | None:
        """What waits for a signature after this session."""
        if self.beyond_micrograms is None:
            return None
        return Proposed(self.beyond_micrograms, self.reasons, session_id)


def propose(pack: Pack, course: Course, response: Response) -> Proposal:
    """Safety speaks first, then efficacy; without evidence the dose holds."""
    rules, dose, grams = pack.titration, course.dose_micrograms, course.dosing_weight_grams
    step = dosing.step(pack.dosing, rules.step_per_kg, grams)
    if reasons := tuple(_against(rules, rules.lower, response, lowering=True)):
        lower = max(dose - step, dosing.lowest(pack.dosing, grams))
        if lower < dose:
            return Proposal(Direction.DOWN, lower, reasons)
        return Proposal(Direction.HOLD, dose, (*reasons, "lower_limit"))
    if reasons := tuple(_to_hold(pack, course, response)):
        return Proposal(Direction.HOLD, dose, reasons)
    return _raised(pack, course, step)


def _raised(pack: Pack, course: Course, step: int) -> Proposal:
    """By itself a few steps above the start and up to the soft cap; beyond, somebody signs."""
    dose, grams = course.dose_micrograms, course.dosing_weight_grams
    reach = course.starting_micrograms + pack.titration.automatic_raises * step
    higher = min(dose + step, dosing.highest_unsigned(pack.dosing, grams), max(reach, dose))
    if higher > dose:
        return Proposal(Direction.UP, higher, ("weak_response",))
    beyond = min(dose + step, dosing.highest(pack.dosing, grams))
    if beyond > dose:
        return Proposal(Direction.HOLD, dose, ("weak_response", "needs_signature"), beyond)
    return Proposal(Direction.HOLD, dose, ("weak_response", "upper_limit"))


def _against(
    rules: Titration, limits: Limits, response: Response, *, lowering: bool
) -> Iterator[str]:
    events = frozenset(response.adverse_events)
    if (events & rules.lowering_events) if lowering else (events - rules.mild_events):
        yield "adverse_event"
    if response.peak_systolic >= limits.systolic or response.peak_diastolic >= limits.diastolic:
        yield "blood_pressure"
    if response.lowest_moaas <= limits.moaas:
        yield "sedation"
    if 0 < response.lowest_oxygen_saturation < limits.oxygen_saturation:
        yield "oxygen_saturation"


def _to_hold(pack: Pack, course: Course, response: Response) -> Iterator[str]:
    rules = pack.titration
    yield from _against(rules, rules.keep, response, lowering=False)
    if response.stopped_early:
        yield "stopped_early"
    if not (response.peak_systolic and response.peak_diastolic):
        yield "blood_pressure_not_measured"
    yield from _unless_weak(pack, course, response.number)


def _unless_weak(pack: Pack, course: Course, number: int) -> Iterator[str]:
    """A raise needs a score, taken after an infusion, that has hardly moved."""
    rules, scale, score = pack.titration, pack.measured_by, course.current_score
    baseline = course.baseline_score
    if number < rules.first_raise_after_session:
        yield "response_not_yet_known"
    if score is None:
        yield "no_score"
        return
    match outcome(scale, baseline, score):
        case Outcome.REMISSION | Outcome.RESPONSE as reached:
            yield reached.value
        case Outcome.UNKNOWN:
            yield "no_baseline"
        case Outcome.NO_RESPONSE:
            change = percent_change(baseline or 0, score) or 0
            if change >= rules.weak_response_below_percent:
                yield "partial_response"
