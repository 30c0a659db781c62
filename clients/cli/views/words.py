"""Values as people read them: money, doses, times, the short names of facts and statuses."""

from datetime import datetime
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.billing.v1.billing_pb2 import Money
from halcyon.infusion.v1.infusion_pb2 import Session

COLOURS = {
    "referral": "cyan",
    "intake": "green",
    "scheduling": "yellow",
    "billing": "magenta",
    "infusion": "blue",
    "terminal": "white",
}


def money(amount: Money) -> str:
    """Dollars and cents, with its sign."""
    sign = "-" if amount.minor_units < 0 else ""
    whole, cents = divmod(abs(amount.minor_units), 100)
    return f"{sign}{whole:,}.{cents:02d} {amount.currency_code}"


def dose(micrograms: int) -> str:
    """Milligrams, exact."""
    return f"{micrograms / 1000:g} mg"


def moment(stamp: Timestamp, zone: str = "UTC") -> str:
    """A time on the wall of a clinic."""
    return when(stamp).astimezone(ZoneInfo(zone)).strftime("%a %d %b %H:%M")


def dated(stamp: Timestamp, zone: str = "UTC") -> str:
    """A time in the books, with its year."""
    return when(stamp).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def when(stamp: Timestamp) -> datetime:
    """The same moment, as Python knows it."""
    return stamp.ToDatetime(ZoneInfo("UTC"))


def fact(full_name: str) -> str:
    """A fact's own name in its service's colour."""
    service = owner(full_name)
    return f"[{COLOURS.get(service, 'white')}]{full_name.rpartition('.')[2]}[/]"


def owner(full_name: str) -> str:
    """The service that states a fact, or answers a method."""
    parts = full_name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "halcyon" else ""


def plain(enum_name: str, prefix: str) -> str:
    """An enum value as words: REFERRAL_STATUS_IN_TREATMENT is "in treatment"."""
    return enum_name.removeprefix(prefix).replace("_", " ").lower()


def stay(session: Session) -> str:
    """How long a patient stayed after the infusion."""
    rest = when(session.leave_time) - when(session.end_time)
    return f"{int(rest.total_seconds() // 60)} min"
