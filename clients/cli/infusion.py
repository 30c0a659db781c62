"""`halcyon infusion`: what a nurse asks and tells at the chair."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import Parse

from clients import journey
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import sessions
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import infusion_service_pb2 as infusing
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1 import pump_calls_pb2 as pumping

app = typer.Typer(help="Follow and record infusion sessions.", no_args_is_help=True)

_NURSE = ("nurse",)
_SECOND = ("nurse", "prescriber")
"""Another person than the nurse: a development token is named by its roles."""
Id = Annotated[str, typer.Argument(help="The session's id.")]
Told = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The request as JSON.")]
Reason = Annotated[str, typer.Argument(help="Why, as a code such as patient_request.")]


@app.command("list")
def listing(
    series_id: Annotated[str, typer.Argument(help="The series' id.")], data: Data = DEFAULT
) -> None:
    """List the sessions of a series."""
    show(sessions.listed(as_nurse(data, lambda nurse: journey.sessions_of(nurse, series_id))))


@app.command("show")
def show_one(session_id: Id, data: Data = DEFAULT) -> None:
    """Show the record of a session, without names and notes."""
    request = monitoring.GetSessionRecordRequest(session_id=session_id)
    for part in sessions.record(as_nurse(data, lambda it: it.infusion.GetSessionRecord(request))):
        show(part)


@app.command()
def watch(session_id: Id, data: Data = DEFAULT) -> None:
    """Follow readings, alerts and moves until the patient is gone."""

    async def following() -> None:
        async with (
            acting(data, "nurse") as nurse,
            aclosing(journey.watching(nurse, session_id)) as news,
        ):
            async for told in news:
                show(sessions.news(told))

    run(following())


@app.command()
def arrive(session_id: Id, data: Data = DEFAULT) -> None:
    """The patient is here."""
    request = gating.RecordArrivalRequest(session_id=session_id)
    _tell(data, lambda nurse: nurse.infusion.RecordArrival(request))


@app.command()
def check(file: Told, data: Data = DEFAULT) -> None:
    """Record a checklist, and see what fails at the gate."""
    request = Parse(file.read_text(), gating.RecordChecklistRequest())
    _say_findings(_tell(data, lambda nurse: nurse.infusion.RecordChecklist(request)))


@app.command()
def confirm(file: Told, data: Data = DEFAULT) -> None:
    """Confirm drug and programme as the second person, who did not write the checklist."""
    request = Parse(file.read_text(), gating.ConfirmDoseRequest())
    _say_findings(_tell(data, lambda second: second.infusion.ConfirmDose(request), _SECOND))


@app.command()
def override(file: Told, data: Data = DEFAULT) -> None:
    """Answer, as a prescriber, for what a gate found."""
    request = Parse(file.read_text(), gating.OverrideGateRequest())
    _say_findings(
        _tell(data, lambda doctor: doctor.infusion.OverrideGate(request), ("prescriber",))
    )


@app.command()
def start(file: Told, data: Data = DEFAULT) -> None:
    """Start the pump, with the vital signs of now."""
    request = Parse(file.read_text(), infusing.StartInfusionRequest())
    _tell(data, lambda nurse: nurse.infusion.StartInfusion(request))


@app.command()
def pause(session_id: Id, reason: Reason, data: Data = DEFAULT) -> None:
    """The pump stands still."""
    request = pumping.PauseInfusionRequest(session_id=session_id, reason=reason)
    _tell(data, lambda nurse: nurse.infusion.PauseInfusion(request))


@app.command()
def resume(session_id: Id, data: Data = DEFAULT) -> None:
    """The pump runs again."""
    request = pumping.ResumeInfusionRequest(session_id=session_id)
    _tell(data, lambda nurse: nurse.infusion.ResumeInfusion(request))


@app.command()
def complete(file: Told, data: Data = DEFAULT) -> None:
    """The infusion has ended: all of it, or stopped early with a reason."""
    request = Parse(file.read_text(), infusing.CompleteInfusionRequest())
    _tell(data, lambda nurse: nurse.infusion.CompleteInfusion(request))


@app.command()
def observe(file: Told, data: Data = DEFAULT) -> None:
    """Note an adverse event, a drug, a scale, who was there, the room, or the patient's words."""
    request = Parse(file.read_text(), monitoring.RecordObservationRequest())
    kept = as_nurse(data, lambda nurse: nurse.infusion.RecordObservation(request)).observation
    show(f"observation {kept.observation_id} kept")


@app.command()
def vitals(
    session_id: Id,
    pressure: Annotated[str, typer.Option(help="Systolic/diastolic, mm[Hg]: 128/82.")],
    spo2: Annotated[int, typer.Option(help="Percent.")],
    pulse: Annotated[int, typer.Option(help="Per minute.")],
    data: Data = DEFAULT,
) -> None:
    """Record one reading taken now."""
    systolic, _, diastolic = pressure.partition("/")
    if not (systolic.isdecimal() and diastolic.isdecimal()):
        raise NetworkFailed("a pressure is told as 128/82")
    told = journey.vitals(int(systolic), int(diastolic), spo2=spo2, pulse=pulse)
    kept = as_nurse(data, lambda nurse: journey.measure(nurse, session_id, told))
    show(f"{kept} reading kept")


@app.command()
def acknowledge(
    session_id: Id,
    alert_id: Annotated[str, typer.Argument(help="The alert's id.")],
    data: Data = DEFAULT,
) -> None:
    """Somebody has seen an alert."""
    request = monitoring.AcknowledgeAlertRequest(session_id=session_id, alert_id=alert_id)
    seen = as_nurse(data, lambda nurse: nurse.infusion.AcknowledgeAlert(request))
    show(sessions.alerts([seen.alert]))


@app.command()
def recover(session_id: Id, data: Data = DEFAULT) -> None:
    """The patient rests."""
    request = leaving.BeginRecoveryRequest(session_id=session_id)
    _tell(data, lambda nurse: nurse.infusion.BeginRecovery(request))


@app.command()
def discharge(file: Told, data: Data = DEFAULT) -> None:
    """The patient goes home."""
    request = Parse(file.read_text(), leaving.DischargeSessionRequest())
    _tell(data, lambda nurse: nurse.infusion.DischargeSession(request))


@app.command()
def transfer(session_id: Id, reason: Reason, data: Data = DEFAULT) -> None:
    """The patient is taken elsewhere."""
    request = leaving.TransferSessionRequest(session_id=session_id, reason=reason)
    _tell(data, lambda nurse: nurse.infusion.TransferSession(request))


def _say_findings(reply: Any) -> None:
    show(sessions.findings(reply.findings) if reply.findings else "the gate is passed")


def _tell(data: Path, call: Callable[[Halcyon], Any], roles: Sequence[str] = _NURSE) -> Any:
    """A call that moves a session, and where it stands then."""
    reply = as_nurse(data, call, roles)
    show(f"the session is {sessions.status(reply.session)}")
    return reply


def as_nurse(
    data: Path, call: Callable[[Halcyon], Awaitable[Any]], roles: Sequence[str] = _NURSE
) -> Any:
    """What a nurse of the network is told, or somebody in these roles."""

    async def calling() -> Any:
        async with acting(data, *roles) as who:
            return await call(who)

    return run(calling())
