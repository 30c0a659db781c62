"""Both adapters of the payment port, each with the means to see behind it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request, urlopen
from uuid import UUID

from services.billing.gateway import PaymentGateway, Simulator, signature
from services.billing.gateway.simulator import Bank, webhooks
from services.billing.gateway.stripe import Stripe
from services.billing.tests import stripe_stand_in
from services.billing.tests.examples import NOW

ROOT = Path(__file__).resolve().parents[3]


Told = tuple[bytes, str]


class Peer(Protocol):
    """One gateway as a test sees it."""

    @property
    def remembers(self) -> bool:
        """Whether it knows which keys were used."""

    def make(self) -> PaymentGateway:
        """A new adapter, as a new process would have."""

    def confirm(self, payment_id: UUID, *, accepted: bool) -> None:
        """The payer answers 3-D Secure."""

    def taken(self, payment_id: UUID) -> int:
        """How often money was really taken for a payment."""

    def webhook(self, payment_id: UUID) -> tuple[bytes, str]:
        """A signed event about a payment, and its header; signed at NOW."""

    def dispute(self, payment_id: UUID, amount: int, status: str, at: datetime) -> Told:
        """A bank takes the money back, or decides: the signed event that says so."""


class Simulated:
    """Ours: what the payer does is told by a webhook."""

    remembers = False

    def __init__(self) -> None:
        self.bank = Bank()

    def make(self) -> PaymentGateway:
        return Simulator(bank=self.bank)

    def confirm(self, payment_id: UUID, *, accepted: bool) -> None:
        kind = "payer.confirmed" if accepted else "payer.refused"
        for body, header in webhooks(payment_id, NOW, kind):
            self.make().webhook(body, {signature.HEADER: header}, NOW)

    def taken(self, payment_id: UUID) -> int:
        return self.bank.taken[payment_id]

    def webhook(self, payment_id: UUID) -> tuple[bytes, str]:
        return webhooks(payment_id, NOW, "payment.collected")[0]

    def dispute(self, payment_id: UUID, amount: int, status: str, at: datetime) -> Told:
        kind = {"needs_response": "opened"}.get(status, status)
        told = {
            "reference": "dp_1",
            "reason": "fraudulent",
            "minor_units": amount,
            "currency_code": "USD",
            "fee_minor_units": 1500,
            "respond_by": (at + timedelta(days=7)).isoformat(),
        }
        return webhooks(payment_id, at, f"dispute.{kind}", dispute=told)[0]


class StandIn:
    """Stripe's adapter against a process of ours."""

    remembers = True

    def __init__(self, url: str) -> None:
        self.url = url
        self._made: list[Stripe] = []

    def make(self) -> Stripe:
        return self.connect(confirm_with="pm_card_visa")

    def connect(self, key: str = stripe_stand_in.KEY, confirm_with: str = "") -> Stripe:
        secret = stripe_stand_in.WEBHOOK_SECRET
        self._made.append(Stripe(key, secret, confirm_with=confirm_with, url=self.url))
        return self._made[-1]

    async def close(self) -> None:
        """Hang up every adapter made."""
        while self._made:
            await self._made.pop().close()

    def confirm(self, payment_id: UUID, *, accepted: bool) -> None:
        self.post("/test/settle", payment_id=str(payment_id), accepted=accepted)

    def taken(self, payment_id: UUID) -> int:
        return int(self.counts(payment_id)["captures"])

    def counts(self, payment_id: UUID) -> dict[str, Any]:
        with urlopen(f"{self.url}/test/counts?payment_id={payment_id}") as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def webhook(self, payment_id: UUID) -> tuple[bytes, str]:
        intent = {"object": "payment_intent", "metadata": {"payment_id": str(payment_id)}}
        event = {"id": f"evt_{payment_id}", "type": "payment_intent.succeeded"}
        body = json.dumps({**event, "data": {"object": intent}}).encode()
        return body, signature.sign(body, stripe_stand_in.WEBHOOK_SECRET, NOW)

    def dispute(self, payment_id: UUID, amount: int, status: str, at: datetime) -> Told:
        made = self.post("/test/dispute", payment_id=str(payment_id), status=status)
        assert made["amount"] == amount
        kind = "created" if status == "needs_response" else "closed"
        event = {"id": f"evt_{made['id']}_{status}", "type": f"charge.dispute.{kind}"}
        body = json.dumps({**event, "data": {"object": made}}).encode()
        return body, signature.sign(body, stripe_stand_in.WEBHOOK_SECRET, at)

    def post(self, path: str, **asked: Any) -> dict[str, Any]:
        with urlopen(Request(f"{self.url}{path}", json.dumps(asked).encode())) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A process of its own, on a port that the system chose."""
    command = [sys.executable, "-m", "services.billing.tests.stripe_stand_in"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield StandIn(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()
