"""What one infusion may hold: exact whole micrograms from whole grams, never a float."""

from dataclasses import dataclass

from services.intake.domain.weighing import Weighing


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
    unit = 1000 * rules.rounding
    rounded = (2 * per_kg * grams + unit) // (2 * unit) * rules.rounding
    return max(min(rounded, highest(rules, grams)), lowest(rules, grams))


def lowest(rules: Dosing, grams: int) -> int:
    """The least a dose order may say: below it, somebody has mistaken the unit."""
    return -_down(rules, -rules.floor_per_kg, grams)


def highest(rules: Dosing, grams: int) -> int:
    """The most a dose order may say, whoever signs it."""
    total = rules.hard_cap // rules.rounding * rules.rounding
    return min(_down(rules, rules.hard_cap_per_kg, grams), total)


def highest_unsigned(rules: Dosing, grams: int) -> int:
    """The most that titration may reach without a prescriber's signature."""
    total = rules.soft_cap // rules.rounding * rules.rounding
    return min(_down(rules, rules.soft_cap_per_kg, grams), total)


def step(rules: Dosing, per_kg: int, grams: int) -> int:
    """One step of titration, rounded down."""
    return _down(rules, per_kg, grams)


def _down(rules: Dosing, per_kg: int, grams: int) -> int:
    """Whole micrograms that are no more than so many for each kilogram."""
    return per_kg * grams // (1000 * rules.rounding) * rules.rounding
