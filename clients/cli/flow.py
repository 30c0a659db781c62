"""`halcyon flow`: everything that one referral has caused, across the five services."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chassis.traces import SpanLine, read_spans
from clients import flows as seen
from clients import journey
from clients.cli import pausing, unsticking
from clients.cli.place import DEFAULT, Data, acting, run, traces
from clients.cli.screen import show
from clients.cli.views import tables, tree
from clients.cli.views import unsticking as views
from clients.sdk import Halcyon, HalcyonError, NotFound
from halcyon.billing.v1 import billing_service_pb2 as billing
from halcyon.billing.v1.billing_pb2 import AccountBalance, Invoice
from halcyon.referral.v1.referral_pb2 import Referral, ReferralChange
from halcyon.scheduling.v1 import scheduling_service_pb2 as scheduling
from halcyon.scheduling.v1.scheduling_pb2 import Series

app = typer.Typer(help="Follow one referral through all services.", no_args_is_help=True)
_STILL, _POLL = 0.6, 0.2


@dataclass
class Flow:
    """What is known of one referral's way; what has not happened yet is missing."""

    referral: Referral
    changes: Sequence[ReferralChange]
    series: Series | None = None
    zone: str = "UTC"
    invoice: Invoice | None = None
    balances: Sequence[AccountBalance] = ()

    @property
    def trace_ids(self) -> list[str]:
        """The sampled traces that carried it, in order."""
        told = sorted(self.changes, key=lambda change: change.revision)
        return list(dict.fromkeys(change.trace_id for change in told if change.trace_id))


@app.callback()
def flows() -> None:
    """Follow one referral through all services."""


@app.command("show")
def show_flow(
    referral_id: Annotated[str, typer.Argument(help="The referral's id.")], data: Data = DEFAULT
) -> None:
    """Timeline, series, invoice, ledger, traces, steps owed, and why the flow does not move."""

    async def reading() -> tuple[Flow | None, seen.Picture]:
        async with acting(data, "coordinator", "cashier", "operator") as reader:
            known = await seen.picture(reader, referral_id)
            try:
                return await read(reader, referral_id), known
            except HalcyonError:
                return None, known

    flow, known = run(reading())
    if flow:
        show(tables.referral(flow.referral), tables.timeline(flow.changes))
        tell_money_and_time(flow)
        folder = traces(data)
        for trace_id in flow.trace_ids:
            show(tree.trace(read_spans(folder), trace_id) if folder else f"trace {trace_id}")
    show(views.facts(known))
    if known.steps:
        show(views.steps(known.steps))
    show(views.reasons(seen.why(known)))


app.command("list")(unsticking.list_flows)
app.command("retry")(unsticking.retry)
app.command("skip")(unsticking.skip)
app.command("pause")(pausing.pause)
app.command("resume")(pausing.resume)
app.command("pauses")(pausing.list_pauses)
app.command("log")(unsticking.log)


def tell_money_and_time(flow: Flow) -> None:
    """Series, invoice and ledger, as far as they exist."""
    if flow.series:
        show(tables.series(flow.series, flow.zone))
    if flow.invoice:
        show(tables.invoice(flow.invoice))
    if flow.balances:
        show(tables.ledger(flow.balances))


async def read(reader: Halcyon, referral_id: str) -> Flow:
    """Ask each service for its part; one that has none yet is passed over."""
    referral = await journey.referral_of(reader, referral_id)
    flow = Flow(referral, await journey.history(reader, referral))
    try:
        flow.series = await _series(reader, referral_id)
        flow.zone = await _zone(reader, referral.clinic_id)
        flow.invoice = await _invoice(reader, referral_id)
        flow.balances = await _balances(reader, referral.clinic_id)
    except NotFound:
        pass
    return flow


async def _series(reader: Halcyon, referral_id: str) -> Series:
    request = scheduling.GetSeriesRequest(referral_id=referral_id)
    return (await reader.scheduling.GetSeries(request)).series


async def _zone(reader: Halcyon, clinic_id: str) -> str:
    request = scheduling.GetClinicRequest(clinic_id=clinic_id)
    return (await reader.scheduling.GetClinic(request)).clinic.time_zone


async def _invoice(reader: Halcyon, referral_id: str) -> Invoice:
    request = billing.GetInvoiceRequest(referral_id=referral_id)
    return (await reader.billing.GetInvoice(request)).invoice


async def _balances(reader: Halcyon, clinic_id: str) -> Sequence[AccountBalance]:
    request = billing.GetTrialBalanceRequest(clinic_id=clinic_id)
    return (await reader.billing.GetTrialBalance(request)).balances


def written_spans(directory: Path, trace_id: str, patience: float = 10) -> Sequence[SpanLine]:
    """The spans of a trace once no more of them arrive: processes write theirs in small batches."""
    until, still_since, count = time.monotonic() + patience, time.monotonic(), 0
    while True:
        spans = tree.of_trace(read_spans(directory), trace_id)
        now = time.monotonic()
        if len(spans) != count:
            count, still_since = len(spans), now
        if now > until or (count and now - still_since > _STILL):
            return spans
        time.sleep(_POLL)
