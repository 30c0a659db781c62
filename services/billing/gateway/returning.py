"""Giving parts of payments back: an answer that does not come is asked for again under its key."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from services.billing.domain import Charge, Declined, Outcome
from services.billing.gateway.asking import heard
from services.billing.gateway.port import PaymentGateway


async def returned(parts: Mapping[UUID, Charge], gateway: PaymentGateway) -> Mapping[UUID, Outcome]:
    """What the gateway says of each part, all asked at once."""
    answers = [
        heard(gateway.refund if charge.online else _over_the_desk, charge)
        for charge in parts.values()
    ]
    return dict(zip(parts, await asyncio.gather(*answers), strict=True))


async def _over_the_desk(_: Charge) -> Outcome:
    """No gateway has it: somebody gives it back by hand."""
    return Declined("paid_at_desk")
