"""What one infusion may hold: exact whole micrograms from whole grams, never a float."""

from dataclasses import dataclass
from fractions import Fraction

from services.intake.domain.weighing import Weighing

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Dosing:
    """How much racemic ketamine one infusion may hold; per-kg numbers are micrograms."""

    start_per_kg: int
    older_age: int
    older_start_per_kg: int
    gentle_start_per_kg: int
    """Where an earlier course was not tolerated."""
    earlier_start_at_most_per_kg: int
    """Where an earlier course helped, its dose is the start, up to this."""
    floor_per_kg: int
    soft_cap_per_kg: int
    hard_cap_per_kg: int
    soft_cap: int
    hard_cap: int
    rounding: int
    weighing: Weighing


def amount(rules: Dosing, per_kg: int, grams: int) -> int:
    """Micrograms, rounded to the pack's unit and inside the caps."""
    exact = _exact(per_kg, grams)
    rounded = rules.rounding * int(exact / rules.rounding + _HALF)
    return max(min(rounded, highest(rules, grams)), lowest(rules, grams))


def lowest(rules: Dosing, grams: int) -> int:
    """The least a dose order may say: below it, somebody has mistaken the unit."""
    exact = _exact(rules.floor_per_kg, grams)
    return -(-exact // rules.rounding) * rules.rounding


def highest(rules: Dosing, grams: int) -> int:
    """The most a dose order may say, whoever signs it."""
    return _down(rules, min(_exact(rules.hard_cap_per_kg, grams), Fraction(rules.hard_cap)))


def highest_unsigned(rules: Dosing, grams: int) -> int:
    """The most that titration may reach without a prescriber's signature."""
    return _down(rules, min(_exact(rules.soft_cap_per_kg, grams), Fraction(rules.soft_cap)))


def step(rules: Dosing, per_kg: int, grams: int) -> int:
    """One step of titration, rounded down."""
    return _down(rules, _exact(per_kg, grams))


def _exact(per_kg: int, grams: int) -> Fraction:
    return Fraction(per_kg * grams, 1000)


def _down(rules: Dosing, exact: Fraction) -> int:
    return exact // rules.rounding * rules.rounding
