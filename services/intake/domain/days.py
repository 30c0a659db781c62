"""The clinic's days: they begin and end by its own wall clock."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo


def day_of(moment: datetime, zone: tzinfo | None) -> date:
    """The calendar day of a clinic; of one whose zone is not known, the day in UTC."""
    return moment.astimezone(zone or UTC).date()


def day_end(at: datetime, days: int, zone: tzinfo | None) -> datetime:
    """The end of so many calendar days of a clinic; of one whose zone is not known, whole days."""
    if zone is None:
        return at + timedelta(days=days)
    last = day_of(at, zone) + timedelta(days=days)
    return datetime.combine(last, time(), zone).astimezone(UTC)
