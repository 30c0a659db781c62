"""`halcyon billing owed`: fees for missed sessions, balances paid and given up, reminders."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from clients import accounts, owing
from clients.cli.billing import DESK, Referral
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.till import Amount, Named, amount, clinic
from clients.cli.views import owed as views
from clients.sdk import Halcyon
from halcyon.billing.v1.billing_pb2 import Invoice, Money
from halcyon.billing.v1.ledger_pb2 import BalanceReminder
from halcyon.billing.v1.refund_pb2 import MissedReason, MissedSessionFee
from halcyon.billing.v1.refund_service_pb2 import ChargeMissedSessionRequest
from halcyon.scheduling.v1 import scheduling_pb2 as booked
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest

app = typer.Typer(
    help="What is owed: missed, reverse, paid, write-off, give-back, reminders.",
    no_args_is_help=True,
)
Number = Annotated[
    int,
    typer.Argument(metavar="SESSION", help="Its number, as `schedule series` says it.", min=1),
]
_ABSENT = {booked.BOOKING_STATUS_NO_SHOW, booked.BOOKING_STATUS_CANCELLED}


class Why(StrEnum):
    """Why a session did not happen."""

    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@app.command()
def missed(
    referral_id: Referral,
    number: Number,
    why: Annotated[Why, typer.Argument(help="Why it did not happen.")],
    data: Data = DEFAULT,
    told: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M"],
            help="When the patient called it off, on the clinic's wall clock.",
        ),
    ] = None,
    waiver: Annotated[str, typer.Option(help="A reason of the terms to charge nothing.")] = "",
) -> None:
    """Charge the fee for a missed session, as the terms decide it; once a session."""
    if why is Why.CANCELLED and not told:
        raise typer.BadParameter("of a session that was cancelled --told is needed")

    async def charging() -> MissedSessionFee:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            request = await _absence(clerk, invoice, number, why)
            request.waiver = waiver
            if told:
                here = await clinic(clerk, invoice.clinic_id)
                request.notice_time.FromDatetime(told.replace(tzinfo=ZoneInfo(here.time_zone)))
            return await owing.charge_missed(clerk, request)

    show(views.fee(run(charging()), number))


@app.command()
def reverse(referral_id: Referral, number: Number, data: Data = DEFAULT) -> None:
    """Take the fee for a missed session back."""

    async def reversing() -> MissedSessionFee:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            booking = await _booking(clerk, invoice, number)
            return await owing.reverse_fee(clerk, booking.session_id)

    show(views.fee(run(reversing()), number))


@app.command()
def paid(referral_id: Referral, sum_: Amount, data: Data = DEFAULT) -> None:
    """Record that a patient paid what was owed, or a part of it, at the desk."""

    async def paying() -> tuple[Money, Money]:
        async with acting(data, "cashier") as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            given = amount(sum_, invoice.total)
            return given, await owing.pay_balance(clerk, invoice.invoice_id, given)

    show(views.cleared(*run(paying()), "paid"))


@app.command("write-off")
def write_off(referral_id: Referral, sum_: Amount, data: Data = DEFAULT) -> None:
    """Give up what a patient owes, or a part of it; for the medical director."""

    async def forgiving() -> tuple[Money, Money]:
        async with acting(data, "medical_director") as director:
            invoice = await accounts.invoice_of(director, referral_id)
            given = amount(sum_, invoice.total)
            return given, await owing.write_off(director, invoice.invoice_id, given)

    show(views.cleared(*run(forgiving()), "written off"))


@app.command("give-back")
def give_back(referral_id: Referral, sum_: Amount, data: Data = DEFAULT) -> None:
    """Record that a credit, or a part of it, was given back; for the medical director."""

    async def returning() -> tuple[Money, Money]:
        async with acting(data, "medical_director") as director:
            invoice = await accounts.invoice_of(director, referral_id)
            given = amount(sum_, invoice.total)
            return given, await owing.give_back(director, invoice.invoice_id, given)

    show(views.cleared(*run(returning()), "given back"))


@app.command()
def reminders(clinic_name: Named, data: Data = DEFAULT) -> None:
    """Show who is to be reminded of a balance, the newest first."""

    async def reading() -> tuple[Sequence[BalanceReminder], dict[str, str]]:
        async with acting(data, *DESK) as clerk:
            here = await clinic(clerk, clinic_name)
            found = await owing.reminders_of(clerk, here.clinic_id)
            return found, await accounts.referrals_of(clerk, [one.invoice_id for one in found])

    found, owners = run(reading())
    show(views.reminders(found, owners) if found else "nobody is to be reminded")


async def _absence(
    clerk: Halcyon, invoice: Invoice, number: int, why: Why
) -> ChargeMissedSessionRequest:
    booking = await _booking(clerk, invoice, number)
    return ChargeMissedSessionRequest(
        invoice_id=invoice.invoice_id,
        session_id=booking.session_id,
        missed=MissedReason.Value(f"MISSED_REASON_{why.name}"),
        session_start_time=booking.start_time,
    )


async def _booking(clerk: Halcyon, invoice: Invoice, number: int) -> booked.Booking:
    """The time of a session that was missed; else the time that it has."""
    request = GetSeriesRequest(series_id=invoice.series_id)
    series = (await clerk.scheduling.GetSeries(request)).series
    every = (*series.earlier_bookings, *series.bookings)
    had = [one for one in every if one.number == number]
    if not had:
        raise typer.BadParameter(f"this series has no session {number}")
    absent = [one for one in had if one.status in _ABSENT]
    return (absent or had)[-1]
