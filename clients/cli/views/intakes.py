"""Intakes, findings, plans, scores, dose orders and packs: each as one table, without a note."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, plain
from halcyon.intake.v1.intake_pb2 import (
    EligibilityOutcome,
    Flag,
    FlagSeverity,
    Intake,
    IntakeStatus,
    Plan,
    RiskStep,
)
from halcyon.intake.v1.pack_pb2 import Pack
from halcyon.intake.v1.plan_pb2 import KAP_WITH, DoseChange, PlanState
from halcyon.intake.v1.scale_pb2 import Score, ScoreOrigin, ScoreOutcome

_LOUD = {"absolute": "bold red", "relative": "yellow", "information": "dim"}


def queue(intakes: Iterable[Intake]) -> Table:
    """Intakes as they wait."""
    made = table("Intakes, oldest first", "referral", "indication", "age", "status", "opened")
    for one in intakes:
        state = plain(IntakeStatus.Name(one.status), "INTAKE_STATUS_")
        opened = moment(one.open_time)
        made.add_row(one.referral_id, one.indication_code, str(one.age_years), state, opened)
    return made


def intake(one: Intake) -> Table:
    """Where an intake stands."""
    made = table(f"Intake of {one.referral_id}", "what", "value")
    made.add_row("status", plain(IntakeStatus.Name(one.status), "INTAKE_STATUS_"))
    made.add_row("indication", f"{one.indication_code}, {one.age_years} years")
    decided = plain(EligibilityOutcome.Name(one.eligibility.outcome), "ELIGIBILITY_OUTCOME_")
    if one.HasField("eligibility"):
        made.add_row("decision", ", ".join([decided, *one.eligibility.conditions]))
    risk = one.suicide_risk
    if risk.step:
        step = plain(RiskStep.Name(risk.step), "RISK_STEP_")
        made.add_row("suicide risk", f"{step} {escape(risk.level)}".strip())
    return made


def findings(flags: Iterable[Flag]) -> Table:
    """What the screening found, and by what."""
    made = table("Findings", "severity", "rule", "raised by")
    made.columns[2].no_wrap, made.columns[2].overflow = False, "fold"
    for one in flags:
        word = plain(FlagSeverity.Name(one.severity), "FLAG_SEVERITY_")
        raised = escape(", ".join(code.rpartition("|")[2] for code in one.evidence))
        made.add_row(f"[{_LOUD[word]}]{word}[/]", one.rule_id, raised)
    return made


def plan(one: Plan) -> Table:
    """A plan in full."""
    state = plain(PlanState.Name(one.state), "PLAN_STATE_")
    why = f": {one.state_reason.replace('_', ' ')}" if one.state_reason else ""
    made = table(f"Plan, version {one.version}, {state}{why}", "what", "value")
    weeks = "+".join(map(str, one.sessions_per_week))
    then = f"then every {one.maintenance_every_days} days"
    made.add_row("schedule", f"{one.schedule}: {weeks}, {then}")
    dose = f"{one.dose.dose} {one.dose.unit} over {one.infusion_minutes} min"
    made.add_row("dose", f"{dose}, by {one.dose.weight_basis} weight")
    if one.kap == KAP_WITH:
        made.add_row("psychotherapy", "with a therapist")
    caps = one.caps
    made.add_row("limits", f"{caps.floor} to {caps.soft_cap} mg, signed to {caps.hard_cap} mg")
    made.add_row("antiemetic", one.antiemetic.order)
    watched = one.monitoring
    made.add_row("pressure", f"every {watched.pressure_every_minutes} min")
    made.add_row("review after", ", ".join(map(str, one.review_after_sessions)))
    made.add_row("pack", one.pack)
    made.add_row("signed by", escape(one.signed_by))
    if one.HasField("proposal"):
        made.add_row("[yellow]waits for a signature[/]", f"{one.proposal.dose} mg")
    return made


def doses(orders: Iterable[DoseChange]) -> Table:
    """Every dose order and why."""
    right = ("before", "dose", "change")
    made = table("Dose orders", "no", "before", "dose", "why", "change", "by", right=right)
    for one in orders:
        why = ", ".join(one.reasons).replace("_", " ")
        percent = f"{one.percent_change} %" if one.percent_change else ""
        made.add_row(
            str(one.number), one.previous_dose, f"{one.dose} mg", why, percent, one.ordered_by
        )
    return made


def scores(told: Iterable[Score]) -> Table:
    """A patient's questionnaires over time."""
    right = ("total", "change")
    made = table(
        "Scores", "when", "scale", "total", "band", "change", "outcome", "from", right=right
    )
    for one in told:
        outcome = plain(ScoreOutcome.Name(one.outcome), "SCORE_OUTCOME_")
        made.add_row(
            moment(one.measure_time),
            one.scale,
            str(one.total) if one.HasField("total") else "",
            one.band.replace("_", " "),
            f"{one.percent_change} %" if one.HasField("percent_change") else "",
            "" if outcome == "unspecified" else outcome,
            plain(ScoreOrigin.Name(one.origin), "SCORE_ORIGIN_"),
        )
    return made


def packs(found: Iterable[Pack]) -> Table:
    """The packs that may be chosen."""
    made = table("Protocol packs", "pack", "in force from", "for", "schedules")
    for one in found:
        whom = one.clinic_id or "every clinic"
        made.add_row(one.label, one.effective_date, whom, str(len(one.schedules)))
    return made
