"""Statements, refunds and the trial balance as tables."""

from collections.abc import Iterable

from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, money, plain
from halcyon.billing.v1.billing_pb2 import AccountBalance, Money
from halcyon.billing.v1.ledger_pb2 import Statement
from halcyon.billing.v1.refund_pb2 import Refund, RefundQuote, RefundStatus


def statement(found: Statement) -> tuple[Table, Table, str]:
    """Lines, packages and what is left."""
    amounts = ("amount", "owed", "prepaid")
    lines = table(f"Statement of {found.patient_id}", "when", "what", *amounts, right=amounts)
    for line in found.lines:
        lines.add_row(
            f"{moment(line.post_time)} UTC",
            line.rule.replace("_", " "),
            money(line.amount),
            money(line.owed_change),
            money(line.prepaid_change),
        )
    counts = ("sold", "delivered", "refunded", "forfeited", "to come", "held")
    packages = table("Packages", "invoice", *counts, right=counts)
    for one in found.entitlements:
        packages.add_row(
            one.invoice_id,
            str(one.sold_count),
            str(one.delivered_count),
            str(one.refunded_count),
            str(one.forfeited_count),
            str(one.unused_count),
            money(one.prepaid),
        )
    sums = f"paid {money(found.paid)}, prepaid {money(found.prepaid)}, owed {money(found.owed)}"
    return lines, packages, sums


def refund_quote(found: RefundQuote) -> Table:
    """What would go back, and why."""
    made = table(f"Refund by {found.terms}", "what", "amount", right=("amount",))
    made.add_row(f"{found.session_count} unused sessions", money(found.value))
    made.add_row("discount not earned", money(_less(found.clawed_back)))
    made.add_row(f"fee ({found.reason.replace('_', ' ')})", money(_less(found.fee)))
    if found.set_off.minor_units:
        made.add_row("not owed any more", money(_less(found.set_off)))
    made.add_row("[bold]goes back[/]", f"[bold]{money(found.amount)}[/]")
    return made


def refund(found: Refund) -> str:
    """Where a refund stands, in a line."""
    stands = plain(RefundStatus.Name(found.status), "REFUND_STATUS_")
    return f"refund {found.refund_id}: {money(found.amount)} {stands}"


def trial_balance(found: Iterable[AccountBalance]) -> Table:
    """Accounts that do not stand at zero, debit and credit, and their sums."""
    made = table("Trial balance", "account", "debit", "credit", right=("debit", "credit"))
    listed = [one for one in found if one.balance.minor_units]
    for one in listed:
        made.add_row(one.account, *sides(one.balance))
    amounts = [one.balance.minor_units for one in listed]
    held = Money(currency_code="USD", minor_units=sum(n for n in amounts if n > 0))
    owed = Money(currency_code="USD", minor_units=-sum(n for n in amounts if n < 0))
    made.add_row("[bold]sum[/]", f"[bold]{money(held)}[/]", f"[bold]{money(owed)}[/]")
    return made


def sides(amount: Money) -> tuple[str, str]:
    """An amount on its side of an account: debit or credit."""
    return (money(amount), "") if amount.minor_units > 0 else ("", money(_less(amount)))


def _less(amount: Money) -> Money:
    return Money(currency_code=amount.currency_code, minor_units=-amount.minor_units)
