"""The first dose of a course: the pack's, by weight, age and how an earlier course went."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from services.intake.domain.dosing import Dosing, amount


class EarlierOutcome(Enum):
    """How an earlier ketamine course went."""

    NONE = "none"
    HELPED = "helped"
    NO_EFFECT = "no_effect"
    NOT_TOLERATED = "not_tolerated"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier ketamine course, and its last dose where that is known."""

    outcome: EarlierOutcome = EarlierOutcome.NONE
    micrograms_per_kg: int | None = None


NO_EARLIER_COURSE = Earlier()


class Start(NamedTuple):
    """A first dose, and why it is this one."""

    micrograms: int
    reasons: tuple[str, ...]


def start(rules: Dosing, age_years: int, grams: int, earlier: Earlier) -> Start:
    """Of several reasons to go lower the lowest holds; only what helped before raises."""
    per_kg, reasons = rules.start_per_kg, ["starting_dose"]
    helped = earlier.outcome is EarlierOutcome.HELPED and earlier.micrograms_per_kg
    if helped:
        per_kg = max(
            min(earlier.micrograms_per_kg or 0, rules.earlier_start_at_most_per_kg),
            rules.floor_per_kg,
        )
        reasons.append("earlier_response")
    if earlier.outcome is EarlierOutcome.NOT_TOLERATED:
        per_kg = min(per_kg, rules.gentle_start_per_kg)
        reasons.append("earlier_intolerance")
    if age_years >= rules.older_age:
        per_kg = min(per_kg, rules.older_start_per_kg)
        reasons.append("older_age")
    return Start(amount(rules, per_kg, grams), tuple(reasons))
