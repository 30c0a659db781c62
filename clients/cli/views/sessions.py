"""Sessions, their readings and alerts, each as one table or one line."""

from collections.abc import Iterable

from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, plain
from halcyon.infusion.v1.gate_pb2 import Finding, PumpInterval
from halcyon.infusion.v1.infusion_pb2 import Session, SessionStatus, Vitals
from halcyon.infusion.v1.monitoring_calls_pb2 import (
    GetSessionRecordResponse,
    WatchSessionResponse,
)
from halcyon.infusion.v1.monitoring_pb2 import Alert, AlertLevel


def status(one: Session) -> str:
    """Where a session stands, in words."""
    return plain(SessionStatus.Name(one.status), "SESSION_STATUS_")


def listed(found: Iterable[Session]) -> Table:
    """Sessions in order."""
    made = table("Sessions", "no", "booked (UTC)", "status", "ordered", "given", "session")
    for one in found:
        ordered = f"{one.ordered_micrograms / 1000:g} mg" if one.ordered_micrograms else ""
        given = f"{one.given_mg} mg" if one.given_mg else ""
        booked = moment(one.planned_start_time)
        made.add_row(str(one.number), booked, status(one), ordered, given, one.session_id)
    return made


def pump(intervals: Iterable[PumpInterval]) -> Table:
    """At which rate the pump ran and runs."""
    made = table("Pump", "from (UTC)", "until", "mL/h", right=("mL/h",))
    for one in intervals:
        over = moment(one.end_time) if one.HasField("end_time") else "now"
        made.add_row(moment(one.start_time), over, one.rate_ml_per_h)
    return made


def record(kept: GetSessionRecordResponse) -> Iterable[Table]:
    """A record without names and notes: a terminal is a public place."""
    one = kept.session
    made = table(f"Session {one.session_id}", "what", "value")
    made.add_row("status", status(one))
    made.add_row("protocol", one.pack or "none yet")
    made.add_row("ordered", f"{one.ordered_micrograms / 1000:g} mg in {one.infusion_minutes} min")
    if one.given_mg:
        made.add_row("given", f"{one.given_mg} mg in {one.running_minutes} min")
    made.add_row("adverse events", ", ".join(one.adverse_events) or "none")
    made.add_row("checked by", f"{kept.checked_by or 'nobody'}, {kept.confirmed_by or 'nobody'}")
    made.add_row("readings", str(len(one.vitals)))
    yield made
    if kept.findings:
        yield findings(kept.findings)
    if kept.alerts:
        yield alerts(kept.alerts)


def findings(found: Iterable[Finding]) -> Table:
    """What fails at the gate."""
    made = table("The gate finds", "item", "rule")
    for one in found:
        made.add_row(one.item, one.rule)
    return made


def alerts(known: Iterable[Alert]) -> Table:
    """Alerts, oldest first."""
    made = table("Alerts", "raised (UTC)", "level", "rule", "until", "seen by", "alert")
    for one in known:
        over = moment(one.clear_time) if one.HasField("clear_time") else "now"
        about = moment(one.raise_time), level(one), one.rule_id, over
        made.add_row(*about, one.acknowledged_by or "nobody", one.alert_id)
    return made


def level(alert: Alert) -> str:
    """What an alert asks for."""
    return plain(AlertLevel.Name(alert.level), "ALERT_LEVEL_")


def news(told: WatchSessionResponse) -> str:
    """One line of a watched session."""
    match told.WhichOneof("news"):
        case "session":
            return f"[bold]{status(told.session)}[/]"
        case "reading":
            return reading(told.reading)
        case _:
            over = told.alert.HasField("clear_time")
            colour, word = ("green", "over") if over else ("red", level(told.alert))
            return f"[{colour}]{word}[/] {told.alert.rule_id.replace('_', ' ')}"


def reading(one: Vitals) -> str:
    """A reading in one line."""
    pressure = f"{one.systolic}/{one.diastolic} " if one.HasField("systolic") else ""
    rest = f"SpO2 {one.oxygen_saturation} % pulse {one.heart_rate}"
    return f"{moment(one.measure_time)}  {pressure}{rest}"
