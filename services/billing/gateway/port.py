"""The port to whoever takes the money; every adapter passes tests/test_gateway.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.billing.domain import (
    Cancelled,
    Charge,
    Collected,
    Contested,
    Declined,
    NeverAsked,
    Refunded,
    Saved,
    Standing,
    Webhook,
)


class GatewayAway(ConnectionError):
    """No answer: the request may or may not have been carried out; ask what became of it."""


class Forged(ValueError):
    """A webhook that the gateway did not sign, or signed too long ago."""


class PaymentGateway(Protocol):
    """Each verb is keyed by the payment's id: however often it is asked, it happens once.

    The same question has the same answer for good, in every process. A charge carries an id and an
    amount, nothing about a person. Any exception means that the outcome is unknown.
    """

    name: str
    key_window: timedelta
    """How long after its first use the gateway remembers a key."""

    async def collect(self, charge: Charge) -> Standing:
        """Take the money, unless it was taken under this key or the key was cancelled."""

    async def find(self, charge: Charge) -> Standing | NeverAsked:
        """What became of the payment; asking changes nothing."""

    async def cancel(self, charge: Charge) -> Collected | Declined | Cancelled:
        """See that nothing is taken under this key from now on; say so if it was taken before."""

    async def refund(self, charge: Charge) -> Refunded | Declined:
        """Give this much of the payment back; once for each key."""

    async def save(self, card_id: UUID, token: str) -> Saved | Declined:
        """Keep a card that the payer has given on the gateway's page, to be charged later."""

    async def forget(self, reference: str) -> None:
        """Keep it no more; one that is not there is forgotten already."""

    async def contested(self, charge: Charge) -> Sequence[Contested]:
        """Every time a bank took money of this payment back, and where that stands."""

    def webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Webhook:
        """Read a webhook whose signature holds for these very bytes; any other is Forged."""
