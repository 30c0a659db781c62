"""What we say to a partner as one CloudEvent in binary mode."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from chassis.facts import NAMESPACE
from halcyon.referral.v1.partner_pb2 import MessageAnswered
from services.referral import wire
from services.referral.domain import Partner, Person
from services.referral.partners import fhir
from services.referral.store import Step

SOURCE = "https://halcyon.clinic/referral"


class Saying(NamedTuple):
    """One message of a feed."""

    headers: dict[str, str]
    data: bytes


def news(who: Partner, step: Step, person: Person | None = None) -> Saying:
    """A step, in the format that the partner reads; the same step has the same id for ever."""
    named = wire.disclosed(person, who.fields) if person and who.fields else None
    told = wire.advanced(step.line, step.placer_reference, named)
    event_id = uuid5(NAMESPACE, f"{who.account}/{told.referral_id}/{told.number}")
    more = {
        "ce-subject": told.referral_id,
        "ce-partitionkey": told.referral_id,
        "ce-sequence": f"{told.number:010d}",
    }
    about = _about(event_id, told, told.change_time.ToDatetime(tzinfo=UTC), more)
    if who.format == "fhir":
        return Saying(about | {"ce-datacontenttype": "application/fhir+json"}, fhir.bundle(told))
    return _written(who, about, told)


def answer(who: Partner, answer_id: UUID, data: bytes) -> Saying:
    """What became of one message of the partner."""
    told = MessageAnswered.FromString(data)
    more = {"ce-subject": told.referral_id} if told.referral_id else {}
    about = _about(answer_id, told, told.answer_time.ToDatetime(tzinfo=UTC), more)
    return _written(who, about, told)


def _about(
    event_id: UUID, told: Message, time: datetime, more: Mapping[str, str]
) -> dict[str, str]:
    return {
        "Nats-Msg-Id": str(event_id),
        "ce-specversion": "1.0",
        "ce-id": str(event_id),
        "ce-source": SOURCE,
        "ce-type": told.DESCRIPTOR.full_name,
        "ce-time": time.isoformat(),
        **more,
    }


def _written(who: Partner, about: dict[str, str], told: Message) -> Saying:
    if who.format == "protobuf":
        kind, data = "application/protobuf", told.SerializeToString()
    else:
        kind, data = "application/json", MessageToJson(told, indent=None).encode()
    return Saying(about | {"ce-datacontenttype": kind}, data)
