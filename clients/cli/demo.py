"""`halcyon demo`: one referral from the doctor's letter to the first infusion, in one trace."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from opentelemetry.trace import Tracer

from chassis.embedded import remove
from clients import custody, journey
from clients.cli import flow, signals
from clients.cli.place import run
from clients.cli.screen import console, show
from clients.cli.views import tables, tree, words
from clients.network import Network, Options
from clients.network.seed import REGISTRATIONS
from clients.sdk import FailedPrecondition, Halcyon
from clients.tracing import current_trace_id, tracing, untraced
from halcyon.billing.events.v1.billing_events_pb2 import PaymentCollected, SuperbillIssued
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.infusion.events.v1.infusion_events_pb2 import (
    InfusionCompleted,
    SessionDischarged,
    SessionPlanned,
)
from halcyon.infusion.v1.infusion_pb2 import Session
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, IntakeOpened
from halcyon.intake.v1.intake_pb2 import Intake
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesConfirmed, SeriesHeld
from halcyon.scheduling.v1.scheduling_pb2 import Series

_AUTOMATIC = (SeriesHeld, PaymentCollected, SeriesConfirmed, SessionPlanned)
_AFTERWARDS = (InfusionCompleted, SessionDischarged, DoseAdjusted, SuperbillIssued)
_RATIONALE = "Screened findings weighed; benefit outweighs risk."


def demo(
    data: Annotated[Path | None, typer.Option(help="Keep the network's folder here.")] = None,
    file: Annotated[Path, typer.Option(help="The referral to send.")] = (
        journey.EXAMPLES / "depression-denver.fhir.json"
    ),
) -> None:
    """Play a whole referral on a network of its own, and show what happened."""
    request = journey.read_referral(file.read_bytes())
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
                story = run(Story(network, tracer, request).play())
            _tell(network, *story)
        finally:
            signals.ignore()
            network.stop()
        show(f"[dim]the whole demonstration took {time.monotonic() - began:.1f} s[/]")


class Story:
    """The people of one referral, and what each of them does."""

    def __init__(self, network: Network, tracer: Tracer, request: CreateReferralRequest) -> None:
        self._network, self._tracer, self._request = network, tracer, request
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
                with untraced():
                    found = await flow.read(clerk, self._id)
                return found, current_trace_id()

    async def _person(self, stack: AsyncExitStack, *roles: str, npi: str | None = None) -> Halcyon:
        return await stack.enter_async_context(self._network.client(*roles, npi=npi))

    async def _refer(self, doctor: Halcyon) -> None:
        with self._tracer.start_as_current_span("the doctor refers"):
            referral = await journey.refer(doctor, self._request)
        self._id = referral.referral_id
        _step("doctor", f"referred {referral.clinical.indication_code}, {self._id}")

    async def _decide(self, doctor: Halcyon, specialist: Halcyon) -> None:
        with untraced():
            await journey.until(doctor, self._id, [IntakeOpened])
            intake = await journey.intake_of(specialist, self._id)
        if intake.HasField("plan"):
            _step("platform", "the medical director's standing order approved the plan")
        else:
            intake = await self._assess_and_approve(specialist)
        plan = intake.plan
        weeks = "+".join(map(str, plan.sessions_per_week))
        given = f"{words.dose(plan.dose.dose_micrograms)} over {plan.infusion_minutes} min"
        _step("plan", f"{weeks} sessions, {given}, by {plan.dose.weight_basis} weight")

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
            _step("specialist", f"assessed in four blocks; the screening found {found}")
            return await journey.approve(specialist, assessed.intake_id, _RATIONALE)

    async def _treat(
        self, doctor: Halcyon, clerk: Halcyon, nurse: Halcyon, second: Halcyon
    ) -> None:
        with untraced():
            await journey.until(doctor, self._id, _AUTOMATIC)
            booked = await flow.read(clerk, self._id)
        series, invoice = booked.series or Series(), booked.invoice or Invoice()
        _step("platform", f"held and confirmed {len(series.bookings)} sessions")
        _step("platform", f"collected {words.money(invoice.total)} up front")
        await self._infuse(nurse, second, series.series_id)
        with untraced():
            await journey.until(doctor, self._id, _AFTERWARDS)
            dose = (await journey.intake_of(nurse, self._id)).plan.dose
        why = ", ".join(dose.reasons).replace("_", " ")
        _step("platform", f"next dose {words.dose(dose.dose_micrograms)} ({why})")

    async def _infuse(self, nurse: Halcyon, second: Halcyon, series_id: str) -> None:
        """A morning entered late: what it shows would take two hours to happen."""
        first = (await journey.sessions_of(nurse, series_id))[0]
        with self._tracer.start_as_current_span("the nurse is held at the gate"):
            await self._hold(nurse, second, first)
        with self._tracer.start_as_current_span("the nurse runs the first infusion"):
            await journey.begin(nurse, first.session_id, minutes_ago=110)
            with untraced():
                await self._wait_for_alarm(nurse, first.session_id)
            readings = [
                journey.vitals(*pressure, minutes_ago=110 - 8 * count)
                for count, pressure in enumerate(_PRESSURES, 1)
            ]
            await journey.measure(nurse, first.session_id, *readings)
            vial = await custody.vial(nurse, REGISTRATIONS[first.clinic_id])
            ended = await journey.finish(
                nurse,
                first.session_id,
                "vomiting",
                minutes_ago=70,
                container_id=vial.container_id,
            )
            wasted = await custody.waste(nurse, second, vial.container_id, first.session_id)
        given = f"{ended.given_mg} mg in {ended.running_minutes} min"
        _step("nurse", f"gave {given}, {len(readings)} readings, one adverse event: vomiting")
        _step("nurse", f"wasted {wasted.change_milligrams[1:]} mg left in vial {vial.label}")
        _step("witness", f"saw it; {vial.label} holds {wasted.balance.milligrams} mg by the ledger")
        with self._tracer.start_as_current_span("the patient rests and goes home"):
            gone = await journey.go_home(nurse, first.session_id, rest_minutes=69)
        _step("nurse", f"discharged with an escort, {words.stay(gone)} after the infusion")

    async def _hold(self, nurse: Halcyon, second: Halcyon, session: Session) -> None:
        high = journey.vitals(172, 104, minutes_ago=120)
        await journey.check_in(nurse, session, minutes_ago=120, reading=high)
        await journey.confirm(second, session, minutes_ago=119)
        try:
            await journey.begin(nurse, session.session_id, minutes_ago=119)
        except FailedPrecondition as refused:
            found = "; ".join(f"{item}: {rule}" for item, rule in refused.metadata.items())
            _step("platform", f"refused the start: {found}")
        passed = await journey.check_in(nurse, session, minutes_ago=112)
        _step("nurse", f"measured again, {len(passed.findings)} findings left at the gate")

    async def _wait_for_alarm(self, nurse: Halcyon, session_id: str) -> None:
        async with aclosing(journey.alerts(nurse, session_id)) as alerts:
            async for alert in alerts:
                if alert.rule_id == "vitals_overdue":
                    _step("platform", "alarm: no pressure was measured in time")
                    return


_PRESSURES = ((131, 84), (142, 88), (156, 95), (148, 90), (134, 85))


def _tell(network: Network, found: flow.Flow, trace_id: str) -> None:
    show(tables.timeline(found.changes))
    flow.tell_money_and_time(found)
    network.settle()
    show(tree.trace(flow.written_spans(network.traces, trace_id), trace_id))


def _step(who: str, what: str) -> None:
    show(f"  [bold]{who:>10}[/]  {what}")


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
