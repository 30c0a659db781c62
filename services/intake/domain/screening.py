"""The contraindication screening: which rules of the pack the patient's data raise."""

from collections.abc import Iterable, Mapping

from services.intake.domain.assessment import Assessment, Need
from services.intake.domain.rules import Rule, Rules, Severity


def screen(rules: Rules, need: Need, found: Assessment | None = None) -> tuple[Rule, ...]:
    """The rules raised, in the pack's order; what the referrer told is never forgotten."""
    raised = set(rules.history.raised_by_icd10(need.indication_code))
    for code in _history(need, found):
        raised.update(rules.raised_by(code, rules.history))
    for code in need.allergies:
        raised.update(rules.raised_by(code, rules.allergies))
    measured = _measured(need, found)
    for rule in rules.measuring:
        value = measured.get(rule.measure or "")
        if value is not None and rule.is_broken_by(value):
            raised.add(rule.rule_id)
    return rules.in_order(raised) if raised else ()


def worst(flags: Iterable[Rule]) -> Severity:
    """The strongest severity among flags; information when there is none."""
    return max((flag.severity for flag in flags), default=Severity.INFORMATION)


def at(severity: Severity, flags: Iterable[Rule]) -> tuple[str, ...]:
    """Ids of the rules that speak this strongly."""
    return tuple(flag.rule_id for flag in flags if flag.severity is severity)


def _history(need: Need, found: Assessment | None) -> Iterable[str]:
    told = (*need.psychiatric_history, *need.physical_history, *need.medications)
    return (*told, *found.psychiatric_codes, *found.physical_codes) if found else told


def _measured(need: Need, found: Assessment | None) -> Mapping[str, int]:
    """Whole numbers; the body mass index rounded down, which a whole bound cannot tell."""
    now = found or need
    known = {
        "age_years": need.age_years,
        "bmi": now.weight_grams * 1000 // now.height_millimetres**2,
    }
    if now.phq9_score is not None:
        known["phq9_score"] = now.phq9_score
    if found:
        known["phq9_item9"] = found.phq9_item9
        known["systolic"], known["diastolic"] = found.systolic, found.diastolic
        known["escort_available"] = int(found.escort_available)
    return known
