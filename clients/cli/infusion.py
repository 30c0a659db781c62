"""`halcyon infusion`: what a nurse asks and tells at the chair."""

from collections.abc import Awaitable, Callable
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

Id = Annotated[str, typer.Argument(help="The session's id.")]
Told = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The request as JSON.")]
Reason = Annotated[str, typer.Argument(help="Why, as a code such as patient_request.")]


@app.command("list")
def listing(
    series_id: Annotated[str, typer.Argument(help="The series' id.")], data: Data = DEFAULT
) -> None:
    """List the sessions of a series."""
    show(sessions.listed(_nurse(data, lambda nurse: journey.sessions_of(nurse, series_id))))


@app.command("show")
def show_one(session_id: Id, data: Data = DEFAULT) -> None:
    """Show the record of a session, without names and notes."""
    request = monitoring.GetSessionRecordRequest(session_id=session_id)
    for part in sessions.record(_nurse(data, lambda it: it.infusion.GetSessionRecord(request))):
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
    found = _tell(data, lambda nurse: nurse.infusion.RecordChecklist(request))
    show(sessions.findings(found.findings) if found.findings else "the gate is passed")


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
    kept = _nurse(data, lambda nurse: journey.measure(nurse, session_id, told))
    show(f"{kept} reading kept")


@app.command()
def acknowledge(
    session_id: Id,
    alert_id: Annotated[str, typer.Argument(help="The alert's id.")],
    data: Data = DEFAULT,
) -> None:
    """Somebody has seen an alert."""
    request = monitoring.AcknowledgeAlertRequest(session_id=session_id, alert_id=alert_id)
    seen = _nurse(data, lambda nurse: nurse.infusion.AcknowledgeAlert(request))
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


def _tell(data: Path, call: Callable[[Halcyon], Any]) -> Any:
    """A call that moves a session, and where it stands then."""
    reply = _nurse(data, call)
    show(f"the session is {sessions.status(reply.session)}")
    return reply


def _nurse(data: Path, call: Callable[[Halcyon], Awaitable[Any]]) -> Any:
    async def calling() -> Any:
        async with acting(data, "nurse") as nurse:
            return await call(nurse)

    return run(calling())
