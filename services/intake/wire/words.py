"""Moments and amounts in everyone's words."""

from datetime import UTC, datetime
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from services.intake import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> Timestamp:
    """A moment in everyone's words."""
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def micro(said: str) -> int:
    """Whole micrograms of a decimal of milligrams with at most three digits after the point."""
    return int(Decimal(said).scaleb(3))


def milli(micro: int) -> str:
    """Milligrams as an exact decimal without idle zeros."""
    whole, rest = divmod(micro, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


def kap(plan: domain.Plan) -> str:
    """Whether a therapist accompanies."""
    return "with" if plan.individual.kap else "without"
