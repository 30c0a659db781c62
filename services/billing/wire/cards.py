"""Cards on file in the contract's words."""

from uuid import UUID

from halcyon.billing.v1 import payment_pb2 as nouns
from halcyon.billing.v1 import payment_service_pb2 as rpc
from services.billing.domain import Card, CardStatus, Keeping
from services.billing.wire.stated import time

_STATUSES = {one: nouns.CardStatus.Value(f"CARD_STATUS_{one.name}") for one in CardStatus}


def keeping(request: rpc.SaveCardRequest) -> Keeping:
    """Which card, and what was agreed."""
    return Keeping(UUID(request.request_id), request.token, request.consent)


def card(found: Card) -> nouns.Card:
    """A card as callers see it: neither its token nor the gateway's name of it."""
    return nouns.Card(
        card_id=str(found.card_id),
        patient_id=str(found.patient_id),
        clinic_id=str(found.clinic_id),
        status=_STATUSES[found.status],
        consent=found.consent,
        consent_time=time(found.consent_time),
        reason=found.reason,
        update_time=time(found.update_time),
    )
