"""How much of a clinic was taken: a line for each kind of resource."""

from collections.abc import Iterable
from datetime import date, timedelta

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import plain
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, ResourceKind, Utilisation


def use(clinic: Clinic, kinds: Iterable[Utilisation], first: date, days: int) -> Table:
    """Hours taken of the hours there were, and the share; no share of a closed day."""
    last = first + timedelta(days=days - 1)
    since = f"{first:%a %d %b} to " if days > 1 else ""
    columns = ("hours taken", "hours there", "share taken")
    title = f"{escape(clinic.name)}, {since}{last:%a %d %b %Y}"
    made = table(title, "resource", *columns, right=columns)
    for one in kinds:
        taken, there = one.taken_minutes, one.open_minutes
        share = f"{taken / there:.1%}" if there else "closed"
        kind = plain(ResourceKind.Name(one.kind), "RESOURCE_KIND_")
        made.add_row(kind, _hours(taken), _hours(there), share)
    made.caption = "each place of a nurse counts"
    return made


def _hours(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
