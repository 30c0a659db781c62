"""The assessment of the way home, in our words and as text to keep."""

from datetime import datetime

from google.protobuf.json_format import MessageToJson

from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from services.infusion import domain
from services.infusion.wire.checklists import RISK
from services.infusion.wire.measures import reading
from services.infusion.wire.values import maybe_moment


def assessment(
    request: leaving.DischargeSessionRequest,
) -> tuple[domain.Assessment, datetime | None]:
    """How a patient is, and when the way home begins."""
    told = request.assessment
    found = domain.Assessment(
        told.aldrete,
        told.moaas,
        told.nausea,
        told.gait_steady,
        told.oriented,
        told.escort_present,
        told.escort_name,
        RISK[told.suicide_risk],
        frozenset(told.instructions),
        reading("reading", request.reading),
    )
    return found, maybe_moment("discharge_time", request)


def assessment_text(request: leaving.DischargeSessionRequest) -> str:
    """An assessment as it is kept."""
    return MessageToJson(request.assessment, indent=None)
