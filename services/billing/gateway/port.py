"""The port to whoever takes the money; every adapter passes tests/test_gateway.py."""

from typing import Protocol

from services.billing.domain import Cancelled, Charge, Collected, Declined, Refunded


class GatewayAway(ConnectionError):
    """No answer: the request may or may not have been carried out; ask again with the same key."""


class PaymentGateway(Protocol):
    """Each verb is keyed by the payment's id: however often it is asked, it happens once.

    The same question has the same answer for good, in every process. A charge carries an id and an
    amount, nothing about a person. Any exception means that the outcome is unknown.
    """

    async def collect(self, charge: Charge) -> Collected | Declined | Cancelled:
        """Take the money, unless it was taken under this key or the key was cancelled."""

    async def cancel(self, charge: Charge) -> Collected | Declined | Cancelled:
        """See that nothing is taken under this key from now on; say so if it was taken before."""

    async def refund(self, charge: Charge) -> Refunded:
        """Give this much of the payment back; a payment is given back at most once."""
