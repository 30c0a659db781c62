"""Referral, timeline, series, invoice, ledger, parked facts, network: each as one table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from clients.cli.views.words import COLOURS, fact, moment, money, owner, plain, when
from halcyon.billing.v1.billing_pb2 import AccountBalance, Invoice, InvoiceStatus, Money
from halcyon.operations.v1.operations_service_pb2 import ParkedFact
from halcyon.referral.v1.referral_pb2 import (
    Referral,
    ReferralChange,
    ReferralPriority,
    ReferralStatus,
)
from halcyon.scheduling.v1.scheduling_pb2 import BookingStatus, Series, SeriesStatus


def table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """The look that all tables share."""
    made = Table(
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        min_width=len(title),
    )
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    return made


def status(value: ReferralStatus.ValueType) -> str:
    """A referral's status in words."""
    return plain(ReferralStatus.Name(value), "REFERRAL_STATUS_")


def referral(one: Referral) -> Table:
    """A referral without the patient's identifiers: a terminal is a public place."""
    made = table(f"Referral {one.referral_id}", "what", "value")
    made.add_row("status", status(one.status))
    made.add_row("referrer", f"NPI {one.referrer.npi}, {escape(one.referrer.organization)}")
    made.add_row("indication", one.clinical.indication_code)
    priority = plain(ReferralPriority.Name(one.priority), "REFERRAL_PRIORITY_")
    made.add_row("priority", priority)
    made.add_row("patient", one.patient.patient_id)
    made.add_row("clinic", one.clinic_id or "not routed yet")
    made.add_row("received", f"{moment(one.receive_time)} UTC")
    made.add_row("revision", str(one.revision))
    return made


def timeline(changes: Iterable[ReferralChange]) -> Table:
    """What happened, who said it, and what it made of the referral."""
    told = sorted(changes, key=lambda change: change.revision)
    made = table("Timeline", "rev", "after", "stated by", "fact", "status", right=("rev", "after"))
    for change in told:
        service = owner(change.cause)
        made.add_row(
            str(change.revision),
            since(told[0], change),
            f"[{COLOURS.get(service, 'white')}]{service}[/]",
            fact(change.cause),
            status(change.status),
        )
    return made


def since(first: ReferralChange, change: ReferralChange) -> str:
    """Time from the first change to this one; what was entered late may lie before it."""
    seconds = (when(change.change_time) - when(first.change_time)).total_seconds()
    if seconds < 0:
        return "told late"
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"


def series(one: Series, zone: str = "UTC") -> Table:
    """The sessions of a series in the clinic's own time."""
    state = plain(SeriesStatus.Name(one.status), "SERIES_STATUS_")
    made = table(f"Series, {state}", "session", "start", "end", "state", right=("session",))
    for booking in one.bookings:
        state = plain(BookingStatus.Name(booking.status), "BOOKING_STATUS_")
        end = moment(booking.end_time, zone)[-5:]
        made.add_row(str(booking.number), moment(booking.start_time, zone), end, state)
    for booking in one.earlier_bookings:
        state = plain(BookingStatus.Name(booking.status), "BOOKING_STATUS_")
        end = moment(booking.end_time, zone)[-5:]
        start = moment(booking.start_time, zone)
        made.add_row(f"once {booking.number}", start, end, state, style="bright_black")
    for decided in one.overrides:
        rules = ", ".join(decided.rules) or "nothing"
        role = decided.role.replace("_", " ")
        made.add_row(
            f"{decided.number}", f"by the {role}", "", f"set aside: {rules}", style="yellow"
        )
    made.caption = "; ".join(_about(one, zone))
    return made


def _about(one: Series, zone: str) -> Iterator[str]:
    yield f"times in {zone}"
    if one.HasField("hold_expire_time"):
        yield f"held until {moment(one.hold_expire_time, zone)}"
    if one.rule:
        yield f"maintenance by {one.rule.split('RRULE:')[-1]}"


def invoice(one: Invoice) -> Table:
    """What is charged, and how far it is delivered."""
    state = plain(InvoiceStatus.Name(one.status), "INVOICE_STATUS_")
    right = ("quantity", "price", "amount")
    made = table(f"Invoice, {state}", "line", "quantity", "price", "amount", right=right)
    for line in one.lines:
        price, amount = money(line.unit_price), money(line.amount)
        made.add_row(escape(line.description), str(line.quantity), price, amount)
    made.add_row("[bold]total[/]", "", "", f"[bold]{money(one.total)}[/]")
    made.caption = f"{one.delivered_count} of {one.session_count} sessions delivered"
    return made


def ledger(balances: Sequence[AccountBalance]) -> Table:
    """The accounts of a clinic that do not stand at zero; debits are positive, the sum is zero."""
    made = table("Ledger of the clinic", "account", "balance", right=("balance",))
    for one in balances:
        if one.balance.minor_units:
            made.add_row(escape(one.account), money(one.balance))
    currency = balances[0].balance.currency_code if balances else "USD"
    total = Money(currency_code=currency, minor_units=sum(b.balance.minor_units for b in balances))
    made.add_row("[bold]sum[/]", f"[bold]{money(total)}[/]")
    return made


def parked(facts: Iterable[tuple[str, ParkedFact]]) -> Table:
    """Facts that wait for a person, without their content."""
    made = table("Parked facts", "service", "event", "fact", "error", "parked")
    for column in made.columns[:2]:
        column.min_width = 36 if column.header == "event" else 10
    for column in made.columns[2:]:
        column.no_wrap, column.overflow = False, "fold"
    for service, one in facts:
        state = "[green]replayed[/]" if one.HasField("replay_time") else moment(one.park_time)
        name = one.subject.rpartition(".")[2]
        made.add_row(service, one.event_id, name, one.error_class, state)
    return made


def network(found: Mapping[str, Any]) -> Table:
    """What runs where."""
    made = table(f"Network in {found['directory']}", "service", "address", "pid", right=("pid",))
    for name, one in found["services"].items():
        made.add_row(f"[{COLOURS.get(name, 'white')}]{name}[/]", one["address"], _pid(one))
    if "pid" in found:
        made.add_row("nats", found["nats"].partition("://")[2], "")
        made.add_row("supervisor", "", _pid(found))
    return made


def _pid(found: Mapping[str, Any]) -> str:
    """Blank where the process is not on this machine."""
    return str(found.get("pid", ""))
