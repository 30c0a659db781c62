"""The start gate: no pump starts before every line of it holds, and all that fails is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from services.infusion.domain import pump
from services.infusion.domain.checklist import (
    Checklist,
    DoubleCheck,
    Form,
    Override,
    Pregnancy,
    SuicideRisk,
)
from services.infusion.domain.limits import out_of_limits
from services.infusion.domain.orders import DoseOrder
from services.infusion.domain.pack import Gate, Pack
from services.infusion.domain.risk import RiskScreening, risk_findings
from services.infusion.domain.standing import Standing, standing_findings
from services.infusion.domain.vitals import Vitals

Finding = tuple[str, str]
NEVER_ANSWERED_FOR = frozenset({"plan_paused", "plan_stopped", "suicide_risk_high"})
"""No pack may let a prescriber answer for these at the gate."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the gate looks at."""

    form: Form | None
    double_check: DoubleCheck | None
    overrides: Sequence[Override]
    readings: Sequence[Vitals]
    order: DoseOrder | None
    minutes: int
    """The ordered infusion time."""
    forms: int = 0
    """Checklists ever recorded, those of an earlier arrival among them."""
    standing: Standing = Standing.ACTIVE
    """Where the plan stands."""
    zone: tzinfo = UTC
    """By which the clinic's days begin and end."""
    screening: RiskScreening | None = None
    """The last suicide-risk screener that intake told of."""


def findings(evidence: Evidence, pack: Pack, now: datetime) -> Mapping[str, str]:
    """What a prescriber has not answered for; limits are told, readings are not."""
    answered = {one.item for one in evidence.overrides} & pack.overridable_at_start
    found = dict(_found(evidence, pack, now))
    return {item: why for item, why in found.items() if item not in answered}


def _found(evidence: Evidence, pack: Pack, now: datetime) -> Iterator[Finding]:
    yield from standing_findings(evidence.standing)
    yield from risk_findings(evidence.screening, now)
    form, today = evidence.form, now.astimezone(evidence.zone).date()
    if form is None:
        yield "checklist", "must be recorded"
        return
    if now - form.check_time > timedelta(minutes=pack.gate.valid_minutes):
        yield "checklist", f"no older than {pack.gate.valid_minutes} minutes"
    yield from _people(form.checklist, today)
    yield from _body(form.checklist, pack, now)
    yield from _mind(form.checklist, pack.gate)
    yield from out_of_limits(evidence.readings, pack.gate)
    yield from _dose(evidence, form, pack, today)


def _people(told: Checklist, today: date) -> Iterator[Finding]:
    for item in ("identity_checked_twice", "consent_current", "escort_confirmed", "fasting_kept"):
        if not getattr(told, item):
            yield item, "must be confirmed"
    if told.consent_expire_date is None or told.consent_expire_date < today:
        yield "consent_expire_date", "must be told and not have passed"
    if not told.escort_name.strip():
        yield "escort_name", "must be told"


def _body(told: Checklist, pack: Pack, now: datetime) -> Iterator[Finding]:
    fasts = (
        ("solids", told.last_solids_time, pack.gate.solids_hours),
        ("clear_fluids", told.last_clear_fluids_time, pack.gate.clear_fluids_hours),
    )
    for item, last, hours in fasts:
        if last is None or now - last < timedelta(hours=hours):
            yield item, f"{hours} hours or more ago"
    if not told.substances_asked:
        yield "substances", "must be asked"
    for use in told.substances:
        hours = pack.washout_hours.get(use.code, 0)
        if not hours:
            yield "substances", "one has no rule: name it by a code of the pack"
        elif now - use.last_use_time < timedelta(hours=hours):
            yield use.code, f"{hours} hours or more ago"
    for code in sorted(pack.hold_on_screen & set(told.positive_screens)):
        yield f"screen_{code}", "must be negative"
    if told.pregnancy not in (Pregnancy.NOT_RELEVANT, Pregnancy.TEST_NEGATIVE):
        yield "pregnancy", "must be excluded where it is possible"


def _mind(told: Checklist, gate: Gate) -> Iterator[Finding]:
    if told.phq9_score is None or told.phq9_item9 is None:
        yield "phq9_score", "must be taken today, with item 9"
    asks = told.phq9_item9 is not None and told.phq9_item9 >= gate.screen_item9_from
    if asks and told.suicide_risk is SuicideRisk.NOT_SCREENED:
        yield "suicide_risk", "item 9 asks for the C-SSRS screener"
    if told.suicide_risk is SuicideRisk.HIGH:
        yield "suicide_risk", "no infusion at high risk: a clinician today"


def _dose(evidence: Evidence, form: Form, pack: Pack, today: date) -> Iterator[Finding]:
    drug, setting = form.checklist.dose_part
    if drug is None or not (drug.ndc and drug.lot):
        yield "drug", "NDC, lot and expiry must be told"
    elif drug.expire_date < today:
        yield "drug_expire_date", "must not have passed"
    if evidence.order is None:
        yield "dose_order", "no dose order is known for the plan"
    if setting is None:
        yield "pump", "must be programmed"
    elif evidence.order:
        ordered = evidence.order.dose_micrograms
        yield from pump.faults(setting, ordered, evidence.minutes, pack.library)
    if not _is_double_checked(evidence.double_check, form):
        yield "double_check", "a second person must confirm drug and programme"


def _is_double_checked(check: DoubleCheck | None, form: Form) -> bool:
    """Of exactly what is on the form, by somebody who did not write it."""
    return (
        check is not None
        and check.confirmed == form.checklist.dose_part
        and check.confirmed_by != form.recorded_by
    )
