"""The screening part of a pack: rules that can speak, drugs that belong to known classes."""

from collections.abc import Mapping
from fractions import Fraction

from services.intake import domain
from services.intake.packs.place import PackBroken, Place

PLACES = {"history", "allergies"}
_LISTS = ("icd10", "icd10_except", "codes", "only_for", "places")
_OPTIONAL = (*_LISTS, "measure", "at_least", "below", "action", "second_reviewer")


def rules(place: Place) -> domain.Rules:
    """Every rule with the code systems that it reads."""
    told = place.fields("icd10_systems", "code_systems", "unread", "rules", "drugs")
    placed = [(one, _rule(one)) for one in told["rules"].items()]
    unread = _rule(told["unread"], speaks=False)
    faults, ids = [], {unread.rule_id}
    for one, rule in placed:
        if rule.rule_id in ids:
            faults.append(one.fault(f"the id {rule.rule_id} is taken"))
        ids.add(rule.rule_id)
    if faults:
        raise PackBroken(*faults)
    return domain.Rules(
        frozenset(told["icd10_systems"].words()),
        frozenset(told["code_systems"].words()),
        unread,
        tuple(rule for _, rule in placed),
        _classes(told["drugs"]),
    )


def equivalents(place: Place) -> Mapping[str, Fraction]:
    """Milligrams of lorazepam that one milligram of a drug is worth."""
    found = {}
    for name, one in place.entries()["drugs"].entries().items():
        told = one.sourced("classes", optional=("equals_lorazepam_1_mg",))
        if worth := told.get("equals_lorazepam_1_mg"):
            found[name] = 1 / Fraction(worth.number("mg", 1000), 1000)
    return found


def _classes(place: Place) -> Mapping[str, tuple[str, ...]]:
    return {
        name: one.sourced("classes", optional=("equals_lorazepam_1_mg",))["classes"].words()
        for name, one in place.entries().items()
    }


def _rule(place: Place, *, speaks: bool = True) -> domain.Rule:
    told = place.sourced("id", "severity", "finding", optional=_OPTIONAL)
    lists = {name: told[name].words() for name in _LISTS if name in told}
    rule = domain.Rule(
        rule_id=told["id"].word(),
        severity=severity(told["severity"]),
        finding=told["finding"].word(),
        source=told["source"].word(),
        icd10=tuple(code.replace(".", "") for code in lists.get("icd10", ())),
        icd10_except=tuple(code.replace(".", "") for code in lists.get("icd10_except", ())),
        codes=lists.get("codes", ()),
        only_for=tuple(code.replace(".", "") for code in lists.get("only_for", ())),
        in_history="history" in lists.get("places", ("history",)),
        in_allergies="allergies" in lists.get("places", ()),
        measure=told["measure"].word() if "measure" in told else None,
        at_least=told["at_least"].whole(0) if "at_least" in told else None,
        below=told["below"].whole() if "below" in told else None,
        action=told["action"].word() if "action" in told else "",
        second_reviewer=_yes(told["second_reviewer"]) if "second_reviewer" in told else False,
    )
    _check(place, rule, set(lists.get("places", ())), speaks=speaks)
    return rule


def _check(place: Place, rule: domain.Rule, places: set[str], *, speaks: bool) -> None:
    bounded = rule.at_least is not None or rule.below is not None
    if not places <= PLACES:
        raise place.broken("names a place that is not history or allergies")
    if speaks and not (rule.icd10 or rule.codes or rule.measure):
        raise place.broken("needs a code or a measure")
    if (rule.measure is None) == bounded:
        raise place.broken("a measure needs a bound, and a bound a measure")
    if rule.measure is not None and rule.measure not in domain.MEASURES:
        raise place.broken(f"no measure is called {rule.measure}")
    if rule.at_least is not None and rule.below is not None and rule.at_least >= rule.below:
        raise place.broken("its bounds leave nothing between them")


def severity(place: Place) -> domain.Severity:
    """One of the three severities."""
    try:
        return domain.Severity[place.word().upper()]
    except KeyError:
        raise place.broken("must be absolute, relative or information") from None


def _yes(place: Place) -> bool:
    if place.word() not in ("yes", "no"):
        raise place.broken("must be yes or no")
    return place.word() == "yes"
