"""Giving parts of payments back: an answer that does not come is asked for again under its key."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog

from services.billing.domain import Charge, Outcome, Unknown
from services.billing.gateway.asking import PATIENCE
from services.billing.gateway.port import PaymentGateway

log = structlog.get_logger()


async def returned(parts: Mapping[UUID, Charge], gateway: PaymentGateway) -> Mapping[UUID, Outcome]:
    """What the gateway says of each part, all asked at once."""
    answers = await asyncio.gather(*[_heard(charge, gateway) for charge in parts.values()])
    return dict(zip(parts, answers, strict=True))


async def _heard(charge: Charge, gateway: PaymentGateway) -> Outcome:
    try:
        async with asyncio.timeout(PATIENCE):
            return await gateway.refund(charge)
    except Exception as error:
        about = {"payment_id": str(charge.payment_id), "error_class": type(error).__qualname__}
        log.warning("gateway.unknown", **about)
        return Unknown()
