"""What the numbers of a pack must keep to among themselves."""

from collections.abc import Iterator

from services.infusion import domain
from services.infusion.packs.lines import Lines, Path

_ORDER = tuple(domain.Level)


def check(file: Lines, pack: domain.Pack) -> None:
    """Refuse at the first contradiction, on its line."""
    for path, message in (*_bounds(pack), *_rules(pack)):
        raise file.broken(path, message)


def _bounds(pack: domain.Pack) -> Iterator[tuple[Path, str]]:
    gate, stay = pack.gate, pack.discharge
    rising = (
        ("systolic_hold_from", gate.systolic_least, gate.systolic_hold_from),
        ("heart_rate_most", gate.heart_rate_least, gate.heart_rate_most),
        ("respiratory_rate_most", gate.respiratory_rate_least, gate.respiratory_rate_most),
    )
    for name, low, high in rising:
        if low >= high:
            yield ("start_gate", name), "the upper limit must lie above the lower"
    for item in sorted(pack.overridable_at_start & domain.NEVER_ANSWERED_FOR):
        yield ("overridable_at_start",), f"nobody answers for {item}"
    if gate.oxygen_saturation_least > 100:
        yield ("start_gate", "oxygen_saturation_least"), "must be a percentage"
    if stay.stay_alone_minutes < stay.stay_minutes:
        yield ("discharge_gate", "stay_alone_minutes"), "must not be shorter than with an escort"


def _rules(pack: domain.Pack) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for index, rule in enumerate(pack.rules):
        path = "alerts", index
        if rule.rule_id in seen:
            yield (*path, "id"), "a rule's id must be its own"
        seen.add(rule.rule_id)
        if rule.parameter not in domain.PARAMETERS:
            yield (*path, "parameter"), f"must be one of {', '.join(domain.PARAMETERS)}"
        calm = rule.clear >= rule.threshold if rule.low else rule.clear < rule.threshold
        if not calm:
            yield (*path, "clear"), "must lie on the calm side of the threshold"
        for milder in pack.rules:
            if _contradicts(rule, milder):
                yield path, f"comes before the milder {milder.rule_id}"


def _contradicts(rule: domain.Rule, milder: domain.Rule) -> bool:
    """A graver alert must need a graver value."""
    same = (rule.parameter, rule.low) == (milder.parameter, milder.low)
    if not same or _ORDER.index(rule.level) <= _ORDER.index(milder.level):
        return False
    if rule.low:
        return rule.threshold >= milder.threshold
    return rule.threshold <= milder.threshold
