"""`halcyon billing`: estimates, statements, receipts, refunds and the trial balance."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clients import accounts, refunding
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import money as views
from clients.sdk import Halcyon
from halcyon.billing.v1.billing_pb2 import AccountBalance
from halcyon.billing.v1.ledger_pb2 import Statement
from halcyon.billing.v1.ledger_service_pb2 import RenderStatementResponse
from halcyon.billing.v1.refund_pb2 import Refund, RefundQuote
from halcyon.billing.v1.superbill_pb2 import ClaimPayer, SuperbillFormat
from halcyon.billing.v1.superbill_service_pb2 import RenderSuperbillResponse

app = typer.Typer(help="Prices, payments, receipts, refunds, the ledger.", no_args_is_help=True)
DESK = ("cashier", "coordinator")

Referral = Annotated[str, typer.Argument(help="The referral's id.")]


class Form(StrEnum):
    """What a receipt is printed as."""

    PDF = "pdf"
    FHIR = "fhir"
    CLAIM = "fhir-claim"
    X12 = "837p"


_FORMS = {
    Form.PDF: SuperbillFormat.SUPERBILL_FORMAT_PDF,
    Form.FHIR: SuperbillFormat.SUPERBILL_FORMAT_FHIR_INVOICE,
    Form.CLAIM: SuperbillFormat.SUPERBILL_FORMAT_FHIR_CLAIM,
    Form.X12: SuperbillFormat.SUPERBILL_FORMAT_X12_837P,
}


@app.command()
def statement(
    referral_id: Referral,
    data: Data = DEFAULT,
    into: Annotated[
        Path | None, typer.Option(help="Print it for the patient, into this folder.")
    ] = None,
) -> None:
    """Show the account of a referral's patient, without naming them; or print it for them."""

    async def reading() -> Statement:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            return await accounts.statement_of(clerk, invoice.patient_id)

    async def printing() -> RenderStatementResponse:
        async with acting(data, *DESK) as clerk:
            return await accounts.statement_paper(
                clerk, await accounts.invoice_of(clerk, referral_id)
            )

    if into is None:
        show(*views.statement(run(reading())))
    else:
        paper = run(printing())
        show(written(into, paper.file_name, paper.pdf))


@app.command()
def superbill(
    referral_id: Referral,
    data: Data = DEFAULT,
    form: Annotated[Form, typer.Option(help="What to print.")] = Form.PDF,
    session: Annotated[int, typer.Option(help="Only this one, from 1; 0 for all.", min=0)] = 0,
    into: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("."),
    payer: Annotated[str, typer.Option(help="For a payer: NAME/PAYER_ID/MEMBER_ID.")] = "",
) -> None:
    """Print the receipt of one delivered session, or of all of them."""

    async def printing() -> RenderSuperbillResponse:
        async with acting(data, *DESK) as clerk:
            return await _printed(clerk, referral_id, _FORMS[form], session, _payer(payer))

    made = run(printing())
    show(written(into, made.file_name, made.content))


@app.command()
def refund(
    referral_id: Referral,
    data: Data = DEFAULT,
    sessions: Annotated[int, typer.Option(help="Unused sessions; 0 for all.", min=0)] = 0,
    reason: Annotated[str, typer.Option(help="A reason of the terms.")] = "patient_request",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only a quote.")] = False,
) -> None:
    """Quote what goes back for unused sessions and, with --yes, give it back."""

    async def asking() -> tuple[RefundQuote, Refund | None]:
        async with acting(data, *DESK) as clerk:
            invoice_id = (await accounts.invoice_of(clerk, referral_id)).invoice_id
            quoted = await accounts.quote(clerk, invoice_id, reason, sessions)
            if not yes:
                return quoted, None
            asked = await accounts.refund(clerk, invoice_id, reason, sessions)
            return quoted, await refunding.answered(clerk, asked)

    quoted, made = run(asking())
    show(views.refund_quote(quoted))
    show(views.refund(made) if made else "nothing was done; say --yes to give it back")


@app.command("trial-balance")
def trial_balance(
    clinic_id: Annotated[str, typer.Argument(help="The clinic's id.")], data: Data = DEFAULT
) -> None:
    """Every account of a clinic; the sum is zero, or the command fails."""

    async def reading() -> list[AccountBalance]:
        async with acting(data, "cashier") as clerk:
            return list(await accounts.balances_of(clerk, clinic_id))

    found = run(reading())
    show(views.trial_balance(found))
    if sum(one.balance.minor_units for one in found):
        raise typer.Exit(1)


def written(into: Path, name: str, content: bytes) -> str:
    """Where a document was put."""
    into.mkdir(parents=True, exist_ok=True)
    (into / name).write_bytes(content)
    return f"{into / name} ({len(content)} bytes)"


async def _printed(
    clerk: Halcyon,
    referral_id: str,
    form: SuperbillFormat.ValueType,
    number: int,
    payer: ClaimPayer | None,
) -> RenderSuperbillResponse:
    invoice = await accounts.invoice_of(clerk, referral_id)
    bills = await accounts.superbills_of(clerk, invoice.invoice_id)
    if number > len(bills):
        raise typer.BadParameter(f"only {len(bills)} sessions were delivered")
    chosen = bills[number - 1].superbill_id if number else ""
    return await accounts.document(clerk, invoice, chosen, form, payer)


def _payer(words: str) -> ClaimPayer | None:
    if not words:
        return None
    parts = words.split("/")
    if len(parts) != 3:
        raise typer.BadParameter("--payer is NAME/PAYER_ID/MEMBER_ID")
    name, payer_id, member_id = parts
    return ClaimPayer(name=name, payer_id=payer_id, member_id=member_id)
