"""The summary as PDF/A: a typst page over the same facts, in the clinic's own time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst

from halcyon.infusion.v1 import custody_pb2 as ledger
from halcyon.infusion.v1 import monitoring_pb2 as monitoring
from services.infusion.documents.summary import Summary
from services.infusion.documents.words import LEVELS, plain, status, words

_PAGE = Path(__file__).parent / "summary.typ"
_CLOCK = "%H:%M"
_TIMES = {
    "arrive_time": "Arrived",
    "start_time": "Pump started",
    "end_time": "Pump ended",
    "leave_time": "Left",
}
Facts = Mapping[str, Any]


def summary_pdf(summary: Summary) -> bytes:
    """The page, without looking at the machine it runs on: its fonts come with typst."""
    made = typst.compile(
        str(_PAGE),
        format="pdf",
        sys_inputs={"facts": json.dumps(_facts(summary))},
        pdf_standards="a-2b",
        ignore_system_fonts=True,
        timestamp=summary.issue_time.replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def _facts(summary: Summary) -> Facts:
    session, record = summary.session, summary.record
    return {
        "clinic": summary.clinic,
        "patient": _patient(summary),
        "issued": f"{summary.issue_time.astimezone(summary.zone):%Y-%m-%d %H:%M %Z}",
        "day": f"{summary.day:%A, %d %B %Y}",
        "zone": str(summary.zone),
        "number": session.number,
        "status": status(session),
        "session": session.session_id,
        "pack": session.pack,
        "times": list(_times(summary)),
        "dose": list(_dose(summary)),
        "checks": list(_checks(summary)),
        "readings": [_reading(summary, one) for one in summary.readings()],
        "alerts": [_alert(summary, one) for one in record.alerts],
        "events": list(_events(summary)),
        "given": list(_medicines(summary)),
        "ratings": list(_ratings(summary)),
        "overrides": [
            f"{words(one.item)}: {words(one.reason_code)}, by {one.prescriber}"
            for one in record.overrides
        ],
        "home": list(_home(summary)),
        "ledger": [_entry(summary, one) for one in summary.entries],
    }


def _patient(summary: Summary) -> Facts:
    made = {"id": summary.session.patient_id, "name": "", "born": ""}
    if told := summary.patient:
        born = told.birth_date
        made["name"] = f"{told.family_name}, {told.given_name}"
        made["born"] = f"{born.year:04d}-{born.month:02d}-{born.day:02d}"
    return made


def _times(summary: Summary) -> Iterator[Sequence[str]]:
    session: Any = summary.session
    for name, title in _TIMES.items():
        if session.HasField(name):
            yield title, f"{summary.local(getattr(session, name)):{_CLOCK}}"


def _dose(summary: Summary) -> Iterator[Sequence[str]]:
    session, checklist = summary.session, summary.record.checklist
    if session.ordered_micrograms:
        yield "Ordered", f"{plain(str(Decimal(session.ordered_micrograms) / 1000))} mg"
    if session.given_mg:
        volume = f" in {plain(session.delivered_ml)} mL" if session.delivered_ml else ""
        yield "Given", f"{plain(session.given_mg)} mg{volume}"
        yield "Pump ran", f"{session.running_minutes} min"
    if session.stop_reason:
        yield "Stopped early", words(session.stop_reason)
    if checklist.drug.ndc:
        drug = checklist.drug
        yield "Drug", f"NDC {drug.ndc}, lot {drug.lot}, expires {drug.expire_date}"


def _checks(summary: Summary) -> Iterator[Sequence[str]]:
    record = summary.record
    if record.checked_by:
        yield "Checklist by", record.checked_by
    if record.confirmed_by:
        yield "Dose confirmed by", record.confirmed_by
    if record.checklist.HasField("phq9_score"):
        yield "PHQ-9 before", str(record.checklist.phq9_score)


def _reading(summary: Summary, one: Any) -> Sequence[str]:
    def shown(name: str) -> str:
        return str(getattr(one, name)) if one.HasField(name) else "–"

    pressure = f"{one.systolic}/{one.diastolic}" if one.HasField("systolic") else "–"
    return (
        f"{summary.local(one.measure_time):{_CLOCK}}",
        pressure,
        str(one.heart_rate),
        str(one.oxygen_saturation),
        shown("respiratory_rate"),
        shown("moaas"),
    )


def _alert(summary: Summary, one: monitoring.Alert) -> Sequence[str]:
    level = monitoring.AlertLevel.Name(one.level).removeprefix("ALERT_LEVEL_").lower()
    cleared = f"{summary.local(one.clear_time):{_CLOCK}}" if one.HasField("clear_time") else "–"
    seen = one.acknowledged_by or "–"
    return f"{summary.local(one.raise_time):{_CLOCK}}", words(one.rule_id), level, cleared, seen


def _events(summary: Summary) -> Iterator[Sequence[str]]:
    noted = {
        one.adverse_event.code: one
        for one in summary.record.observations
        if one.HasField("adverse_event")
    }
    for code in dict.fromkeys((*noted, *summary.session.adverse_events)):
        one = noted.get(code)
        when = f"{summary.local(one.occur_time):{_CLOCK}}" if one else "–"
        yield when, words(code), LEVELS[one.adverse_event.severity] if one else "–"


def _medicines(summary: Summary) -> Iterator[Sequence[str]]:
    for one in summary.record.observations:
        if one.HasField("medication"):
            told = one.medication
            amount = f"{plain(told.amount)} {told.unit}"
            yield (
                f"{summary.local(one.occur_time):{_CLOCK}}",
                words(told.code),
                amount,
                told.route.upper(),
            )


def _ratings(summary: Summary) -> Iterator[Sequence[str]]:
    for one in summary.record.observations:
        if one.HasField("scale"):
            when = f"{summary.local(one.occur_time):{_CLOCK}}"
            yield when, one.scale.code.upper(), str(one.scale.score)


def _home(summary: Summary) -> Iterator[Sequence[str]]:
    if not summary.record.HasField("discharge"):
        return
    found = summary.record.discharge
    yield "Aldrete", f"{found.aldrete} of 10"
    yield "MOAA/S", f"{found.moaas} of 5"
    yield "Nausea", f"{found.nausea} of 3"
    yield "Gait", "steady" if found.gait_steady else "not steady"
    yield "Escort", "present" if found.escort_present else "not present"
    yield "Instructions given", ", ".join(map(words, found.instructions)) or "none"


def _entry(summary: Summary, one: ledger.CustodyEntry) -> Sequence[str]:
    kind = words(ledger.CustodyKind.Name(one.kind).removeprefix("CUSTODY_KIND_"))
    taken_back = " (taken back)" if one.reversed_entry_id else ""
    return (
        f"{summary.local(one.occur_time):{_CLOCK}}",
        f"{kind}{taken_back}",
        f"{one.change_milligrams.lstrip('-')} mg",
        f"{one.change_millilitres.lstrip('-')} mL",
        f"{one.recorder}, seen by {one.witness}" if one.witness else one.recorder,
    )
