"""`halcyon billing books`: the journal, what the processor paid out, the end of a period."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from clients import accounts, bookkeeping
from clients.cli.billing import Referral
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.till import Amount, Named, clinic, minor_units
from clients.cli.views import books as views
from halcyon.billing.v1.billing_pb2 import JournalEntry, Money
from halcyon.billing.v1.ledger_pb2 import ClosedPeriod
from halcyon.billing.v1.ledger_service_pb2 import RecordPayoutRequest

app = typer.Typer(help="The books: journal, payout, close, periods.", no_args_is_help=True)


@app.command()
def journal(referral_id: Referral, data: Data = DEFAULT) -> None:
    """Show every entry of a series' journal, in order of posting."""

    async def reading() -> list[JournalEntry]:
        async with acting(data, "cashier") as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            return await bookkeeping.journal_of(clerk, invoice.invoice_id)

    found = run(reading())
    show(views.journal(found) if found else "nothing was posted yet")


@app.command()
def payout(
    clinic_name: Named,
    reference: Annotated[str, typer.Argument(help="The processor's own id of the payout.")],
    gross: Amount,
    data: Data = DEFAULT,
    *,
    fee: Annotated[str, typer.Option(help="What the processor kept of it, such as 3.20.")],
    currency: Annotated[str, typer.Option(help="Its currency.")] = "USD",
) -> None:
    """Record what the processor sent to the bank, and what it kept; once a reference."""

    async def recording() -> JournalEntry:
        async with acting(data, "cashier") as clerk:
            request = RecordPayoutRequest(
                clinic_id=(await clinic(clerk, clinic_name)).clinic_id,
                reference=reference,
                gross=Money(currency_code=currency, minor_units=minor_units(gross)),
                fee_minor_units=minor_units(fee),
            )
            return await bookkeeping.pay_out(clerk, request)

    show(views.journal([run(recording())]))


@app.command()
def close(
    clinic_name: Named,
    until: Annotated[
        datetime,
        typer.Argument(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
            help="The first moment after it, on the clinic's wall clock.",
        ),
    ],
    data: Data = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; it cannot be opened again.")] = False,
) -> None:
    """Close a period: its balances are fixed, and nothing is posted into it any more."""
    if not yes:
        raise typer.BadParameter("a period is closed for good, and only with --yes")

    async def closing() -> tuple[ClosedPeriod, str]:
        async with acting(data, "cashier") as clerk:
            here = await clinic(clerk, clinic_name)
            end = until.replace(tzinfo=ZoneInfo(here.time_zone))
            return await bookkeeping.close(clerk, here.clinic_id, end), here.time_zone

    show(*views.period(*run(closing())))


@app.command()
def periods(clinic_name: Named, data: Data = DEFAULT) -> None:
    """Show the closed periods of a clinic, the newest first."""

    async def reading() -> tuple[Sequence[ClosedPeriod], str]:
        async with acting(data, "cashier") as clerk:
            here = await clinic(clerk, clinic_name)
            return await bookkeeping.closed_periods(clerk, here.clinic_id), here.time_zone

    found, zone = run(reading())
    show(views.periods(found, zone) if found else "no period was closed yet")
