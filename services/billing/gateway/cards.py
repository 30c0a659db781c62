"""Asking the gateway to keep cards or to forget them, all at once; silence is asked again."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.billing.domain import Card, CardStatus, Declined, Saved
from services.billing.gateway.asking import PATIENCE
from services.billing.gateway.port import PaymentGateway


async def kept(
    cards: Sequence[Card], gateway: PaymentGateway
) -> Mapping[UUID, Saved | Declined | None]:
    """What it says of each: kept, refused, or forgotten (None); the silent ones are left out."""
    answers = await asyncio.gather(
        *(_asked(card, gateway) for card in cards), return_exceptions=True
    )
    told = zip(cards, answers, strict=True)
    return {card.card_id: said for card, said in told if not isinstance(said, BaseException)}


async def _asked(card: Card, gateway: PaymentGateway) -> Saved | Declined | None:
    """One that is removed before anybody knew its name is kept first, to learn the name."""
    async with asyncio.timeout(PATIENCE):
        if card.status is CardStatus.PENDING:
            return await gateway.save(card.card_id, card.token)
        saved = card.reference or await gateway.save(card.card_id, card.token)
        if isinstance(saved, Saved):
            saved = saved.reference
        if isinstance(saved, str):
            await gateway.forget(saved)
        return None
