"""A gateway for development and tests: the amount decides, so a crash forgets nothing of weight."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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
    NeverAsked,
    Refunded,
    Saved,
    Standing,
    Webhook,
)
from services.billing.gateway import signature
from services.billing.gateway.port import Forged, GatewayAway

SECRET = "whsec_simulator"  # noqa: S105
_DECLINED = {2: "card_declined", 4: "insufficient_funds"}
_ANSWERS_LATE, _WANTS_THE_PAYER, _REFUND_FAILS = 5, 6, 7


class Bank:
    """What the card networks would know: what the payer did, and which money was taken."""

    def __init__(self) -> None:
        self.ended: dict[UUID, Standing] = {}
        self.taken: Counter[UUID] = Counter()
        self.forgotten: set[str] = set()
        self.contested: dict[UUID, dict[str, Contested]] = {}


class Simulator:
    """The last two digits of the amount say what happens.

    02 and 04 are declined; 05 is charged, but the first call in this process never hears of it;
    06 waits for the payer's 3-D Secure; 07 is collected and cannot be given back; all else is
    collected. Nobody remembers whether a key was used: `cancel` and `find` assume that it was.
    """

    name = "simulator"
    key_window = timedelta(hours=24)

    def __init__(self, latency: float = 0, bank: Bank | None = None) -> None:
        self._latency = latency
        self._kept_waiting: set[UUID] = set()
        self.bank = bank or Bank()

    async def collect(self, charge: Charge) -> Standing:
        """Decided by the amount alone, but for 3-D Secure."""
        await self._take_time()
        answer = self._stands(charge)
        if isinstance(answer, Collected):
            self.bank.taken[charge.payment_id] = 1
        late = charge.amount.minor_units % 100 == _ANSWERS_LATE
        if late and charge.payment_id not in self._kept_waiting:
            self._kept_waiting.add(charge.payment_id)
            raise GatewayAway
        return answer

    async def find(self, charge: Charge) -> Standing | NeverAsked:
        """As if it had been asked for already."""
        await self._take_time()
        return self._stands(charge)

    async def cancel(self, charge: Charge) -> Collected | Declined | Cancelled:
        """As if it had been asked for already; a payer who has not confirmed never will."""
        await self._take_time()
        answer = self._stands(charge)
        if isinstance(answer, ActionNeeded):
            answer = self.bank.ended[charge.payment_id] = Cancelled()
        assert not isinstance(answer, ActionNeeded)
        return answer

    async def refund(self, charge: Charge) -> Refunded | Declined:
        """At once."""
        await self._take_time()
        fails = charge.amount.minor_units % 100 == _REFUND_FAILS
        return Declined("expired_or_canceled_card") if fails else Refunded()

    async def save(self, card_id: UUID, token: str) -> Saved | Declined:
        """Every card is good, but one whose token says that it is not."""
        await self._take_time()
        bad = token.endswith("_declined")
        return Declined("card_declined") if bad else Saved(f"card/{card_id}")

    async def forget(self, reference: str) -> None:
        """At once."""
        await self._take_time()
        self.bank.forgotten.add(reference)

    async def contested(self, charge: Charge) -> Sequence[Contested]:
        """As webhooks have told; nobody else disputes anything here."""
        await self._take_time()
        return list(self.bank.contested.get(charge.payment_id, {}).values())

    def webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Webhook:
        """The payer's answer to 3-D Secure, and a bank's dispute, come this way too."""
        signature.verify(body, headers.get(signature.HEADER, ""), SECRET, now)
        try:
            event = json.loads(body)
            payment_id = UUID(event["payment_id"])
            if event["type"] in _PAYER:
                self.bank.ended.setdefault(payment_id, _PAYER[event["type"]])
            is_dispute = event["type"] in _BANK
            if is_dispute:
                told = _contested(payment_id, _BANK[event["type"]], event["dispute"])
                self.bank.contested.setdefault(payment_id, {})[told.told.reference] = told
            return Webhook(
                event_id=event["id"],
                gateway=self.name,
                kind=event["type"],
                payment_id=payment_id,
                is_dispute=is_dispute,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Forged("not an event of ours") from None

    async def _take_time(self) -> None:
        if self._latency:
            await asyncio.sleep(self._latency)

    def _stands(self, charge: Charge) -> Standing:
        cents = charge.amount.minor_units % 100
        if charge.card in self.bank.forgotten and charge.payment_id not in self.bank.taken:
            return Declined("card_removed")
        if charge.card and cents == _WANTS_THE_PAYER:
            return Declined("authentication_required")
        if cents == _WANTS_THE_PAYER:
            waiting = ActionNeeded(f"simulator:confirm/{charge.payment_id}")
            return self.bank.ended.get(charge.payment_id, waiting)
        return Declined(_DECLINED[cents]) if cents in _DECLINED else Collected()


_PAYER: Mapping[str, Standing] = {
    "payer.confirmed": Collected(),
    "payer.refused": Declined("authentication_failed"),
}
_BANK: Mapping[str, DisputeStatus] = {
    "dispute.opened": DisputeStatus.NEEDS_RESPONSE,
    "dispute.won": DisputeStatus.WON,
    "dispute.lost": DisputeStatus.LOST,
}


def _contested(payment_id: UUID, standing: DisputeStatus, told: Mapping[str, Any]) -> Contested:
    chargeback = Chargeback(
        payment_id=payment_id,
        reference=told["reference"],
        reason=told["reason"],
        amount=Money(told["minor_units"], told["currency_code"]),
        fee=told["fee_minor_units"],
        respond_by=datetime.fromisoformat(told["respond_by"]),
    )
    return Contested(chargeback, standing)


def webhooks(
    payment_id: UUID, now: datetime, *kinds: str, dispute: Mapping[str, Any] | None = None
) -> Sequence[tuple[bytes, str]]:
    """Signed events as a bad day delivers them: the last first, and each twice."""
    about = {"payment_id": str(payment_id)} | ({"dispute": dispute} if dispute else {})
    bodies = [
        json.dumps({"id": f"evt_{payment_id}_{kind}", "type": kind, **about}).encode()
        for kind in kinds
    ]
    return [(body, signature.sign(body, SECRET, now)) for body in [*bodies[::-1], *bodies]]
