"""What Stripe says, in our words."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe
from stripe import Dispute, PaymentIntent, Refund

from services.billing.domain import (
    ActionNeeded,
    Cancelled,
    Charge,
    Chargeback,
    Collected,
    Contested,
    Declined,
    DisputeStatus,
    Money,
    Standing,
)
from services.billing.gateway.port import GatewayAway

T = TypeVar("T")

_DISPUTES = {
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


async def heard(answer: Awaitable[T]) -> T:
    """What Stripe could not say for certain is silence; what it refuses is an answer."""
    try:
        return await answer
    except (stripe.CardError, stripe.InvalidRequestError):
        raise
    except stripe.StripeError as fault:
        raise GatewayAway(type(fault).__qualname__) from None


def standing(intent: PaymentIntent) -> Standing:
    """Where it stands; what Stripe is at still is silence."""
    match intent.status:
        case "succeeded":
            return Collected(intent.id)
        case "canceled":
            error = intent.last_payment_error
            return Declined(reason(error)) if error else Cancelled()
        case "processing" | "requires_capture":
            raise GatewayAway(intent.status)
        case _:
            return ActionNeeded(intent.client_secret or "", intent.id)


def contested(dispute: Dispute, charge: Charge) -> Contested | None:
    """What a bank took back, or may; an inquiry moves no money and is none."""
    if dispute.status not in _DISPUTES:
        return None
    moved = dispute.balance_transactions or []
    due = dispute.evidence_details.due_by or dispute.created
    told = Chargeback(
        payment_id=charge.payment_id,
        reference=dispute.id,
        reason=dispute.reason,
        amount=Money(dispute.amount, dispute.currency.upper()),
        fee=sum(max(0, one.fee) for one in moved),
        respond_by=datetime.fromtimestamp(due, UTC),
    )
    return Contested(told, _DISPUTES[dispute.status])


def key_of(refund: Refund) -> str | None:
    """The key under which it was asked for."""
    found = refund.metadata
    return str(found["key"]) if found and "key" in found else None


def reason(error: Any) -> str:
    """The bank's own code, else Stripe's."""
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "declined")
