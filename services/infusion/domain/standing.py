"""Where a plan stands: a paused or a stopped one keeps every infusion from starting."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class Standing(Enum):
    """What intake last said of a plan; a plan of which it said nothing is active."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """A plan's standing, as of a revision of its intake."""

    plan_id: UUID
    revision: int
    standing: Standing


def newest(known: PlanStanding | None, told: PlanStanding) -> PlanStanding:
    """The word of the highest revision holds, in whichever order words come."""
    return known if known and known.revision >= told.revision else told


def standing_findings(standing: Standing) -> Iterator[tuple[str, str]]:
    """What a plan's standing holds against a start; the word that lifts it is said at intake."""
    match standing:
        case Standing.PAUSED:
            yield "plan_paused", "the plan must be resumed at intake"
        case Standing.STOPPED:
            yield "plan_stopped", "the plan has ended for good"
        case Standing.ACTIVE:
            pass
