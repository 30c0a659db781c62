"""The weight a dose is computed from: which one, and how it follows from body and pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

_MILLIMETRES_PER_INCH = Fraction(254, 10)
_HALF = Fraction(1, 2)


class Basis(Enum):
    """Which weight a dose is computed from."""

    ACTUAL = "actual"
    IDEAL_DEVINE = "ideal_devine"
    ADJUSTED = "adjusted"
    LEAN_BOER = "lean_boer"


class Body(NamedTuple):
    """What the formulas need to know of a patient."""

    sex_at_birth: str
    weight_grams: int
    height_millimetres: int


@dataclass(frozen=True, slots=True)
class IdealWeight:
    """Devine's formula, in grams and inches."""

    base_grams: Mapping[str, int]
    """By sex at birth; "unknown" is a key too."""
    grams_per_inch: int
    base_inches: int


@dataclass(frozen=True, slots=True)
class LeanWeight:
    """Boer's formula for one sex: shares of kilograms and centimetres, less a constant."""

    weight: Fraction
    height: Fraction
    less: Fraction


@dataclass(frozen=True, slots=True)
class Weighing:
    """Which weight a pack takes, and the formulas it knows."""

    usual: Basis
    from_bmi: int
    at_high_bmi: Basis
    least_grams: int
    ideal: IdealWeight
    adjusted_share: Fraction
    lean: Mapping[str, LeanWeight]


class DosingWeight(NamedTuple):
    """A weight, and which weight that is."""

    grams: int
    basis: Basis


def dosing_weight(rules: Weighing, body: Body, wanted: Basis | None = None) -> DosingWeight:
    """The weight of the basis wanted, else of the pack's; never more than the actual one."""
    heavy = body.weight_grams * 1000 >= rules.from_bmi * body.height_millimetres**2
    basis = wanted or (rules.at_high_bmi if heavy else rules.usual)
    grams = max(_formula(rules, body, basis), rules.least_grams)
    if wanted is None and grams >= body.weight_grams:
        return DosingWeight(body.weight_grams, Basis.ACTUAL)
    return DosingWeight(min(grams, body.weight_grams), basis)


def _formula(rules: Weighing, body: Body, basis: Basis) -> int:
    match basis:
        case Basis.ACTUAL:
            return body.weight_grams
        case Basis.IDEAL_DEVINE:
            return _rounded(_devine(rules.ideal, body))
        case Basis.ADJUSTED:
            ideal = _devine(rules.ideal, body)
            return _rounded(ideal + rules.adjusted_share * (body.weight_grams - ideal))
        case Basis.LEAN_BOER:
            return _rounded(_boer(rules.lean, body))


def _devine(formula: IdealWeight, body: Body) -> Fraction:
    """A person below the formula's base height has the base weight."""
    inches = body.height_millimetres / _MILLIMETRES_PER_INCH - formula.base_inches
    base = formula.base_grams.get(body.sex_at_birth, formula.base_grams["unknown"])
    return base + formula.grams_per_inch * max(inches, Fraction(0))


def _boer(formulas: Mapping[str, LeanWeight], body: Body) -> Fraction:
    """Sex unknown: the lighter of the two."""
    one = formulas.get(body.sex_at_birth)
    return min(_lean(each, body) for each in ([one] if one else formulas.values()))


def _lean(formula: LeanWeight, body: Body) -> Fraction:
    by_height = formula.height * body.height_millimetres * 100
    return formula.weight * body.weight_grams + by_height - formula.less * 1000


def _rounded(grams: Fraction) -> int:
    return int(grams + _HALF)
