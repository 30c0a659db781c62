"""What callers ask about sessions and patients."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain
from services.scheduling.wire.clinics import hours_of, hours_reply
from services.scheduling.wire.stamps import moment


class AboutVisit(Protocol):
    """A request that names one session of a series."""

    series_id: str
    number: int


def visit(request: AboutVisit) -> tuple[UUID, int]:
    """The series and the number of the session in it."""
    return UUID(request.series_id), request.number


def start_wanted(request: rpc.HoldSeriesRequest) -> datetime | None:
    """When the first session must start, if the caller cares."""
    return moment(request.start_time) if request.HasField("start_time") else None


def cancel_reason(reason: nouns.CancelReason.ValueType) -> str:
    """Why a session is called off, as the cancellation policy names it."""
    return nouns.CancelReason.Name(reason).removeprefix("CANCEL_REASON_").lower()


def override_reason(reason: nouns.OverrideReason.ValueType) -> str:
    """Why a rule is set aside."""
    return nouns.OverrideReason.Name(reason).removeprefix("OVERRIDE_REASON_").lower()


def preferences(asked: nouns.Preferences) -> domain.Preferences:
    """What a patient would like."""
    named = asked.nurse == nouns.NURSE_PREFERENCE_NAMED and asked.nurse_id
    return domain.Preferences(
        windows=tuple(sorted(hours_of(asked.windows))),
        same_nurse=asked.nurse == nouns.NURSE_PREFERENCE_SAME,
        nurse_id=UUID(asked.nurse_id) if named else None,
        therapist=asked.therapy == nouns.THERAPY_ASSISTED,
        skills=tuple(sorted(set(asked.skills))),
    )


def preferences_reply(liked: domain.Preferences) -> nouns.Preferences:
    """The preferences as kept."""
    nurse = nouns.NURSE_PREFERENCE_SAME if liked.same_nurse else nouns.NURSE_PREFERENCE_UNSPECIFIED
    return nouns.Preferences(
        windows=hours_reply(liked.windows),
        nurse=nouns.NURSE_PREFERENCE_NAMED if liked.nurse_id else nurse,
        nurse_id=str(liked.nurse_id) if liked.nurse_id else "",
        therapy=nouns.THERAPY_ASSISTED if liked.therapist else nouns.THERAPY_UNSPECIFIED,
        skills=liked.skills,
    )
