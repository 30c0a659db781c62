"""Moments, in everyone's words."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def stamp(at: datetime) -> Timestamp:
    """A moment, to the microsecond."""
    seconds = int(at.timestamp() // 1)
    if not at.microsecond:
        return Timestamp(seconds=seconds)
    return Timestamp(seconds=seconds, nanos=at.microsecond * 1000)


def moment(stamp: Timestamp) -> datetime:
    """A timestamp as a moment."""
    return stamp.ToDatetime(UTC)
