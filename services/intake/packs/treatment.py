"""The parts of a pack about the course: schedules, terms of a plan, titration, review, safety."""

from collections.abc import Mapping

from services.intake import domain
from services.intake.packs.place import PackBroken, Place
from services.intake.packs.screening import severity
from services.intake.packs.terms import known_rules

_LIMITS = {
    "systolic": "mm[Hg]",
    "diastolic": "mm[Hg]",
    "moaas": "{score}",
    "oxygen_saturation": "%",
}
_WEEK = 7


def schedules(place: Place) -> tuple[str, Mapping[str, domain.Schedule]]:
    """The default's name, and every schedule by its name."""
    told = place.fields("default", "known")
    known = {name: _schedule(name, one) for name, one in told["known"].entries().items()}
    if told["default"].word() not in known:
        raise told["default"].broken("is not a known schedule")
    return told["default"].word(), known


def _schedule(name: str, place: Place) -> domain.Schedule:
    told = place.sourced("sessions_per_week", "min_gap_hours", "maintenance_every_days")
    weeks = told["sessions_per_week"].wholes(0)
    gap = told["min_gap_hours"].whole()
    if not weeks or not weeks[0]:
        raise told["sessions_per_week"].broken("must begin with a week that has a session")
    if (max(weeks) - 1) * gap >= _WEEK * 24:
        raise told["sessions_per_week"].broken("has a week too full for min_gap_hours")
    return domain.Schedule(name, weeks, gap, told["maintenance_every_days"].whole())


def titration(place: Place) -> domain.Titration:
    """When the dose moves."""
    told = place.fields(
        "step", "first_raise_after_session", "automatic_raises", "weak_response_below",
        "keep", "lower", "lowering_events", "mild_events",
    )  # fmt: skip
    keep, lower = _limits(told["keep"]), _limits(told["lower"])
    _stricter(told["lower"], keep, lower)
    lowering, mild = (_events(told[f"{name}_events"]) for name in ("lowering", "mild"))
    if both := lowering & mild:
        raise told["mild_events"].broken(f"{', '.join(sorted(both))} also lowers the dose")
    return domain.Titration(
        told["step"].number("mg/kg", 1000),
        told["first_raise_after_session"].count(),
        told["automatic_raises"].count(0),
        told["weak_response_below"].number("%"),
        keep,
        lower,
        lowering,
        mild,
    )


def _limits(place: Place) -> domain.Limits:
    told = place.fields(*_LIMITS)
    return domain.Limits(**{name: told[name].number(unit) for name, unit in _LIMITS.items()})


def _stricter(place: Place, keep: domain.Limits, lower: domain.Limits) -> None:
    """What lowers a dose must lie beyond what keeps it, or a limit could never speak."""
    told = place.entries()
    faults = [
        told[name].fault("must lie beyond the limit under keep")
        for name, kept in (
            ("systolic", keep.systolic < lower.systolic),
            ("diastolic", keep.diastolic < lower.diastolic),
            ("moaas", keep.moaas > lower.moaas),
            ("oxygen_saturation", keep.oxygen_saturation > lower.oxygen_saturation),
        )
        if not kept
    ]
    if faults:
        raise PackBroken(*faults)


def _events(place: Place) -> frozenset[str]:
    return frozenset(place.sourced("value")["value"].words())


def review(place: Place) -> domain.Review:
    """When a series is judged."""
    told = place.fields("after_sessions", "stop_below")
    after = told["after_sessions"].sourced("value")["value"].wholes()
    return domain.Review(after, told["stop_below"].number("%"))


def risk(place: Place, scales: Mapping[str, domain.Scale], rules: domain.Rules) -> domain.Risk:
    """The suicide-risk step."""
    told = place.fields("scale", "opened_by", "blocks", "block_days")
    scale = _known(told["scale"], scales)
    blocks = told["blocks"].sourced("value")["value"]
    return domain.Risk(
        scale.name,
        known_rules(told["opened_by"], rules),
        frozenset(_band(one, scale) for one in blocks.items()),
        told["block_days"].count(),
    )


def limits(place: Place) -> tuple[domain.SessionLimit, ...]:
    """How many sessions in how many days."""
    found = []
    for one in place.items():
        told = one.sourced("id", "days", "at_most")
        found.append(
            domain.SessionLimit(told["id"].word(), told["days"].whole(), told["at_most"].whole())
        )
    return tuple(found)


def watches(place: Place, scales: Mapping[str, domain.Scale]) -> tuple[domain.Watch, ...]:
    """Which questionnaires must be in date."""
    found = []
    for one in place.items():
        told = one.sourced("id", "scale", "every", "bands", "finding")
        scale = _known(told["scale"], scales)
        bands = {}
        for name, told_severity in told["bands"].entries().items():
            _band(told_severity, scale, name)
            bands[name] = severity(told_severity)
        found.append(
            domain.Watch(
                told["id"].word(),
                scale.name,
                told["every"].whole(),
                bands,
                told["finding"].word(),
            )
        )
    return tuple(found)


def _known(place: Place, scales: Mapping[str, domain.Scale]) -> domain.Scale:
    if found := scales.get(place.word()):
        return found
    raise place.broken("is not a scale of this pack")


def _band(place: Place, scale: domain.Scale, name: str = "") -> str:
    names = {band.name for band in scale.bands} | {level.name for level in scale.levels}
    if (wanted := name or place.word()) in names:
        return wanted
    raise place.broken(f"{wanted} is not a band of {scale.name}")
