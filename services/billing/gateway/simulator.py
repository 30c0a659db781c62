"""A gateway for development and tests: it keeps nothing, so a crash cannot make it forget."""

import asyncio
from uuid import UUID

from services.billing.domain import Charge, Collected, Declined, Refunded
from services.billing.gateway.port import GatewayAway

_DECLINED = {2: "card_declined", 4: "insufficient_funds"}
_ANSWERS_LATE = 5


class Simulator:
    """The last two digits of the amount say what happens.

    02 and 04 are declined; 05 is charged, but the first call in this process never hears of it;
    all else is collected. Nobody remembers whether a key was used: `cancel` assumes that it was.
    """

    def __init__(self, latency: float = 0) -> None:
        self._latency = latency
        self._kept_waiting: set[UUID] = set()

    async def collect(self, charge: Charge) -> Collected | Declined:
        """Decided by the amount alone."""
        await self._take_time()
        late = charge.amount.minor_units % 100 == _ANSWERS_LATE
        if late and charge.payment_id not in self._kept_waiting:
            self._kept_waiting.add(charge.payment_id)
            raise GatewayAway
        return _answer(charge)

    async def cancel(self, charge: Charge) -> Collected | Declined:
        """As if it had been asked for already."""
        await self._take_time()
        return _answer(charge)

    async def refund(self, charge: Charge) -> Refunded:  # noqa: ARG002
        """At once."""
        await self._take_time()
        return Refunded()

    async def _take_time(self) -> None:
        if self._latency:
            await asyncio.sleep(self._latency)


def _answer(charge: Charge) -> Collected | Declined:
    reason = _DECLINED.get(charge.amount.minor_units % 100)
    return Declined(reason) if reason else Collected()
