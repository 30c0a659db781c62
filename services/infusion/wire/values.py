"""Moments, dates and amounts, ours and everyone's."""

from datetime import UTC, date, datetime
from decimal import Decimal

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.moments import instant
from chassis.refusal import Invalid, Violation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURIES = range(0, 253_402_300_800)
"""Seconds from 1970 to the end of the year 9999, which a calendar can say."""


def stamp(moment: datetime) -> Timestamp:
    """A moment in everyone's words."""
    told = Timestamp()
    write(moment, told)
    return told


def write(moment: datetime, told: Timestamp) -> None:
    """A moment into a message's own field: one of many costs half of what a copied stamp does."""
    since = moment - _EPOCH
    told.seconds, told.nanos = since.days * 86400 + since.seconds, since.microseconds * 1000


def moment(place: str, told: Timestamp) -> datetime:
    """A moment in ours; what no calendar can say is refused, and a leap of nanos too."""
    if told.seconds not in _CENTURIES or not 0 <= told.nanos < 1_000_000_000:
        fault = Violation(place, "must be a moment since 1970")
        raise Invalid("INVALID_TIME", "The time told does not fit the record.", (fault,))
    return instant(told)


def maybe_moment(place: str, request: Message) -> datetime | None:
    """The moment in a field, None where it was not told."""
    name = place.rpartition(".")[2]
    return moment(place, getattr(request, name)) if request.HasField(name) else None


def day(place: str, told: str) -> date:
    """An ISO date; the contract has seen to its form."""
    try:
        return date.fromisoformat(told)
    except ValueError:
        fault = Violation(place, "must be a day of the calendar")
        raise Invalid("INVALID_VALUE", "A value told does not exist.", (fault,)) from None


def amount(place: str, told: str, *, above: int = -1) -> Decimal:
    """An exact decimal; the contract has seen to its form."""
    value = Decimal(told)
    if value <= above:
        fault = Violation(place, f"must be above {above}")
        raise Invalid("INVALID_VALUE", "A value told does not exist.", (fault,))
    return value


def text(value: Decimal) -> str:
    """An exact decimal as text, without an exponent or idle zeros."""
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
