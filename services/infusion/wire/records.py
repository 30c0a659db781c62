"""A whole record in everyone's words."""

from datetime import datetime

from google.protobuf.json_format import Parse

from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from services.infusion import domain
from services.infusion.wire.checklists import findings, told
from services.infusion.wire.measures import alert
from services.infusion.wire.replies import override, session
from services.infusion.wire.requests import observed

DISCHARGE = gate.GATE_KIND_DISCHARGE


def record(
    visit: domain.Visit, known: domain.Record, now: datetime
) -> calls.GetSessionRecordResponse:
    """Everything that is kept of a visit, and what its start gate finds now."""
    seen = known.evidence
    reply = calls.GetSessionRecordResponse(
        session=session(visit, seen.order, known.readings),
        confirmed_by=seen.double_check.confirmed_by if seen.double_check else "",
        overrides=[
            *(override(one, "start") for one in seen.overrides),
            *(override(one, "discharge") for one in known.discharge_overrides),
        ],
        alerts=map(alert, known.alerts),
        observations=map(observed, known.observations),
        protocol=visit.pack.label if visit.attendance else "",
    )
    if seen.form:
        reply.checklist.CopyFrom(told(seen.form.checklist))
        reply.checked_by = seen.form.recorded_by
    if visit.session.status in domain.AT_THE_GATE:
        reply.findings.extend(findings(domain.findings(seen, visit.pack, now)))
    if known.discharge:
        reply.discharge.CopyFrom(Parse(known.discharge, gate.DischargeAssessment()))
    return reply
