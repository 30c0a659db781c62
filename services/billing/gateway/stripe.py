"""Stripe: PaymentIntents made without money, confirmed under a key, and asked for the truth."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import stripe
from stripe import HTTPXClient, PaymentIntent, Refund, StripeClient

from services.billing.domain import (
    ActionNeeded,
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
from services.billing.gateway import signature
from services.billing.gateway.port import Forged, GatewayAway
from services.billing.gateway.stripe_words import contested, heard, key_of, reason, standing

_PATIENCE = 4.0
_ENDED = frozenset({"succeeded", "canceled"})
_API = "https://api.stripe.com"


class Stripe:
    """Only ids and amounts leave the house: no description, nothing of a person in the metadata.

    `collect` first makes the intent, which takes no money and so can be found again under its key,
    and then confirms it. Without `confirm_with` the payer confirms it on the page.
    """

    name = "stripe"
    key_window = timedelta(hours=24)

    def __init__(
        self, api_key: str, webhook_secret: str, *, confirm_with: str = "", url: str = _API
    ) -> None:
        self._secret, self._confirm_with = webhook_secret, confirm_with
        self._line = HTTPXClient(timeout=_PATIENCE)
        self._client = StripeClient(
            api_key,
            base_addresses={"api": url},
            http_client=self._line,
            max_network_retries=0,
        )
        self._intents = self._client.v1.payment_intents

    async def collect(self, charge: Charge) -> Standing:
        """The money, a refusal, or what the payer must do."""
        intent = await self._made(charge)
        if intent.status == "requires_payment_method" and (charge.card or self._confirm_with):
            return await self._confirm(intent, charge)
        return standing(intent)

    async def find(self, charge: Charge) -> Standing | NeverAsked:
        """By Stripe's own name when we know it, else by ours."""
        found = await self._known(charge)
        return standing(found) if found else NeverAsked()

    async def cancel(self, charge: Charge) -> Collected | Declined | Cancelled:
        """An intent that was never made is made first, so that no later use of its key can pay.

        It is looked for before: a key that Stripe has forgotten would make a second one.
        """
        intent = await self._known(charge) or await self._made(charge)
        if intent.status in _ENDED:
            ended = standing(intent)
            assert not isinstance(ended, ActionNeeded)
            return ended
        return await self._close(intent, Cancelled())

    async def refund(self, charge: Charge) -> Refunded | Declined:
        """Some of what this payment brought; one made under this key is never made twice."""
        intent = charge.reference or await self._name(charge)
        key = str(charge.key or charge.payment_id)
        try:
            back = await self._returned(intent, key) or await self._give_back(intent, key, charge)
        except stripe.InvalidRequestError as refused:
            return Declined(refused.code or "refund_refused")
        failed = back.status in {"failed", "canceled"}
        return Declined(back.failure_reason or "refund_failed") if failed else Refunded()

    async def save(self, card_id: UUID, token: str) -> Saved | Declined:
        """A SetupIntent for a customer of whom Stripe knows our opaque id and nothing else."""
        mark = {"card_id": str(card_id)}
        customer = await heard(
            self._client.v1.customers.create_async(
                {"metadata": mark}, {"idempotency_key": f"customer/{card_id}"}
            )
        )
        try:
            kept = await heard(
                self._client.v1.setup_intents.create_async(
                    {
                        "customer": customer.id,
                        "payment_method": token,
                        "usage": "off_session",
                        "confirm": True,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "metadata": mark,
                    },
                    {"idempotency_key": f"setup/{card_id}"},
                )
            )
        except stripe.CardError as refused:
            return Declined(reason(refused.error))
        except stripe.InvalidRequestError as refused:
            return Declined(refused.code or "card_refused")
        if kept.status != "succeeded":
            return Declined("authentication_required")
        return Saved(f"{customer.id}/{token}")

    async def forget(self, reference: str) -> None:
        """Detached for good; Stripe refuses to detach what is detached."""
        with suppress(stripe.InvalidRequestError):
            _, _, method = reference.partition("/")
            await heard(self._client.v1.payment_methods.detach_async(method))

    async def contested(self, charge: Charge) -> Sequence[Contested]:
        """What banks took back of it, or may."""
        intent = charge.reference or await self._name(charge)
        asked = {"payment_intent": intent, "limit": 100}
        made = await heard(self._client.v1.disputes.list_async(asked))  # type: ignore[arg-type]
        return [told for one in made.data if (told := contested(one, charge))]

    def webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Webhook:
        """Which payment to ask about."""
        signature.verify(body, headers.get(signature.HEADER, ""), self._secret, now)
        try:
            event = json.loads(body)
            about = event["data"]["object"]
            ours = about.get("metadata", {}).get("payment_id")
            is_dispute = event["type"].startswith("charge.dispute.")
            return Webhook(
                event_id=event["id"],
                gateway=self.name,
                kind=event["type"],
                payment_id=UUID(ours) if ours else None,
                reference=str(about.get("payment_intent") or "") if is_dispute else "",
                is_dispute=is_dispute,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Forged("not an event of ours") from None

    async def close(self) -> None:
        """Hang up."""
        await self._line.close_async()  # type: ignore[no-untyped-call]

    async def _made(self, charge: Charge) -> PaymentIntent:
        customer, _, _ = charge.card.partition("/")
        return await heard(
            self._intents.create_async(
                {
                    **({"customer": customer} if customer else {}),  # type: ignore[typeddict-item]
                    "amount": charge.amount.minor_units,
                    "currency": charge.amount.currency_code.lower(),
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "metadata": {"payment_id": str(charge.payment_id)},
                },
                {"idempotency_key": f"create/{charge.payment_id}"},
            )
        )

    async def _known(self, charge: Charge) -> PaymentIntent | None:
        if charge.reference:
            return await heard(self._intents.retrieve_async(charge.reference))
        return await self._searched(charge)

    async def _returned(self, intent: str, key: str) -> Refund | None:
        """Stripe forgets keys after a day, but never what it gave back."""
        made = await heard(
            self._client.v1.refunds.list_async({"payment_intent": intent, "limit": 100})
        )
        return next((one for one in made.data if key_of(one) == key), None)

    async def _give_back(self, intent: str, key: str, charge: Charge) -> Refund:
        amount = charge.amount.minor_units
        return await heard(
            self._client.v1.refunds.create_async(
                {"payment_intent": intent, "amount": amount, "metadata": {"key": key}},
                {"idempotency_key": f"refund/{key}"},
            )
        )

    async def _searched(self, charge: Charge) -> PaymentIntent | None:
        query = f"metadata['payment_id']:'{charge.payment_id}'"
        found = await heard(self._intents.search_async({"query": query}))
        return found.data[0] if found.data else None

    async def _name(self, charge: Charge) -> str:
        """The intent was made, or there would be nothing to give back: a search may lag behind."""
        if found := await self._searched(charge):
            return found.id
        raise GatewayAway("not found yet")

    async def _confirm(self, intent: PaymentIntent, charge: Charge) -> Standing:
        _, on_file, method = charge.card.partition("/")
        try:
            confirmed = await heard(
                self._intents.confirm_async(
                    intent.id,
                    {"payment_method": method, "off_session": True}
                    if on_file
                    else {"payment_method": self._confirm_with},
                    {"idempotency_key": f"confirm/{charge.payment_id}"},
                )
            )
        except stripe.CardError as refused:
            return await self._close(intent, Declined(reason(refused.error)))
        except stripe.InvalidRequestError:
            confirmed = await heard(self._intents.retrieve_async(intent.id))
        return standing(confirmed)

    async def _close(
        self, intent: PaymentIntent, otherwise: Declined | Cancelled
    ) -> Collected | Declined | Cancelled:
        """A refusal is for good: what is left open could be paid later, and be paid twice."""
        try:
            await heard(self._intents.cancel_async(intent.id))
        except stripe.InvalidRequestError:
            ended = standing(await heard(self._intents.retrieve_async(intent.id)))
            if isinstance(ended, ActionNeeded):
                raise GatewayAway("not cancelled") from None
            return ended
        return otherwise
