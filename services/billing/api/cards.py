"""Cards on file: kept with consent, removed at once, charged for what is owed."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database
from halcyon.billing.v1 import payment_service_pb2 as rpc
from services.billing import domain, packs, store
from services.billing.api.sight import visible
from services.billing.wire import cards as words
from services.billing.wire.payments import payment

Context = grpc.ServicerContext


class Cards:
    """Tokens of the gateway; a card's number never comes here."""

    _db: Database

    async def SaveCard(
        self, request: rpc.SaveCardRequest, context: Context
    ) -> rpc.SaveCardResponse:
        asked = words.keeping(request)
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            known = await store.find_card(tx, domain.card_id(invoice, asked.request_id))
            card = domain.keep_card(invoice, asked, known, packs.CARD_CONSENTS, tx.now)
            if known is None:
                store.keep_card(tx, card)
        return rpc.SaveCardResponse(card=words.card(card))

    async def ListCards(
        self, request: rpc.ListCardsRequest, context: Context
    ) -> rpc.ListCardsResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            found = await store.cards(tx, invoice)
        return rpc.ListCardsResponse(cards=map(words.card, found))

    async def RemoveCard(
        self, request: rpc.RemoveCardRequest, context: Context
    ) -> rpc.RemoveCardResponse:
        async with self._db.transaction() as tx:
            known = await store.get_card(tx, UUID(request.card_id))
            if not caller().sees(known.clinic_id):
                raise store.no_card()
            card = domain.remove_card(known, tx.now)
            if card != known:
                store.keep_card(tx, card)
        return rpc.RemoveCardResponse(card=words.card(card))

    async def ChargeBalance(
        self, request: rpc.ChargeBalanceRequest, context: Context
    ) -> rpc.ChargeBalanceResponse:
        request_id = UUID(request.request_id)
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            asked = await store.find_request(tx, invoice.invoice_id, request_id)
            if asked is None:
                due, card = await store.due_now(tx, invoice), await store.card_on_file(tx, invoice)
                decision = domain.charge_balance(invoice, due, card, request_id, tx.now)
                await store.record(tx, decision)
                asked = decision.payment
        assert asked is not None
        domain.must_be_of_card(asked)
        return rpc.ChargeBalanceResponse(payment=payment(asked))
