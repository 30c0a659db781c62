"""The eligibility rules: which of the pack's a patient's data raise, and by what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from services.intake.domain.assessment import Assessment, Medication, Pregnancy
from services.intake.domain.need import Need
from services.intake.domain.pack import Pack
from services.intake.domain.rules import Place, Rule, Rules, Severity

_PREGNANCY = {
    Pregnancy.PREGNANT: "pregnancy",
    Pregnancy.BREASTFEEDING: "lactation",
    Pregnancy.NOT_TESTED: "pregnancy_not_tested",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was raised, and what raised it."""

    rule: Rule
    evidence: tuple[str, ...]

    @property
    def rule_id(self) -> str:
        """The rule's id."""
        return self.rule.rule_id

    @property
    def severity(self) -> Severity:
        """How strongly it speaks."""
        return self.rule.severity


@dataclass(frozen=True, slots=True)
class Screening:
    """One assessment as it was judged: its inputs, and each rule with what raised it."""

    number: int
    assessment: Assessment
    measures: Mapping[str, int]
    findings: tuple[tuple[str, tuple[str, ...]], ...]
    pack: str
    record_time: datetime


def screen(pack: Pack, need: Need, found: Assessment | None = None) -> tuple[Finding, ...]:
    """What is raised, in the pack's order; what the referrer told is never forgotten."""
    rules, raised = pack.rules, dict[str, list[str]]()
    for rule_id in rules.history.raised_by_icd10(need.indication_code):
        _note(raised, rule_id, need.indication_code)
    for codes, place in _told(rules, need, found):
        for code in codes:
            for rule_id in rules.raised_by(code, place):
                _note(raised, rule_id, code)
    if found and (word := _PREGNANCY.get(found.physical.pregnancy)):
        for rule_id in rules.history.raised_by_code(word):
            _note(raised, rule_id, f"pregnancy={found.physical.pregnancy.value}")
    for rule_id, evidence in _by_measure(rules, need.indication_code, measured(pack, need, found)):
        _note(raised, rule_id, evidence)
    if not raised:
        return ()
    return tuple(Finding(rule, tuple(raised[rule.rule_id])) for rule in rules.in_order(raised))


def worst(flags: Iterable[Finding]) -> Severity:
    """The strongest severity among flags; information when there is none."""
    return max((flag.severity for flag in flags), default=Severity.INFORMATION)


def at(severity: Severity, flags: Iterable[Finding]) -> tuple[str, ...]:
    """Ids of the rules that speak this strongly."""
    return tuple(flag.rule_id for flag in flags if flag.severity is severity)


def measured(pack: Pack, need: Need, found: Assessment | None) -> Mapping[str, int]:
    """Whole numbers; the body mass index rounded down, which a whole bound cannot tell."""
    body = found.physical if found else need
    score = found.present.phq9_score if found else need.phq9_score
    known: dict[str, int | None] = {
        "age_years": need.age_years,
        "bmi": body.weight_grams * 1000 // body.height_millimetres**2,
        "phq9_score": score,
    }
    if found:
        vitals = found.physical.vitals
        known |= {
            "phq9_item9": found.present.phq9_item9,
            "systolic": vitals.systolic,
            "diastolic": vitals.diastolic,
            "heart_rate": vitals.heart_rate,
            "oxygen_saturation": vitals.oxygen_saturation,
            "respiratory_rate": vitals.respiratory_rate,
            "escort_available": int(found.circumstances.escort_available),
            "failed_trials": found.psychiatric.failed_trials,
            "lorazepam_equivalent_micrograms": lorazepam(pack, found.physical.medications),
        }
    return {name: value for name, value in known.items() if value is not None}


def lorazepam(pack: Pack, drugs: Iterable[Medication]) -> int:
    """Micrograms of lorazepam a day that the benzodiazepines taken are worth, rounded up."""
    total = Fraction(0)
    for drug in drugs:
        worth = pack.equivalents.get(drug.code.rpartition("|")[2].strip().lower())
        if worth is not None and drug.micrograms:
            total += worth * drug.micrograms * drug.times_a_day
    return int(-(-total // 1))


def _told(
    rules: Rules, need: Need, found: Assessment | None
) -> Iterator[tuple[Iterable[str], Place]]:
    yield (*need.psychiatric_history, *need.physical_history, *need.medications), rules.history
    yield need.allergies, rules.allergies
    if found:
        physical = found.physical
        yield found.present.findings.codes, rules.history
        yield found.psychiatric.conditions.codes, rules.history
        yield physical.conditions.codes, rules.history
        yield [drug.code for drug in physical.medications], rules.history
        yield physical.allergies.codes, rules.allergies


def _by_measure(
    rules: Rules, indication_code: str, known: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    for name, value in known.items():
        for rule in rules.measuring.get(name, ()):
            if rule.is_broken_by(value) and rule.counts_for(indication_code):
                yield rule.rule_id, f"{name}={value}"


def _note(raised: dict[str, list[str]], rule_id: str, evidence: str) -> None:
    """Each evidence once."""
    known = raised.setdefault(rule_id, [])
    if evidence not in known:
        known.append(evidence)
