"""From a pack file's text to a pack: what contradicts itself is refused, with its line."""

import re
from collections.abc import Mapping
from datetime import date

from services.intake import domain
from services.intake.packs import treatment
from services.intake.packs.dosing import dosing
from services.intake.packs.place import Fault, PackBroken, Place, parsed
from services.intake.packs.scales import scales
from services.intake.packs.screening import equivalents, rules
from services.intake.packs.terms import terms

_NAME = re.compile(r"[a-z][a-z0-9-]{2,47}")
_PARTS = (
    "name", "version", "effective_date", "schedules", "terms", "dosing", "titration", "review",
    "scales", "response_scale", "risk", "session_limits", "watches", "screening",
)  # fmt: skip


def read(text: str) -> domain.Pack:
    """The pack in a file's text."""
    told = parsed(text).fields(*_PARTS)
    default, schedules = treatment.schedules(told["schedules"])
    known, screening = scales(told["scales"]), rules(told["screening"])
    pack = domain.Pack(
        _name(told["name"]),
        told["version"].whole(),
        _date(told["effective_date"]),
        default,
        schedules,
        terms(told["terms"], screening),
        dosing(told["dosing"]),
        treatment.titration(told["titration"]),
        treatment.review(told["review"]),
        known,
        _response_scale(told["response_scale"], known),
        treatment.risk(told["risk"], known, screening),
        treatment.limits(told["session_limits"]),
        treatment.watches(told["watches"], known),
        screening,
        equivalents(told["screening"]),
    )
    _check(told, pack)
    return pack


def _check(told: Mapping[str, Place], pack: domain.Pack) -> None:
    """What the parts must keep to among each other."""
    faults = []
    if pack.titration.step_per_kg > pack.dosing.soft_cap_per_kg - pack.dosing.floor_per_kg:
        faults.append(told["titration"].entries()["step"].fault("leaves no room inside the caps"))
    response = pack.measured_by.response_percent or 0
    if pack.titration.weak_response_below_percent >= response:
        place = told["titration"].entries()["weak_response_below"]
        faults.append(place.fault("must be less than a response"))
    for limit in pack.limits:
        faults += _too_full(told["schedules"], pack, limit)
    if faults:
        raise PackBroken(*faults)


def _too_full(place: Place, pack: domain.Pack, limit: domain.SessionLimit) -> list[Fault]:
    known = place.entries()["known"].entries()
    return [
        known[name].fault(f"breaks {limit.rule_id}")
        for name, schedule in pack.schedules.items()
        if domain.fullest(schedule, limit.days) > limit.at_most
    ]


def _name(place: Place) -> str:
    if not _NAME.fullmatch(place.word()):
        raise place.broken("must be lower-case letters, digits and hyphens")
    return place.word()


def _date(place: Place) -> date:
    try:
        return date.fromisoformat(place.word())
    except ValueError:
        raise place.broken("must be a date, year-month-day") from None


def _response_scale(place: Place, known: Mapping[str, domain.Scale]) -> str:
    name = place.sourced("value")["value"]
    scale = known.get(name.word())
    if scale is None or not scale.response_percent or scale.remission_at_most is None:
        raise name.broken("must be a scale of this pack with a response and a remission")
    return name.word()
