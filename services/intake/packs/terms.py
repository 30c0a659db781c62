"""What a plan says unless the specialist says otherwise, as the pack tells it."""

from services.intake import domain
from services.intake.packs.place import Place

_MONITORING = ("pressure_every", "pressure_every_afterwards", "oximetry")


def terms(place: Place, rules: domain.Rules) -> domain.Terms:
    """The terms of a plan."""
    told = place.fields(
        "infusion_time", "infusion_time_at_least", "infusion_time_at_most", "recovery_time",
        "antiemetics", "antiemetic", "monitoring", "close_monitoring", "close_monitoring_for",
        "measures_valid",
        "conditions",
    )  # fmt: skip
    minutes = {
        name: told[name].number("min")
        for name in ("infusion_time_at_least", "infusion_time", "infusion_time_at_most")
    }
    if list(minutes.values()) != sorted(minutes.values()):
        raise told["infusion_time"].broken("must lie between its own limits")
    antiemetics = {name: _drug(name, one) for name, one in told["antiemetics"].entries().items()}
    return domain.Terms(
        minutes["infusion_time"],
        told["recovery_time"].number("min"),
        minutes["infusion_time_at_least"],
        minutes["infusion_time_at_most"],
        antiemetics,
        _default(told["antiemetic"], set(antiemetics)),
        _monitoring(told["monitoring"]),
        _monitoring(told["close_monitoring"]),
        known_rules(told["close_monitoring_for"], rules),
        told["measures_valid"].number("d"),
        frozenset(told["conditions"].sourced("value")["value"].words()),
    )


def _default(place: Place, known: set[str]) -> str:
    word = place.sourced("value")["value"]
    if word.word() not in known:
        raise word.broken("is not one of the antiemetics")
    return word.word()


def _drug(name: str, place: Place) -> domain.Drug:
    told = place.sourced("code", "amount", "unit", "route")
    if told["unit"].word() != "mg":
        raise told["unit"].broken("must be mg")
    amount = told["amount"].whole(0) * 1000
    return domain.Drug(told["code"].word(), amount, told["route"].word())


def _monitoring(place: Place) -> domain.Monitoring:
    told = place.fields(*_MONITORING)
    during, after = (told[name].number("min") for name in _MONITORING[:2])
    return domain.Monitoring(during, after, told["oximetry"].sourced("value")["value"].word())


def known_rules(place: Place, rules: domain.Rules) -> frozenset[str]:
    """A sourced list of rules of the same pack."""
    listed = place.sourced("value")["value"]
    for one in listed.items():
        if one.word() not in rules.ids:
            raise one.broken("is not a rule of this pack")
    return frozenset(listed.words())
