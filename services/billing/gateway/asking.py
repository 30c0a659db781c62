"""Asking patiently: a passing fault is asked again under the same key, a lasting one is unknown."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

import structlog
from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from services.billing.domain import Charge, Money, Outcome, Payment, PaymentStatus, Unknown
from services.billing.gateway.port import GatewayAway, PaymentGateway

Verb = Callable[[Charge], Awaitable[Outcome]]

PATIENCE = 5.0
"""Seconds for one answer; all tries together stay below an errand's lease."""
_PASSING = (GatewayAway, TimeoutError)

log = structlog.get_logger()


async def collected(payments: Sequence[Payment], gateway: PaymentGateway) -> Mapping[UUID, Outcome]:
    """What the gateway says of the payments that wait for it, all asked at once."""
    verbs = {
        PaymentStatus.PENDING: gateway.collect,
        PaymentStatus.CANCELLING: gateway.cancel,
    }
    asked = [one for one in payments if one.status in verbs]
    answers = [_ask(verbs[one.status], Charge(one.payment_id, one.amount)) for one in asked]
    return _by_id(asked, await asyncio.gather(*answers))


async def refunded(payments: Sequence[Payment], gateway: PaymentGateway) -> Mapping[UUID, Outcome]:
    """What the gateway says of the payments that are to go back, all asked at once."""
    asked = [one for one in payments if one.status is PaymentStatus.REFUND_PENDING]
    answers = [_ask(gateway.refund, _back(one)) for one in asked]
    return _by_id(asked, await asyncio.gather(*answers))


def _back(payment: Payment) -> Charge:
    return Charge(payment.payment_id, Money(payment.refund, payment.amount.currency_code))


def _by_id(payments: Sequence[Payment], outcomes: Sequence[Outcome]) -> Mapping[UUID, Outcome]:
    return {one.payment_id: outcome for one, outcome in zip(payments, outcomes, strict=True)}


async def _ask(verb: Verb, charge: Charge) -> Outcome:
    try:
        try:
            return await _once(verb, charge)
        except _PASSING:
            return await _again(verb, charge)
    except Exception as error:
        about = {"payment_id": str(charge.payment_id), "error_class": type(error).__qualname__}
        log.warning("gateway.unknown", **about)
        return Unknown()


async def _once(verb: Verb, charge: Charge) -> Outcome:
    async with asyncio.timeout(PATIENCE):
        return await verb(charge)


@retry(
    stop=stop_after_attempt(2),
    wait=wait_random_exponential(multiplier=0.2, max=2),
    retry=retry_if_exception_type(_PASSING),
    reraise=True,
)
async def _again(verb: Verb, charge: Charge) -> Outcome:
    """Those that failed together do not come back together."""
    await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311
    return await _once(verb, charge)
