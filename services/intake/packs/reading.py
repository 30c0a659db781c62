"""From a pack file to a pack: a number without a source, or a field too many, is no pack."""

from collections.abc import Mapping
from typing import Any

from services.intake import domain

Node = Mapping[str, Any]
PLACES, MEASURES = (
    {"history", "allergies"},
    {
        "age_years",
        "bmi",
        "phq9_score",
        "phq9_item9",
        "systolic",
        "diastolic",
        "escort_available",
    },
)


class PackBroken(ValueError):
    """A pack file that must not be used; the message says where it is wrong."""


def read(file: Node) -> domain.Pack:
    """The pack in a file's text, or every reason to stop at once."""
    try:
        pack = _pack(file)
    except (KeyError, TypeError, AttributeError) as error:
        raise PackBroken(f"not the form of a pack: {error}") from error
    _check(pack)
    return pack


def _pack(file: Node) -> domain.Pack:
    titration = dict(file["titration"])
    keep, lower = (domain.Limits(**_numbers(titration.pop(name))) for name in ("keep", "lower"))
    lowering, mild = (_words(titration.pop(f"{name}_events")) for name in ("lowering", "mild"))
    known = file["schedules"]["known"]
    return domain.Pack(
        file["name"],
        file["version"],
        file["schedules"]["default"],
        {name: _schedule(name, node) for name, node in known.items()},
        **_numbers(file["times"]),
        dosing=_dosing(file["dosing"]),
        titration=domain.Titration(
            **_numbers(titration),
            keep=keep,
            lower=lower,
            lowering_events=lowering,
            mild_events=mild,
        ),
        rules=_rules(file["screening"]),
    )


def _dosing(node: Node) -> domain.Dosing:
    rest = dict(node)
    base = _numbers(rest.pop("ideal_weight_base_grams"))
    per_inch, inches = (
        _number(name, rest.pop(name))
        for name in ("ideal_weight_grams_per_inch", "ideal_weight_base_inches")
    )
    return domain.Dosing(**_numbers(rest), ideal_weight=domain.IdealWeight(base, per_inch, inches))


def _schedule(name: str, node: Node) -> domain.Schedule:
    _need_source(name, node)
    weeks = tuple(_positive(name, count) for count in node["sessions_per_week"])
    return domain.Schedule(name, weeks, _positive(name, node["min_gap_hours"]))


def _rules(node: Node) -> domain.Rules:
    unread, *listed = (_rule(rule) for rule in (node["unread"], *node["rules"]))
    systems = frozenset(node["icd10_systems"]), frozenset(node["code_systems"])
    return domain.Rules(*systems, unread, tuple(listed))


def _rule(node: Node) -> domain.Rule:
    rest = dict(node)
    _need_source(rest["id"], rest)
    del rest["source"]
    places = set(rest.pop("places", ["history"]))
    if not places <= PLACES or rest.get("measure", "age_years") not in MEASURES:
        raise PackBroken(f"{rest['id']}: no such place or measure")
    listed = {name: rest.pop(name, ()) for name in ("icd10", "icd10_except", "codes")}
    return domain.Rule(
        rule_id=rest.pop("id"),
        severity=domain.Severity[rest.pop("severity").upper()],
        icd10=tuple(code.replace(".", "") for code in listed["icd10"]),
        icd10_except=tuple(code.replace(".", "") for code in listed["icd10_except"]),
        codes=tuple(listed["codes"]),
        in_history="history" in places,
        in_allergies="allergies" in places,
        **rest,
    )


def _numbers(node: Node) -> dict[str, Any]:
    return {name: _number(name, told) for name, told in node.items()}


def _number(name: str, node: Node) -> int:
    _need_source(name, node)
    return _positive(name, node["value"])


def _words(node: Node) -> frozenset[str]:
    _need_source("events", node)
    return frozenset(node["value"])


def _need_source(name: str, node: Node) -> None:
    if not (isinstance(node.get("source"), str) and node["source"].strip()):
        raise PackBroken(f"{name}: says no source")


def _positive(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise PackBroken(f"{name}: must be a whole number above zero")
    return value


def _check(pack: domain.Pack) -> None:
    """What the numbers must keep to among themselves."""
    dosing, titration = pack.dosing, pack.titration
    per_kg = (dosing.floor_per_kg, dosing.older_starting_per_kg, dosing.starting_per_kg)
    caps = (dosing.soft_cap_per_kg, dosing.hard_cap_per_kg)
    ids = [rule.rule_id for rule in (pack.rules.unread, *pack.rules.listed)]
    silent = [rule for rule in pack.rules.listed if not (rule.icd10 or rule.codes or rule.measure)]
    unbound = [
        rule
        for rule in pack.rules.listed
        if (rule.measure is None) != (rule.at_least is None and rule.below is None)
    ]
    keeps = {
        "per-kg numbers must rise from floor to hard cap": [*per_kg, *caps]
        == sorted([*per_kg, *caps]),
        "the default schedule must be known": pack.default_schedule in pack.schedules,
        "Devine's formula needs three bases": set(dosing.ideal_weight.base_grams)
        == {"female", "male", "unknown"},
        "an event cannot both be mild and lower the dose": not (
            titration.mild_events & titration.lowering_events
        ),
        "a response is more than a weak one": titration.weak_response_below_percent
        < titration.response_percent,
        "a rule's id must be its own": len(ids) == len(set(ids)),
        "a rule needs a code or a measure with a bound": not (silent or unbound),
    }
    if broken := [name for name, kept in keeps.items() if not kept]:
        raise PackBroken("; ".join(broken))
