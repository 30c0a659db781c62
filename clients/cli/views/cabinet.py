"""Containers, ledger entries, balances, incidents and inventories as tables."""

from collections.abc import Iterable

from google.type.date_pb2 import Date
from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, plain
from halcyon.infusion.v1.custody_counts_pb2 import CountMoment, InventoryDeadline, InventoryStage
from halcyon.infusion.v1.custody_pb2 import (
    Container,
    CustodyBalance,
    CustodyEntry,
    CustodyKind,
    Incident,
    IncidentStatus,
)
from halcyon.infusion.v1.custody_service_pb2 import GetBalanceResponse, GetInventoryResponse

_COLUMNS = (
    "opening", "received", "administered", "wasted", "transferred", "destroyed", "lost", "closing",
)  # fmt: skip
_SHORT = ("open", "recv", "given", "waste", "sent", "destr", "lost", "closing")


def containers(found: Iterable[Container]) -> Table:
    """Containers with what they hold."""
    made = table("Containers", "id", "label", "lot", "expiry", "mg", "mL", right=("mg", "mL"))
    for one in found:
        held = one.balance
        expiry = _day(one.expiry_date)
        made.add_row(
            one.container_id,
            escape(one.label),
            escape(one.lot),
            expiry,
            held.milligrams,
            held.millilitres,
        )
    return made


def entries(found: Iterable[CustodyEntry]) -> Table:
    """Lines of a ledger: who, and the id that is needed to take an entry back, below the line."""
    right = ("no", "mg", "mL", "holds")
    made = table("Ledger", "no", "what", "mg", "mL", "holds", right=right)
    for one in found:
        kind = plain(CustodyKind.Name(one.kind), "CUSTODY_KIND_")
        what = f"{kind} taken back" if one.reversed_entry_id else kind
        seen = f", seen by {one.witness}" if one.witness else ""
        made.add_row(
            str(one.number),
            f"{what} [dim]by {escape(one.recorder + seen)}[/]\n[dim]{one.entry_id}[/]",
            one.change_milligrams,
            one.change_millilitres,
            one.balance.milligrams,
        )
    return made


def balance(dea_number: str, found: GetBalanceResponse) -> Table:
    """A registration's containers and their total, in milligrams."""
    made = table(f"Ledger of {dea_number}, mg", "container", *_SHORT, right=_SHORT)
    for one in found.containers:
        made.add_row(f"{one.container.ndc} {escape(one.container.label)}", *_amounts(one.balance))
    made.add_row("[bold]total[/]", *(f"[bold]{one}[/]" for one in _amounts(found.total)))
    made.caption = "closing = open + recv - given - waste - sent - destr - lost"
    return made


def incidents(found: Iterable[Incident]) -> Table:
    """Differences between book and count."""
    made = table("Incidents", "id", "state", "book", "counted", "due", right=("book", "counted"))
    for one in found:
        state = plain(IncidentStatus.Name(one.status), "INCIDENT_STATUS_")
        due = f"{moment(one.due_time)} UTC"
        made.add_row(one.incident_id, state, one.book.milligrams, one.counted.milligrams, due)
    return made


def inventory(found: GetInventoryResponse) -> Table:
    """What an inspector reads."""
    when = plain(CountMoment.Name(found.moment), "COUNT_MOMENT_")
    where, day = found.registration.dea_number, _day(found.count_date)
    title = f"Inventory of {where}, {day}, {when} of business"
    right = ("sealed", "opened", "mg open", "mg in all")
    made = table(title, "NDC", "drug", "schedule", *right, right=right)
    for one in found.lines:
        numbers = str(one.sealed_count), str(one.opened_count), one.opened_milligrams
        made.add_row(one.ndc, escape(one.drug), one.schedule, *numbers, one.total_milligrams)
    made.caption = f"counted by {escape(found.counter)}; the next is due by {_day(found.next_date)}"
    return made


def deadlines(found: Iterable[InventoryDeadline]) -> Table:
    """When registered places must be counted."""
    made = table("Inventories", "registration", "clinic", "due by", "state")
    for one in found:
        stage = plain(InventoryStage.Name(one.stage), "INVENTORY_STAGE_")
        made.add_row(one.dea_number, one.clinic_id, _day(one.due_date), stage)
    return made


def _amounts(of: CustodyBalance) -> list[str]:
    return [getattr(of, name) for name in _COLUMNS]


def _day(day: Date) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"
