"""The journal and its closed periods as tables."""

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from clients.cli.views.money import sides, trial_balance
from clients.cli.views.tables import table
from clients.cli.views.words import dated
from halcyon.billing.v1.billing_pb2 import JournalEntry
from halcyon.billing.v1.ledger_pb2 import ClosedPeriod


def journal(found: Iterable[JournalEntry]) -> Table:
    """Entry by entry: its time and its rule, and below them what it posts where."""
    shown = table("Journal", "entry", "debit", "credit", right=("debit", "credit"))
    for one in found:
        rule = one.rule.replace("_", " ")
        shown.add_row(f"[bold]{dated(one.post_time)} UTC, {rule}[/]", "", "")
        for posting in one.postings:
            shown.add_row(f"  {escape(posting.account)}", *sides(posting.amount))
    return shown


def period(found: ClosedPeriod, zone: str) -> tuple[Table, str]:
    """The balances at its end, and that it is closed."""
    until = f"{dated(found.until_time, zone)} in {zone}"
    return trial_balance(found.balances), f"closed until {until} by {escape(found.closed_by)}"


def periods(found: Sequence[ClosedPeriod], zone: str) -> Table:
    """What is closed, since when and by whom."""
    shown = table("Closed periods", "until", "closed", "by")
    for one in found:
        row = dated(one.until_time, zone), dated(one.close_time, zone), escape(one.closed_by)
        shown.add_row(*row)
    shown.caption = f"times in {zone}"
    return shown
