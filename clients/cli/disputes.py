"""`halcyon billing disputes`: a bank takes money back, is answered, and decides."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from clients import accounts, disputing
from clients.cli.billing import DESK
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.till import Amount, Named, amount, clinic, minor_units
from clients.cli.views import disputes as views
from halcyon.billing.v1.refund_pb2 import Dispute, DisputeEvidence, DisputeStatus
from halcyon.billing.v1.refund_service_pb2 import RecordDisputeRequest

app = typer.Typer(help="Disputes: list, record, answer, decide.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The dispute's id, as `list` says it.")]


class Outcome(StrEnum):
    """What a bank can decide."""

    WON = "won"
    LOST = "lost"


@app.command("list")
def list_(clinic_name: Named, data: Data = DEFAULT) -> None:
    """Show a clinic's disputes, the most pressing first, and what answers each."""

    async def reading() -> tuple[list[Dispute], dict[str, str]]:
        async with acting(data, *DESK) as clerk:
            found = await disputing.disputes_of(clerk, (await clinic(clerk, clinic_name)).clinic_id)
            return found, await accounts.referrals_of(clerk, [one.invoice_id for one in found])

    found, owners = run(reading())
    for one in found:
        show(views.dispute(one, owners[one.invoice_id]))
    if not found:
        show("no bank has taken money back")


@app.command()
def record(
    payment_id: Annotated[str, typer.Argument(help="The payment, as `billing pay` shows it.")],
    reference: Annotated[str, typer.Argument(help="The processor's own id of the dispute.")],
    reason: Annotated[str, typer.Argument(help="The bank's reason, such as fraudulent.")],
    held: Amount,
    data: Data = DEFAULT,
    *,
    fee: Annotated[str, typer.Option(help="What the processor charges for it, such as 15.00.")],
    respond_by: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%dT%H:%M"], help="How long the bank takes evidence, in UTC."),
    ],
) -> None:
    """Record that a bank took money of a payment back; once a reference."""

    async def recording() -> Dispute:
        async with acting(data, "cashier") as clerk:
            payment = await disputing.payment_of(clerk, payment_id)
            request = RecordDisputeRequest(
                payment_id=payment_id,
                reference=reference,
                reason=reason,
                amount=amount(held, payment.amount),
                fee_minor_units=minor_units(fee),
            )
            request.respond_by_time.FromDatetime(respond_by.replace(tzinfo=UTC))
            return await disputing.record(clerk, request)

    show(views.dispute(run(recording())))


@app.command()
def answer(
    dispute_id: Id,
    evidence: Annotated[
        list[str], typer.Argument(metavar="KIND=DOCUMENT_ID", help="All that is wanted.")
    ],
    data: Data = DEFAULT,
) -> None:
    """Answer a bank with the documents that the terms want, all of them and no more."""
    documents = [_document(words) for words in evidence]

    async def answering() -> Dispute:
        async with acting(data, "cashier") as clerk:
            return await disputing.answer(clerk, dispute_id, documents)

    show(views.dispute(run(answering())))


@app.command()
def decide(dispute_id: Id, outcome: Outcome, data: Data = DEFAULT) -> None:
    """Record what the bank decided."""

    async def deciding() -> Dispute:
        async with acting(data, "cashier") as clerk:
            value = DisputeStatus.Value(f"DISPUTE_STATUS_{outcome.name}")
            return await disputing.decide(clerk, dispute_id, value)

    show(views.dispute(run(deciding())))


def _document(words: str) -> DisputeEvidence:
    kind, is_pair, document_id = words.partition("=")
    if not is_pair:
        raise typer.BadParameter("evidence is KIND=DOCUMENT_ID")
    return DisputeEvidence(kind=kind, document_id=document_id)
