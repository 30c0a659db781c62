"""A fee that scheduling decided: its policy says what is asked, our price what that is in money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.refusal import Reject
from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.fee import Fee, Missed
from services.billing.domain.forfeiting import charge, free_fee, price_fee
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.terms import FeeKind, Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Incurred:
    """A session that was missed or cancelled too late, and what the policy asks for it."""

    series_id: UUID
    session_id: UUID
    missed: Missed
    tariff: Tariff
    currency_code: str = ""
    """Of a flat fee; any other is a part of the price, in the price's own currency."""
    policy: str
    """The policy and its version."""


def charge_incurred(
    invoice: Invoice, incurred: Incurred, known: Fee | None, now: datetime
) -> Decision:
    """Grace and waivers were weighed already; whoever charged the session first has decided."""
    if known is not None or invoice.status is Status.VOID:
        return NOTHING
    flat = incurred.tariff.kind is FeeKind.FLAT
    if flat and incurred.currency_code != invoice.unit_price.currency_code:
        raise Reject("currency of the fee")
    free = free_fee(invoice, incurred.session_id, incurred.missed, incurred.policy, now)
    return charge(invoice, price_fee(invoice, incurred.tariff, free), now)
