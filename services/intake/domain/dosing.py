"""What one infusion may hold: exact whole micrograms from whole grams, never a float."""

from dataclasses import dataclass
from fractions import Fraction

from services.intake.domain.assessment import Assessment, Need
from services.intake.domain.pack import Dosing, IdealWeight

_MILLIMETRES_PER_INCH = Fraction(254, 10)
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class DosingWeight:
    """The weight a dose is computed from, and which weight that is."""

    grams: int
    basis: str


def dosing_weight(rules: Dosing, need: Need, found: Assessment | None) -> DosingWeight:
    """The actual weight; at a high body mass index the ideal one, where that is less."""
    now = found or need
    actual, height = now.weight_grams, now.height_millimetres
    if actual * 1000 < rules.ideal_weight_bmi * height**2:
        return DosingWeight(actual, "actual")
    ideal = _devine(rules.ideal_weight, need.sex_at_birth, height)
    return DosingWeight(ideal, "ideal_devine") if ideal < actual else DosingWeight(actual, "actual")


def starting_dose(rules: Dosing, age_years: int, grams: int) -> int:
    """Micrograms of the first infusion, rounded to the pack's unit and inside the caps."""
    older = age_years >= rules.older_age
    per_kg = rules.older_starting_per_kg if older else rules.starting_per_kg
    exact = _amount(per_kg, grams)
    rounded = rules.rounding * int(exact / rules.rounding + _HALF)
    return min(rounded, highest(rules, grams))


def lowest(rules: Dosing, grams: int) -> int:
    """The least a dose order may say: below it, somebody has mistaken the unit."""
    exact = _amount(rules.floor_per_kg, grams)
    return -(-exact // rules.rounding) * rules.rounding


def highest(rules: Dosing, grams: int) -> int:
    """The most a dose order may say, whoever signs it."""
    return _down(rules, min(_amount(rules.hard_cap_per_kg, grams), Fraction(rules.hard_cap)))


def highest_unsigned(rules: Dosing, grams: int) -> int:
    """The most that titration may reach without a prescriber's signature."""
    return min(_down(rules, _amount(rules.soft_cap_per_kg, grams)), highest(rules, grams))


def step(rules: Dosing, per_kg: int, grams: int) -> int:
    """One step of titration, rounded down."""
    return _down(rules, _amount(per_kg, grams))


def _amount(per_kg: int, grams: int) -> Fraction:
    return Fraction(per_kg * grams, 1000)


def _down(rules: Dosing, amount: Fraction) -> int:
    return amount // rules.rounding * rules.rounding


def _devine(formula: IdealWeight, sex: str, height_millimetres: int) -> int:
    """A person below the formula's base height has the base weight."""
    inches = height_millimetres / _MILLIMETRES_PER_INCH - formula.base_inches
    base = formula.base_grams.get(sex, formula.base_grams["unknown"])
    return int(base + formula.grams_per_inch * max(inches, Fraction(0)) + _HALF)
