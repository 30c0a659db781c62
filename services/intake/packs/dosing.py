"""The dosing part of a pack: per-kg numbers that rise from floor to hard cap, and the weights."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from services.intake import domain
from services.intake.domain.weighing import IdealWeight, LeanWeight, Weighing
from services.intake.packs.place import Fault, PackBroken, Place

_PER_KG = {
    "floor": "floor_per_kg",
    "older_start": "older_start_per_kg",
    "start": "start_per_kg",
    "earlier_start_at_most": "earlier_start_at_most_per_kg",
    "soft_cap": "soft_cap_per_kg",
    "hard_cap": "hard_cap_per_kg",
}
"""In rising order."""
_REST = ("older_age", "gentle_start", "soft_cap_total", "hard_cap_total", "rounding", "weight")
_SEXES = ("female", "male", "unknown")


def dosing(place: Place) -> domain.Dosing:
    """What one infusion may hold."""
    told = place.fields(*_PER_KG, *_REST)
    per_kg = {name: told[name].number("mg/kg", 1000) for name in (*_PER_KG, "gentle_start")}
    totals = {name: told[name].number("mg", 1000) for name in ("soft_cap_total", "hard_cap_total")}
    if faults := [*_falling(told, per_kg), *_misplaced(told, per_kg, totals)]:
        raise PackBroken(*faults)
    return domain.Dosing(
        **{ours: per_kg[name] for name, ours in _PER_KG.items()},
        gentle_start_per_kg=per_kg["gentle_start"],
        older_age=told["older_age"].number("a"),
        soft_cap=totals["soft_cap_total"],
        hard_cap=totals["hard_cap_total"],
        rounding=told["rounding"].number("mg", 1000),
        weighing=_weighing(told["weight"]),
    )


def _falling(told: Mapping[str, Place], per_kg: Mapping[str, int]) -> Iterator[Fault]:
    for lower, higher in pairwise(_PER_KG):
        if per_kg[higher] < per_kg[lower]:
            yield told[higher].fault(f"is below {lower}")


def _misplaced(
    told: Mapping[str, Place], per_kg: Mapping[str, int], totals: Mapping[str, int]
) -> Iterator[Fault]:
    if not per_kg["floor"] <= per_kg["gentle_start"] <= per_kg["start"]:
        yield told["gentle_start"].fault("must lie between floor and start")
    if totals["hard_cap_total"] < totals["soft_cap_total"]:
        yield told["hard_cap_total"].fault("is below soft_cap_total")


def _weighing(place: Place) -> Weighing:
    told = place.fields("usual", "from_bmi", "at_high_bmi", "least", "ideal", "adjusted", "lean")
    return Weighing(
        _basis(told["usual"]),
        told["from_bmi"].number("kg/m2"),
        _basis(told["at_high_bmi"]),
        told["least"].number("kg", 1000),
        _ideal(told["ideal"]),
        told["adjusted"].exact("1"),
        {sex: _lean(one) for sex, one in told["lean"].fields("female", "male").items()},
    )


def _basis(place: Place) -> domain.Basis:
    told = place.sourced("value")["value"]
    try:
        return domain.Basis(told.word())
    except ValueError:
        raise told.broken(f"must be one of {', '.join(b.value for b in domain.Basis)}") from None


def _ideal(place: Place) -> IdealWeight:
    told = place.fields("base", "per_inch", "base_height")
    base = {sex: one.number("kg", 1000) for sex, one in told["base"].fields(*_SEXES).items()}
    return IdealWeight(
        base, told["per_inch"].number("kg/[in_i]", 1000), told["base_height"].number("[in_i]")
    )


def _lean(place: Place) -> LeanWeight:
    told = place.fields("weight", "height", "less")
    return LeanWeight(
        told["weight"].exact("kg/kg"), told["height"].exact("kg/cm"), told["less"].exact("kg")
    )
