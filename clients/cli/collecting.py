"""`halcyon billing quote | estimate | pay`: what comes before a series begins."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import Parse

from clients import accounts, collecting
from clients.cli.billing import DESK, Referral, app, written
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import collecting as views
from clients.sdk import Halcyon
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.billing.v1.estimate_pb2 import (
    PACKAGE_PREFERENCE_CHEAPEST,
    PACKAGE_PREFERENCE_NONE,
    CoProviderShare,
    Estimate,
    InfusionsWanted,
    ProvideWay,
    Quote,
)
from halcyon.billing.v1.estimate_service_pb2 import UpdateCoProvidersRequest
from halcyon.billing.v1.payment_pb2 import Payment, PaymentMethod

__all__ = ["app", "co_providers", "estimate", "pay", "quote"]

Told = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The request as JSON.")]


class Way(StrEnum):
    """How an estimate reached the patient."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    ORAL = "oral"


class How(StrEnum):
    """How a series is paid."""

    CASH = "cash"
    TERMINAL = "terminal"
    PLAN = "plan"
    RETRY = "retry"


@app.command()
def quote(
    clinic_id: Annotated[str, typer.Argument(help="The clinic's id.")],
    data: Data = DEFAULT,
    code: Annotated[str, typer.Option(help="ICD-10-CM code of the condition.")] = "F33.2",
    minutes: Annotated[int, typer.Option(help="Infusion time of each session.")] = 45,
    sessions: Annotated[int, typer.Option(help="How many; 0 for none.", min=0)] = 8,
    dose: Annotated[str, typer.Option(help="Milligrams of each, if known.")] = "",
    item: Annotated[list[str] | None, typer.Option(help="Further items: NAME or NAME=N.")] = None,
    singles: Annotated[bool, typer.Option("--singles", help="No packages.")] = False,
) -> None:
    """Say what care would cost, line by line, and why."""
    preference = PACKAGE_PREFERENCE_NONE if singles else PACKAGE_PREFERENCE_CHEAPEST
    infusions = InfusionsWanted(
        indication_code=code,
        infusion_minutes=minutes,
        dose_milligrams=dose,
        session_count=sessions,
        packages=preference,
    )
    items = dict(_item(words) for words in item or [])

    async def asking() -> Quote:
        async with acting(data, *DESK) as clerk:
            return await collecting.quote(clerk, clinic_id, infusions if sessions else None, items)

    show(views.quote(run(asking())))


@app.command()
def estimate(
    referral_id: Referral,
    data: Data = DEFAULT,
    provide: Annotated[Way | None, typer.Option(help="It has reached the patient.")] = None,
    into: Annotated[Path | None, typer.Option(help="Print it into this folder.")] = None,
) -> None:
    """Show the Good Faith Estimate of a series; print it, or record that it was given."""

    async def reading() -> Estimate:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            found = await collecting.estimate_of(clerk, invoice)
            if into:
                made = await accounts.estimate_document(clerk, invoice)
                show(written(into, made.file_name, made.pdf))
            if provide:
                way = ProvideWay.Value(f"PROVIDE_WAY_{provide.name}")
                found = await collecting.provide(clerk, found, way)
            return found

    show(*views.estimate(run(reading())))


@app.command("co-providers")
def co_providers(told: Told, data: Data = DEFAULT) -> None:
    """Set who else bills for a clinic's sessions: all of them, as an UpdateCoProvidersRequest."""
    request = Parse(told.read_text(), UpdateCoProvidersRequest())

    async def setting() -> Sequence[CoProviderShare]:
        async with acting(data, *DESK) as clerk:
            return await collecting.set_co_providers(clerk, request)

    show(views.co_providers(run(setting())))


@app.command()
def pay(
    referral_id: Referral,
    data: Data = DEFAULT,
    how: Annotated[How | None, typer.Option(help="Without it, payments are only shown.")] = None,
    deposit: Annotated[int, typer.Option(help="Of a plan: minor units now.", min=0)] = 0,
    instalments: Annotated[int, typer.Option(help="Of a plan: parts of the rest.", min=1)] = 3,
    days: Annotated[int, typer.Option(help="Of a plan: days between parts.", min=1)] = 14,
    receipt: Annotated[Path | None, typer.Option(help="Print a receipt into this folder.")] = None,
) -> None:
    """Pay a series at the desk or in parts, ask again, or show its payments."""

    async def paying() -> Sequence[Payment]:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            await _pay(clerk, invoice, how, (deposit, instalments, days))
            if receipt:
                made = await collecting.receipt(clerk, invoice)
                show(written(receipt, made.file_name, made.pdf))
            return await collecting.payments_of(clerk, invoice.invoice_id)

    show(views.payments(run(paying())))


async def _pay(
    clerk: Halcyon, invoice: Invoice, how: How | None, plan: tuple[int, int, int]
) -> None:
    match how:
        case How.CASH:
            await collecting.pay_at_desk(clerk, invoice, PaymentMethod.PAYMENT_METHOD_CASH)
        case How.TERMINAL:
            method = PaymentMethod.PAYMENT_METHOD_CARD_TERMINAL
            await collecting.pay_at_desk(clerk, invoice, method)
        case How.PLAN:
            await collecting.start_plan(clerk, invoice, *plan)
        case How.RETRY:
            await collecting.try_again(clerk, invoice)
        case None:
            pass


def _item(words: str) -> tuple[str, int]:
    name, _, count = words.partition("=")
    if count and not count.isdigit():
        raise typer.BadParameter("--item is NAME or NAME=N")
    return name, int(count or 1)
