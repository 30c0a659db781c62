"""Moments off the wire."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(told: Timestamp) -> datetime:
    """A moment that another service has judged, in half the time of ToDatetime(UTC)."""
    return _EPOCH + timedelta(0, told.seconds, told.nanos // 1000)
