"""When something happened: late told perhaps, never in the future, nor before what came first."""

from datetime import datetime, timedelta

from chassis.refusal import Invalid, Violation
from services.infusion.domain.pack import Windows
from services.infusion.domain.visit import Visit


def moment(
    field: str, told: datetime | None, visit: Visit, windows: Windows, now: datetime
) -> datetime:
    """The told moment, or now; what was told of already stays before it."""
    latest = visit.attendance.latest_time if visit.attendance else None
    if told is None:
        return max(now, latest) if latest else now
    if fault := _fault(told, latest, windows, now):
        violations = (Violation(field, fault),)
        raise Invalid("INVALID_TIME", "The time told does not fit the record.", violations)
    return told


def _fault(told: datetime, latest: datetime | None, windows: Windows, now: datetime) -> str:
    if told > now + timedelta(seconds=windows.ahead_seconds):
        return "must not lie in the future"
    if told < now - timedelta(minutes=windows.late_entry_minutes):
        return f"must not lie more than {windows.late_entry_minutes} minutes back"
    if latest and told < latest:
        return "must not lie before what was recorded last"
    return ""
