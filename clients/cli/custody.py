"""`halcyon custody`: what comes, is given, wasted, transferred and taken back."""

from datetime import date, datetime
from typing import Annotated
from uuid import uuid4

import typer
from google.type.date_pb2 import Date

from clients import custody
from clients.cli import custody_stock
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import cabinet
from halcyon.infusion.v1 import custody_movements_pb2 as movements
from halcyon.infusion.v1.custody_pb2 import (
    CUSTODY_KIND_DESTROYED,
    CUSTODY_KIND_WASTED,
    Container,
    CustodyEntry,
    Disposal,
    DrugAmount,
)

app = typer.Typer(help="Keep the controlled-drug ledger.", no_args_is_help=True)
custody_stock.add_to(app)

Dea = Annotated[str, typer.Argument(help="DEA number of the registration.")]
Vial = Annotated[str, typer.Argument(help="The container's id.")]
Milligrams = Annotated[str, typer.Option("--mg", help="Milligrams.")]
Millilitres = Annotated[str, typer.Option("--ml", help="Millilitres; must agree with --mg.")]
REASONS = tuple(
    name.removeprefix("REVERSAL_REASON_").lower() for name in movements.ReversalReason.keys()[1:]
)


@app.command()
def receive(
    dea_number: Dea,
    *,
    label: Annotated[list[str], typer.Option(help="The clinic's mark; once for each container.")],
    ndc: Annotated[str, typer.Option(help="National Drug Code as 5-4-2.")],
    lot: Annotated[str, typer.Option(help="The maker's lot.")],
    expiry: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of use.")],
    supplier: Annotated[
        str, typer.Option(help="Supplier's DEA number; none on the first day.")
    ] = "",
    invoice: Annotated[str, typer.Option(help="Invoice number.")] = "",
    data: Data = DEFAULT,
) -> None:
    """Take sealed containers in."""
    request = movements.ReceiveContainersRequest(
        request_id=str(uuid4()),
        dea_number=dea_number,
        ndc=ndc,
        lot=lot,
        expiry_date=_day(expiry.date()),
        arrivals=[movements.Arrival(label=one) for one in label],
        supplier_dea_number=supplier,
        invoice_number=invoice,
    )

    async def receiving() -> list[Container]:
        async with acting(data, "pharmacist") as pharmacist:
            return list((await pharmacist.custody.ReceiveContainers(request)).containers)

    show(cabinet.containers(run(receiving())))


@app.command()
def administer(
    container_id: Vial,
    session_id: Annotated[str, typer.Argument(help="The session.")],
    mg: Milligrams = "",
    ml: Millilitres = "",
    data: Data = DEFAULT,
) -> None:
    """Record what a patient was given out of a container."""

    async def giving() -> CustodyEntry:
        async with acting(data, "nurse") as nurse:
            amount = DrugAmount(milligrams=mg, millilitres=ml)
            return await custody.administer(nurse, container_id, session_id, amount)

    show(cabinet.entries([run(giving())]))


@app.command()
def waste(
    container_id: Vial,
    *,
    mg: Milligrams = "",
    ml: Millilitres = "",
    destroy: Annotated[bool, typer.Option(help="Stock, not residue (DEA Form 41).")] = False,
    form: Annotated[str, typer.Option(help="Number of the form.")] = "",
    session: Annotated[str, typer.Option(help="The session whose residue it is.")] = "",
    data: Data = DEFAULT,
) -> None:
    """Say that residue was poured away; it counts once somebody else has witnessed it."""
    kind = CUSTODY_KIND_DESTROYED if destroy else CUSTODY_KIND_WASTED
    amount = DrugAmount(milligrams=mg, millilitres=ml) if mg or ml else None

    async def wasting() -> Disposal:
        async with acting(data, "nurse") as nurse:
            return await custody.dispose(
                nurse, container_id, kind, amount, reference=form, session_id=session
            )

    disposal = run(wasting())
    show(f"{disposal.amount.milligrams} mg by {disposal.recorder}, not in the ledger yet")
    show(f"the witness says: halcyon custody witness {disposal.disposal_id}")


@app.command()
def witness(
    disposal_id: Annotated[str, typer.Argument(help="The disposal.")],
    role: Annotated[str, typer.Option(help="The witness's role.")] = "pharmacist",
    data: Data = DEFAULT,
) -> None:
    """Confirm, as another person, that a waste or a destruction took place."""

    async def seeing() -> CustodyEntry:
        async with acting(data, role) as other:
            return await custody.witness(other, disposal_id)

    show(cabinet.entries([run(seeing())]))


@app.command()
def transfer(
    container_id: Vial,
    to: Annotated[str, typer.Argument(help="The recipient's DEA number.")],
    data: Data = DEFAULT,
) -> None:
    """Send a sealed container to another registration."""

    async def sending() -> CustodyEntry:
        async with acting(data, "pharmacist") as pharmacist:
            return await custody.transfer(pharmacist, container_id, to)

    show(cabinet.entries([run(sending())]))


@app.command()
def reverse(
    container_id: Vial,
    entry_id: Annotated[str, typer.Argument(help="The entry.")],
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")],
    data: Data = DEFAULT,
) -> None:
    """Take back what an entry did, by an entry of its own."""
    if reason not in REASONS:
        raise typer.BadParameter(f"one of {', '.join(REASONS)}")
    value = movements.ReversalReason.Value(f"REVERSAL_REASON_{reason.upper()}")

    async def undoing() -> CustodyEntry:
        async with acting(data, "pharmacist") as pharmacist:
            return await custody.reverse(pharmacist, container_id, entry_id, value)

    show(cabinet.entries([run(undoing())]))


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
