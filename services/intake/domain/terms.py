"""What a plan says in full: the pack's terms, and what is particular to the patient."""

from dataclasses import dataclass

from services.intake.domain.dosing import highest, highest_unsigned, lowest
from services.intake.domain.intake import Intake
from services.intake.domain.pack import Drug, Monitoring
from services.intake.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Particulars:
    """Everything that follows from a plan, its pack and its patient."""

    infusion_minutes: int
    antiemetic_order: str
    antiemetic: Drug
    monitoring: Monitoring
    monitoring_reasons: tuple[str, ...]
    review_after: tuple[int, ...]
    sessions: int
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caps:
    """What no order of a plan passes; above the soft cap somebody signs."""

    floor: int
    soft: int
    hard: int


def caps(intake: Intake, plan: Plan) -> Caps:
    """The limits at the weight that the plan is dosed by."""
    rules, grams = intake.pack.dosing, plan.dose.dosing_weight_grams
    return Caps(lowest(rules, grams), highest_unsigned(rules, grams), highest(rules, grams))


def particulars(intake: Intake, plan: Plan) -> Particulars:
    """The plan in full."""
    own, terms = plan.individual, intake.pack.terms
    order = own.antiemetic or terms.antiemetic
    reasons = _close(intake)
    sessions = sum(plan.schedule.sessions_per_week)
    return Particulars(
        own.infusion_minutes or terms.infusion_minutes,
        order,
        terms.antiemetics[order],
        terms.close_monitoring if reasons else terms.monitoring,
        reasons,
        review_points(intake, plan),
        sessions,
        intake.eligibility.conditions if intake.eligibility else (),
    )


def review_points(intake: Intake, plan: Plan) -> tuple[int, ...]:
    """The pack's, as far as the series goes, and its last session."""
    sessions = sum(plan.schedule.sessions_per_week)
    early = [number for number in intake.pack.review.after_sessions if number < sessions]
    return (*early, sessions)


def _close(intake: Intake) -> tuple[str, ...]:
    """Why this patient is watched more closely than usual."""
    older = intake.need.age_years >= intake.pack.dosing.older_age
    close = intake.pack.terms.close_monitoring_for
    flags = [flag.rule_id for flag in intake.flags if flag.rule_id in close]
    return ("older_age", *flags) if older else tuple(flags)
