"""Asking with care: a silence is never met by asking again blindly, but by asking what happened."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from services.billing.domain import (
    Charge,
    Contested,
    Money,
    NeverAsked,
    Outcome,
    Payment,
    PaymentStatus,
    Unknown,
)
from services.billing.gateway.port import GatewayAway, PaymentGateway

Verb = Callable[[Charge], Awaitable[Outcome]]

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for one answer; all questions together stay below an errand's lease."""
_SILENT = (GatewayAway, TimeoutError)

log = structlog.get_logger()


async def collected(
    payments: Sequence[Payment], gateway: PaymentGateway, now: datetime
) -> Mapping[UUID, Outcome]:
    """What the gateway says of the payments that wait for it, all asked at once."""
    ways = {
        PaymentStatus.PENDING: lambda charge: _collect(charge, gateway),
        PaymentStatus.CANCELLING: gateway.cancel,
    }
    asked = [one for one in payments if one.status in ways]
    answers = [
        _nobody_knows() if _is_stale(one, gateway, now) else heard(ways[one.status], _charge(one))
        for one in asked
    ]
    return _by_id(asked, await _together(answers))


async def reconciled(
    payments: Sequence[Payment], gateway: PaymentGateway, now: datetime
) -> Mapping[UUID, Outcome]:
    """What became of the payments whose outcome we do not know, or that wait for the payer."""
    in_doubt = (PaymentStatus.UNKNOWN, PaymentStatus.ACTION_NEEDED)
    asked = [one for one in payments if one.status in in_doubt]
    answers = [heard(_truth(one, gateway, now), _charge(one)) for one in asked]
    return _by_id(asked, await _together(answers))


async def refunded(payments: Sequence[Payment], gateway: PaymentGateway) -> Mapping[UUID, Outcome]:
    """What the gateway says of the payments that are to go back, all asked at once."""
    asked = [one for one in payments if one.status is PaymentStatus.REFUND_PENDING]
    answers = [heard(gateway.refund, _back(one)) for one in asked]
    return _by_id(asked, await _together(answers))


def _is_stale(payment: Payment, gateway: PaymentGateway, now: datetime) -> bool:
    """Asked for, and perhaps sent, so long ago that its key could take the money once more."""
    is_open = payment.status is PaymentStatus.PENDING
    return is_open and now - payment.request_time >= gateway.key_window


async def _nobody_knows() -> Outcome:
    """The reconciler asks what became of it before anything is asked under its key."""
    return Unknown()


async def contested(
    payments: Sequence[Payment], gateway: PaymentGateway
) -> Mapping[UUID, Sequence[Contested]]:
    """What banks dispute of these payments; one that the gateway is silent about is left out."""
    answers = [_in_time(gateway.contested, _charge(one)) for one in payments]
    told = await asyncio.gather(*answers, return_exceptions=True)
    heard_of = zip(payments, told, strict=True)
    return {one.payment_id: said for one, said in heard_of if not isinstance(said, BaseException)}


async def _collect(charge: Charge, gateway: PaymentGateway) -> Outcome:
    """After a silence the gateway is asked what it did, before anything is asked of it again."""
    try:
        return await gateway.collect(charge)
    except _SILENT:
        found = await gateway.find(charge)
    return Unknown() if isinstance(found, NeverAsked) else found


def _truth(payment: Payment, gateway: PaymentGateway, now: datetime) -> Verb:
    """A key that never arrived is used while the gateway remembers keys, and never after."""
    remembered = now - payment.request_time < gateway.key_window

    async def ask(charge: Charge) -> Outcome:
        found = await gateway.find(charge)
        if isinstance(found, NeverAsked) and remembered:
            return await gateway.collect(charge)
        return found

    return ask


async def heard(verb: Verb, charge: Charge) -> Outcome:
    """What the gateway says of one charge; whatever goes wrong, the outcome is unknown."""
    try:
        return await _in_time(verb, charge)
    except Exception as error:
        about = {"payment_id": str(charge.payment_id), "error_class": type(error).__qualname__}
        log.warning("gateway.unknown", **about)
        return Unknown()


async def _in_time(verb: Callable[[Charge], Awaitable[T]], charge: Charge) -> T:
    async with asyncio.timeout(PATIENCE):
        return await verb(charge)


async def _together(answers: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    """All at once; a single one needs no task of its own."""
    if len(answers) == 1:
        return [await answers[0]]
    return await asyncio.gather(*answers)


def _charge(payment: Payment) -> Charge:
    return Charge(payment.payment_id, payment.amount, payment.reference, card=payment.card)


def _back(payment: Payment) -> Charge:
    amount = Money(payment.refund, payment.amount.currency_code)
    return Charge(payment.payment_id, amount, payment.reference)


def _by_id(payments: Sequence[Payment], outcomes: Sequence[Outcome]) -> Mapping[UUID, Outcome]:
    return {one.payment_id: outcome for one, outcome in zip(payments, outcomes, strict=True)}
