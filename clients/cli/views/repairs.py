"""A repair: a line for each session that is proposed another time."""

from zoneinfo import ZoneInfo

from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import plain, when
from halcyon.scheduling.v1.scheduling_pb2 import (
    ClosureReason,
    Repair,
    RepairOrigin,
    RepairStep,
    RepairStepStatus,
)


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
            plain(RepairStepStatus.Name(step.status), "REPAIR_STEP_STATUS_"),
        )
    made.caption = f"times in {time_zone}"
    return made


def _becomes(step: RepairStep, zone: ZoneInfo) -> str:
    if not step.HasField("new_start_time"):
        return "no time was found"
    if step.new_start_time == step.old_start_time:
        return "the same time, other seats"
    return f"{when(step.new_start_time).astimezone(zone):%a %d %b %H:%M}"
