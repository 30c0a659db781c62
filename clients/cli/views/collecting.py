"""Quotes, estimates and payments: each as one table."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, money, plain
from halcyon.billing.v1.billing_pb2 import Invoice, InvoiceStatus
from halcyon.billing.v1.estimate_pb2 import CoProviderShare, Estimate, EstimateReason, Quote
from halcyon.billing.v1.payment_pb2 import (
    Card,
    CardStatus,
    Payment,
    PaymentMethod,
    PaymentPurpose,
    PaymentStatus,
)


def quote(found: Quote) -> Table:
    """Every line, and what it is made of."""
    title = f"Quote from price book {found.price_book}"
    shown = table(title, "what", "quantity", "each", "amount", right=("quantity", "each", "amount"))
    shown.columns[0].no_wrap = False
    for line in found.lines:
        row = line.description, str(line.quantity), money(line.unit_price), money(line.amount)
        shown.add_row(*row)
        for reason in line.reasons:
            shown.add_row(f"  [dim]{escape(reason)}[/]", "", "", "")
    shown.add_row("[bold]total[/]", "", "", f"[bold]{money(found.total)}[/]")
    return shown


def estimate(found: Estimate) -> Iterator[Any]:
    """The lines, and where its clock stands."""
    reason = plain(EstimateReason.Name(found.reason), "ESTIMATE_REASON_")
    title = f"Good Faith Estimate, version {found.version} ({reason})"
    columns = ("provider", "what", "codes", "quantity", "amount")
    shown = table(title, *columns, right=("quantity", "amount"))
    for line in found.lines:
        codes = ", ".join(line.procedure_codes)
        shown.add_row(line.npi, line.description, codes, str(line.quantity), money(line.amount))
    shown.add_row("", "[bold]total[/]", "", "", f"[bold]{money(found.total)}[/]")
    yield shown
    if found.missing:
        yield f"missing: {', '.join(found.missing)}"
    yield f"{_clock(found)}; {found.policy}"


def _clock(found: Estimate) -> str:
    due = "the service is too near for a last day to provide it"
    if found.HasField("due_time"):
        due = f"to be provided by {moment(found.due_time)} UTC"
    given = "not provided yet"
    if found.HasField("provide_time"):
        given = f"provided {moment(found.provide_time)} UTC"
    return f"{due}; {given}"


def co_providers(found: Sequence[CoProviderShare]) -> Table:
    """Their taxpayer numbers are not shown."""
    shown = table("Co-providers", "name", "NPI", "service", "codes", "price", right=("price",))
    for one in found:
        codes = ", ".join(one.procedure_codes)
        shown.add_row(one.provider.name, one.provider.npi, one.item, codes, money(one.price))
    return shown


def payments(found: Sequence[Payment]) -> Table:
    """In the order they were asked for."""
    columns = ("payment", "for", "how", "amount", "status", "why")
    shown = table("Payments", *columns, right=("amount",))
    for one in found:
        shown.add_row(
            one.payment_id,
            plain(PaymentPurpose.Name(one.purpose), "PAYMENT_PURPOSE_"),
            plain(PaymentMethod.Name(one.method), "PAYMENT_METHOD_"),
            money(one.amount),
            plain(PaymentStatus.Name(one.status), "PAYMENT_STATUS_"),
            one.reason,
        )
    return shown


def cards(found: Sequence[Card]) -> Table:
    """What each is, and what was agreed; nobody here knows a number."""
    shown = table("Cards on file", "card", "status", "consent", "agreed", "why")
    for one in found:
        status = plain(CardStatus.Name(one.status), "CARD_STATUS_")
        shown.add_row(
            one.card_id, status, one.consent, f"{moment(one.consent_time)} UTC", one.reason
        )
    return shown


def packages(found: Sequence[Invoice]) -> Table:
    """What each holds, what was delivered from it, and what is promised to a series."""
    counts = ("sessions", "delivered", "promised")
    shown = table("Packages", "package", "status", *counts, "price", right=(*counts, "price"))
    for one in found:
        status = plain(InvoiceStatus.Name(one.status), "INVOICE_STATUS_")
        numbers = one.session_count, one.delivered_count, one.covered_session_count
        shown.add_row(one.invoice_id, status, *map(str, numbers), money(one.total))
    return shown
