"""Fees for missed sessions, balances and reminders."""

from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, money, plain
from halcyon.billing.v1.billing_pb2 import Money
from halcyon.billing.v1.ledger_pb2 import BalanceReminder
from halcyon.billing.v1.refund_pb2 import MissedReason, MissedSessionFee


def fee(found: MissedSessionFee, number: int) -> str:
    """What was decided about a session, and why."""
    return "\n  ".join([f"session {number}: fee {money(found.amount)}", *_about(found)])


def _about(found: MissedSessionFee) -> Iterator[str]:
    missed = plain(MissedReason.Name(found.missed), "MISSED_REASON_")
    hours, minutes = divmod(found.notice_minutes, 60)
    notice = f" {hours} h {minutes} min before" if found.notice_minutes else ""
    yield f"{missed}{notice}; decided {moment(found.charge_time)} UTC by {escape(found.terms)}"
    if found.waiver:
        yield f"nothing is charged: {escape(found.waiver.replace('_', ' '))}"
    if found.amount.minor_units and not found.HasField("reverse_time"):
        forfeit = found.settled_by == "forfeit"
        yield "a paid session was given up for it" if forfeit else "the patient owes it"
    if found.HasField("reverse_time"):
        yield f"taken back {moment(found.reverse_time)} UTC"


def cleared(amount: Money, owed: Money, how: str) -> str:
    """What is off the balance, and what is left of it."""
    return f"{money(amount)} {how}, {money(owed)} still owed"


def reminders(found: Sequence[BalanceReminder], referrals: Mapping[str, str]) -> Table:
    """By referral: whom it is about is asked of the registry by whoever tells them."""
    amounts = ("no.", "owed then")
    shown = table("Reminders", "referral", *amounts, "when", right=amounts)
    for one in found:
        row = referrals[one.invoice_id], str(one.number), money(one.owed)
        shown.add_row(*row, moment(one.remind_time))
    shown.caption = "times in UTC"
    return shown
