"""`halcyon billing refunds`: those that wait for a second person, or that the gateway refused."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clients import accounts, refunding
from clients.cli.billing import DESK, Referral
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.till import Amount, Named, amount, clinic
from clients.cli.views import refunds as views
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.billing.v1.refund_pb2 import Refund, RefundStatus
from halcyon.billing.v1.superbill_pb2 import Superbill

app = typer.Typer(
    help="Refunds: list, approve, reject, retry, by-hand, goodwill.", no_args_is_help=True
)
Id = Annotated[str, typer.Argument(help="The refund's id, as `list` says it.")]
Payment = Annotated[str, typer.Option(help="Which part; needed when several failed.")]


class Standing(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"


class Second(StrEnum):
    """Who may agree to what somebody else has asked for."""

    DIRECTOR = "medical_director"
    CASHIER = "cashier"


Role = Annotated[Second, typer.Option(help="The second person's role.")]


@app.command("list")
def list_(
    clinic_name: Named,
    data: Data = DEFAULT,
    status: Annotated[Standing | None, typer.Option(help="Only these.")] = None,
    referral: Annotated[str, typer.Option(help="Only of this referral's series.")] = "",
) -> None:
    """Show a clinic's refunds, the oldest first."""
    wanted = RefundStatus.Value(f"REFUND_STATUS_{status.name}") if status else None

    async def reading() -> list[tuple[Refund, str]]:
        async with acting(data, *DESK) as clerk:
            here = await clinic(clerk, clinic_name)
            every = await refunding.refunds_of(clerk, here.clinic_id)
            found = [one for one in every if wanted in {None, one.status}]
            owners = await accounts.referrals_of(clerk, [one.invoice_id for one in found])
            return [(one, owners[one.invoice_id]) for one in found]

    found = [(one, owner) for one, owner in run(reading()) if referral in {"", owner}]
    for one, owner in found:
        show(views.refund(one, owner))
    if not found:
        show("there is no such refund")


@app.command()
def approve(refund_id: Id, data: Data = DEFAULT, role: Role = Second.DIRECTOR) -> None:
    """Agree, as another person than the one who asked; the money goes back."""
    _tell(data, (role,), lambda second: refunding.approve(second, refund_id))


@app.command()
def reject(refund_id: Id, data: Data = DEFAULT, role: Role = Second.DIRECTOR) -> None:
    """Do not agree; nothing goes back, and the sessions stay paid."""
    _tell(data, (role,), lambda second: refunding.reject(second, refund_id))


@app.command()
def retry(refund_id: Id, data: Data = DEFAULT, payment: Payment = "") -> None:
    """Send a part that failed once more to where it came from."""

    async def sending(clerk: Halcyon) -> Refund:
        part = await _failed_part(clerk, refund_id, payment)
        return await refunding.retry(clerk, refund_id, part)

    _tell(data, ("cashier",), sending)


@app.command("by-hand")
def by_hand(refund_id: Id, data: Data = DEFAULT, payment: Payment = "") -> None:
    """Record that a part that failed was given back by cheque or cash."""

    async def paying(clerk: Halcyon) -> Refund:
        part = await _failed_part(clerk, refund_id, payment)
        return await refunding.pay_by_hand(clerk, refund_id, part)

    _tell(data, ("cashier",), paying)


@app.command()
def goodwill(
    referral_id: Referral,
    number: Annotated[
        int, typer.Argument(metavar="SESSION", help="The delivered session, from 1.", min=1)
    ],
    back: Amount,
    data: Data = DEFAULT,
) -> None:
    """Give money back for a delivered session, at most what was paid for it."""

    async def giving(clerk: Halcyon) -> Refund:
        invoice = await accounts.invoice_of(clerk, referral_id)
        bill = await _bill(clerk, invoice, number)
        return await refunding.goodwill(clerk, bill.superbill_id, amount(back, invoice.total))

    _tell(data, ("cashier",), giving)


def _tell(data: Path, roles: tuple[str, ...], act: Callable[[Halcyon], Awaitable[Refund]]) -> None:
    """Do it, hear what the gateway says, and print what became of the refund."""

    async def doing() -> Refund:
        async with acting(data, *roles) as person:
            return await refunding.answered(person, await act(person))

    show(views.refund(run(doing())))


async def _bill(clerk: Halcyon, invoice: Invoice, number: int) -> Superbill:
    bills = await accounts.superbills_of(clerk, invoice.invoice_id)
    if number > len(bills):
        raise typer.BadParameter(f"only {len(bills)} sessions were delivered")
    return bills[number - 1]


async def _failed_part(clerk: Halcyon, refund_id: str, payment_id: str) -> str:
    """The payment named, or the only one whose part failed."""
    if payment_id:
        return payment_id
    found = await refunding.refund_of(clerk, refund_id)
    failed = [part.payment_id for part in found.parts if part.status == "failed"]
    if len(failed) == 1:
        return failed[0]
    several = f"choose one with --payment: {', '.join(failed)}"
    raise NetworkFailed(several if failed else "no part of this refund has failed")
