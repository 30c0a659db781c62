"""Where a session stands, and the table of legal moves: nothing else moves a session."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from chassis.refusal import NotAllowed


class Status(Enum):
    """Where a session stands."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    HELD = "held"
    CHECKLIST_PASSED = "checklist_passed"
    INFUSING = "infusing"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED_EARLY = "stopped_early"
    RECOVERY = "recovery"
    DISCHARGED = "discharged"
    TRANSFERRED = "transferred"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether the next session need not wait for it."""
        return self not in BEFORE and self not in RUNNING


BEFORE = frozenset({Status.PLANNED, Status.ARRIVED, Status.HELD, Status.CHECKLIST_PASSED})
"""The drug has not been given."""
AT_THE_GATE = BEFORE - {Status.PLANNED}
RUNNING = frozenset({Status.INFUSING, Status.PAUSED})
AFTER = frozenset({Status.COMPLETED, Status.STOPPED_EARLY, Status.RECOVERY})
"""The drug was given, and the patient is here."""
PRESENT = AT_THE_GATE | RUNNING | AFTER


class Move(Enum):
    """What may happen to a session."""

    ARRIVE = "arrive"
    HOLD = "hold"
    PASS = "pass"  # noqa: S105
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    STOP = "stop"
    RECOVER = "recover"
    DISCHARGE = "discharge"
    TRANSFER = "transfer"
    MISS = "miss"
    CANCEL = "cancel"


class Leg(NamedTuple):
    """From where a move is legal, and where it leads."""

    before: frozenset[Status]
    after: Status


MOVES: Mapping[Move, Leg] = {
    Move.ARRIVE: Leg(frozenset({Status.PLANNED}), Status.ARRIVED),
    Move.HOLD: Leg(AT_THE_GATE, Status.HELD),
    Move.PASS: Leg(AT_THE_GATE, Status.CHECKLIST_PASSED),
    Move.START: Leg(frozenset({Status.CHECKLIST_PASSED}), Status.INFUSING),
    Move.PAUSE: Leg(frozenset({Status.INFUSING}), Status.PAUSED),
    Move.RESUME: Leg(frozenset({Status.PAUSED}), Status.INFUSING),
    Move.COMPLETE: Leg(RUNNING, Status.COMPLETED),
    Move.STOP: Leg(RUNNING, Status.STOPPED_EARLY),
    Move.RECOVER: Leg(AFTER - {Status.RECOVERY}, Status.RECOVERY),
    Move.DISCHARGE: Leg(frozenset({Status.RECOVERY}), Status.DISCHARGED),
    Move.TRANSFER: Leg(AT_THE_GATE | AFTER, Status.TRANSFERRED),
    Move.MISS: Leg(frozenset({Status.PLANNED}), Status.NO_SHOW),
    Move.CANCEL: Leg(BEFORE, Status.CANCELLED),
}


def moved(status: Status, move: Move) -> Status:
    """Where the move leads, or a refusal that says from where it would be legal."""
    leg = MOVES[move]
    if status not in leg.before:
        legal = ",".join(sorted(one.value for one in leg.before))
        raise wrong_state(f"A session that is {status.value} cannot {move.value}.", legal)
    return leg.after


def must_be(status: Status, legal: frozenset[Status], message: str) -> None:
    """Refuse what does not belong to where the session stands."""
    if status not in legal:
        raise wrong_state(message, ",".join(sorted(one.value for one in legal)))


def wrong_state(message: str, legal: str = "") -> NotAllowed:
    """The refusal of everything that comes at the wrong moment."""
    return NotAllowed("WRONG_STATE", message, {"legal_from": legal} if legal else None)
