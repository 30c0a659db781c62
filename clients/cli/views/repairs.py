"""A repair: a line for each session that is proposed another time."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import plain, when
from halcyon.scheduling.v1.scheduling_pb2 import (
    REPAIR_STEP_STATUS_BARRED,
    REPAIR_STEP_STATUS_PROPOSED,
    Clinic,
    ClosureReason,
    Repair,
    RepairOrigin,
    RepairStep,
    RepairStepStatus,
)

_OPEN = {REPAIR_STEP_STATUS_PROPOSED, REPAIR_STEP_STATUS_BARRED}


def repair(found: Repair, time_zone: str) -> Table:
    """The steps, in the clinic's wall time."""
    zone = ZoneInfo(time_zone)
    why = plain(RepairOrigin.Name(found.origin), "REPAIR_ORIGIN_")
    if found.reason:
        why = plain(ClosureReason.Name(found.reason), "CLOSURE_REASON_")
    made = table(f"Repair {found.closure_id}, {why}", "series", "no", "is", "becomes", "state")
    for step in found.steps:
        made.add_row(
            step.series_id,
            str(step.number),
            f"{when(step.old_start_time).astimezone(zone):%a %d %b %H:%M}",
            _becomes(step, zone),
            _state(step),
        )
    made.caption = f"times in {time_zone}"
    return made


def open_repairs(found: Sequence[Repair], clinic: Clinic) -> Table:
    """What waits for somebody's word, a line for each repair."""
    made = table(
        f"Repairs at {clinic.name}", "repair", "because of", "steps", "to accept", "by hand"
    )
    for one in found:
        open_ = [step for step in one.steps if step.status in _OPEN]
        by_hand = sum(not step.HasField("new_start_time") for step in open_)
        why = plain(RepairOrigin.Name(one.origin), "REPAIR_ORIGIN_")
        waiting = str(len(open_) - by_hand)
        made.add_row(one.closure_id, why, str(len(one.steps)), waiting, str(by_hand))
    return made


def _state(step: RepairStep) -> str:
    state = plain(RepairStepStatus.Name(step.status), "REPAIR_STEP_STATUS_")
    return f"{state} ({', '.join(step.rules)})" if step.rules else state


def _becomes(step: RepairStep, zone: ZoneInfo) -> str:
    if not step.HasField("new_start_time"):
        return "no time was found"
    if step.new_start_time == step.old_start_time:
        return "the same time, other seats"
    return f"{when(step.new_start_time).astimezone(zone):%a %d %b %H:%M}"
