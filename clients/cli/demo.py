"""`halcyon demo`: one referral from the doctor's letter to the third infusion, in one trace."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from opentelemetry.trace import Tracer

from chassis.embedded import remove
from clients import accounts, journey, summary
from clients.cli import flow, signals
from clients.cli.bedside import VISITS, Bedside
from clients.cli.place import acting, run, traces
from clients.cli.screen import console, show, step
from clients.cli.views import money, tables, tree, words
from clients.network import Network, Options
from clients.sdk import Halcyon
from clients.tracing import current_trace_id, tracing, untraced
from halcyon.billing.events.v1.billing_events_pb2 import (
    PaymentCollected,
    PaymentRefunded,
    SuperbillIssued,
)
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.infusion.events.v1.infusion_events_pb2 import (
    InfusionCompleted,
    SessionDischarged,
    SessionPlanned,
)
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, IntakeOpened
from halcyon.intake.v1.intake_pb2 import Intake
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesConfirmed, SeriesHeld
from halcyon.scheduling.v1.scheduling_pb2 import Series

_AUTOMATIC = (SeriesHeld, PaymentCollected, SeriesConfirmed, SessionPlanned)
_AFTERWARDS = (InfusionCompleted, SessionDischarged, SuperbillIssued)
_PAPERS = Path(".halcyon") / "demo"
_RATIONALE = "Screened findings weighed; benefit outweighs risk."


def demo(
    data: Annotated[Path | None, typer.Option(help="Keep the network's folder here.")] = None,
    file: Annotated[Path, typer.Option(help="The referral to send.")] = (
        journey.EXAMPLES / "depression-denver.fhir.json"
    ),
    papers: Annotated[Path, typer.Option(help="Where the documents go.")] = _PAPERS,
    on: Annotated[
        Path | None, typer.Option(help="The folder of a network that runs: play it there.")
    ] = None,
) -> None:
    """Play a whole referral on a network of its own, or on one that runs; show what happened."""
    request = journey.read_referral(file.read_bytes())
    if on:
        with tracing(traces(on)) as tracer:
            story = run(Story(partial(acting, on), tracer, request, papers).play())
        _tell(story[0])
        show(f"[dim]trace {story[1]}[/]")
        return
    with _folder(data) as directory:
        began = time.monotonic()
        signals.first()
        with console.status("starting") as status:
            network = Network(directory, Options(trace_ratio=1, say=status.update)).start()
        try:
            show(
                f"[dim]five services, PostgreSQL and NATS up in {time.monotonic() - began:.1f} s[/]"
            )
            with tracing(network.traces) as tracer:
                story = run(Story(network.client, tracer, request, papers).play())
            _tell(story[0])
            network.settle()
            show(tree.trace(flow.written_spans(network.traces, story[1]), story[1]))
        finally:
            signals.ignore()
            network.stop()
        show(f"[dim]the whole demonstration took {time.monotonic() - began:.1f} s[/]")


class Story:
    """The people of one referral, and what each of them does."""

    def __init__(
        self,
        act: Callable[..., Halcyon],
        tracer: Tracer,
        request: CreateReferralRequest,
        papers: Path,
    ) -> None:
        """`act` gives the SDK in some roles."""
        self._act, self._tracer, self._request = act, tracer, request
        self._papers = papers
        self._id = ""

    async def play(self) -> tuple[flow.Flow, str]:
        """Everything in one trace, which this terminal heads."""
        async with AsyncExitStack() as stack:
            npi = self._request.referrer.npi
            doctor = await self._person(stack, "referrer", npi=npi)
            specialist = await self._person(stack, "prescriber")
            nurse = await self._person(stack, "nurse", "coordinator")
            second = await self._person(stack, "nurse")
            clerk = await self._person(stack, "coordinator", "cashier")
            with self._tracer.start_as_current_span("halcyon demo"):
                await self._refer(doctor)
                await self._decide(doctor, specialist)
                await self._treat(doctor, clerk, nurse, second)
                await self._settle(doctor, clerk)
                with untraced():
                    found = await flow.read(clerk, self._id)
                return found, current_trace_id()

    async def _person(self, stack: AsyncExitStack, *roles: str, npi: str | None = None) -> Halcyon:
        return await stack.enter_async_context(self._act(*roles, npi=npi))

    async def _refer(self, doctor: Halcyon) -> None:
        with self._tracer.start_as_current_span("the doctor refers"):
            referral = await journey.refer(doctor, self._request)
        self._id = referral.referral_id
        step("doctor", f"referred {referral.clinical.indication_code}, {self._id}")

    async def _decide(self, doctor: Halcyon, specialist: Halcyon) -> None:
        with untraced():
            await journey.until(doctor, self._id, [IntakeOpened])
            intake = await journey.intake_of(specialist, self._id)
        if intake.HasField("plan"):
            step("platform", "the medical director's standing order approved the plan")
        else:
            intake = await self._assess_and_approve(specialist)
        plan = intake.plan
        weeks = "+".join(map(str, plan.sessions_per_week))
        given = f"{words.dose(plan.dose.dose_micrograms)} over {plan.infusion_minutes} min"
        step("plan", f"{weeks} sessions, {given}, by {plan.dose.weight_basis} weight")

    async def _assess_and_approve(self, specialist: Halcyon) -> Intake:
        clinical = self._request.clinical
        with self._tracer.start_as_current_span("the specialist assesses and plans"):
            assessed = await journey.assess(
                specialist,
                self._id,
                phq9_score=clinical.phq9_score,
                weight_grams=clinical.weight_grams,
                height_millimetres=clinical.height_millimetres,
            )
            found = ", ".join(flag.rule_id for flag in assessed.flags) or "nothing"
            step("specialist", f"assessed in four blocks; the screening found {found}")
            return await journey.approve(specialist, assessed.intake_id, _RATIONALE)

    async def _treat(
        self, doctor: Halcyon, clerk: Halcyon, nurse: Halcyon, second: Halcyon
    ) -> None:
        with untraced():
            await journey.until(doctor, self._id, _AUTOMATIC)
            booked = await flow.read(clerk, self._id)
        series, invoice = booked.series or Series(), booked.invoice or Invoice()
        step("platform", f"held and confirmed {len(series.bookings)} sessions")
        step("platform", f"collected {words.money(invoice.total)} up front")
        bedside = Bedside(nurse, second, self._tracer)
        for number, visit in enumerate(VISITS, 1):
            with untraced():
                order = (await journey.doses_of(nurse, self._id))[-1].dose_order_id
                session = await journey.ordered_session(nurse, series.series_id, number, order)
            await (bedside.first if number == 1 else bedside.later)(session, visit)
            with untraced():
                await journey.until(doctor, self._id, [*_AFTERWARDS, *[DoseAdjusted] * number])
                dose = (await journey.doses_of(nurse, self._id))[-1]
                page = await summary.written(nurse, session.session_id, summary.PDF)
            why = ", ".join(dose.reasons).replace("_", " ")
            step("platform", f"dose from now on {dose.dose} {dose.unit} ({why})")
            self._file("nurse", f"session-{number}.pdf", page)

    async def _settle(self, doctor: Halcyon, clerk: Halcyon) -> None:
        """One session is given up, the delivered one gets its receipt, and the books agree."""
        invoice = await accounts.invoice_of(clerk, self._id)
        with self._tracer.start_as_current_span("the cashier refunds one unused session"):
            asked = await accounts.refund(clerk, invoice.invoice_id, "patient_request", 1)
        with untraced():
            await journey.until(doctor, self._id, [PaymentRefunded])
            refunded = await accounts.settled(clerk, asked.refund_id)
            step("cashier", money.refund(refunded))
            estimate = await accounts.estimate_document(clerk, invoice)
            receipt = await accounts.document(clerk, invoice)
            balances = await accounts.balances_of(clerk, invoice.clinic_id)
        self._file("cashier", estimate.file_name, estimate.pdf)
        self._file("cashier", receipt.file_name, receipt.content)
        show(money.trial_balance(balances))
        if sum(one.balance.minor_units for one in balances):
            raise journey.Unfinished("the trial balance is not zero")

    def _file(self, who: str, name: str, content: bytes) -> None:
        self._papers.mkdir(parents=True, exist_ok=True)
        (self._papers / name).write_bytes(content)
        step(who, f"printed {self._papers / name}")


def _tell(found: flow.Flow) -> None:
    show(tables.timeline(found.changes))
    flow.tell_money_and_time(found)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data:
        yield data
        return
    folder = Path(tempfile.mkdtemp(prefix="halcyon-demo-"))
    try:
        yield folder
    finally:
        remove(folder)
