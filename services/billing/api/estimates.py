"""Quotes, Good Faith Estimates and the watch on the bill."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from chassis.paging import after, cut, limit
from chassis.refusal import NotAllowed
from halcyon.billing.v1 import estimate_service_pb2 as rpc
from halcyon.billing.v1.estimate_service_pb2_grpc import EstimateServiceServicer
from services.billing import documents, domain, packs, store, wire
from services.billing.api.sight import visible, visible_estimate
from services.billing.domain import Rule, book, estimate
from services.billing.wire import estimates as words

Context = grpc.ServicerContext


class Estimates(EstimateServiceServicer):
    """Says what care will cost, in time, and keeps the bill to it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetQuote(
        self, request: rpc.GetQuoteRequest, context: Context
    ) -> rpc.GetQuoteResponse:
        clinic_id, wanted = UUID(request.clinic_id), words.wanted(request)
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            found = await _quoted(tx, clinic_id, wanted)
        return rpc.GetQuoteResponse(quote=words.quote(found))

    async def RequestEstimate(
        self, request: rpc.RequestEstimateRequest, context: Context
    ) -> rpc.RequestEstimateResponse:
        clinic_id, wanted = UUID(request.clinic_id), words.wanted(request)
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            quote = await _quoted(tx, clinic_id, wanted)
            asked = _asked(request, quote, tx)
            known = await store.find_estimate(
                tx, estimate.requested_id(asked.patient_id, asked.request_id), 1
            )
            issued = known or estimate.on_request(asked, await store.desk(tx, clinic_id), tx.now)
            store.keep_estimate(tx, None if known else issued)
        return rpc.RequestEstimateResponse(estimate=words.good_faith_estimate(issued))

    async def GetEstimate(
        self, request: rpc.GetEstimateRequest, context: Context
    ) -> rpc.GetEstimateResponse:
        estimate_id = UUID(request.estimate_id or request.invoice_id)
        if request.HasField("invoice_id"):
            estimate_id = domain.estimate_id(estimate_id)
        async with self._db.read() as tx:
            found = visible_estimate(await store.get_estimate(tx, estimate_id, request.version))
        return rpc.GetEstimateResponse(estimate=words.good_faith_estimate(found))

    async def ListUnprovidedEstimates(
        self, request: rpc.ListUnprovidedEstimatesRequest, context: Context
    ) -> rpc.ListUnprovidedEstimatesResponse:
        clinic_id, size = UUID(request.clinic_id), request.page_size
        due_by = wire.moment(request.due_by) if request.HasField("due_by") else None
        caller().must_serve(clinic_id)
        start = after(request.page_token)
        async with self._db.read() as tx:
            found = await store.unprovided(tx, clinic_id, due_by, start, limit(size))
        shown, token = cut(found, size, lambda one: (store.urgency(one), one.estimate_id))
        return rpc.ListUnprovidedEstimatesResponse(
            estimates=map(words.good_faith_estimate, shown), next_page_token=token
        )

    async def ReviseEstimate(
        self, request: rpc.ReviseEstimateRequest, context: Context
    ) -> rpc.ReviseEstimateResponse:
        more = tuple((one.item, one.quantity) for one in request.items)
        service = wire.moment(request.service_time) if request.HasField("service_time") else None
        async with self._db.transaction() as tx:
            known = visible_estimate(await store.get_estimate(tx, UUID(request.estimate_id)))
            desk = await store.desk(tx, known.clinic_id)
            lines = _lines(more, request.npi or desk.npi, tx)
            change = estimate.Change(request.version, lines, service)
            revised = estimate.revise(known, change, desk, tx.now)
            store.keep_estimate(tx, revised)
        return rpc.ReviseEstimateResponse(estimate=words.good_faith_estimate(revised))

    async def ProvideEstimate(
        self, request: rpc.ProvideEstimateRequest, context: Context
    ) -> rpc.ProvideEstimateResponse:
        async with self._db.transaction() as tx:
            known = await _newest(tx, request.estimate_id, request.version)
            provided = estimate.provide(known, words.way(request.way), tx.now)
            store.keep_estimate(tx, provided)
        return rpc.ProvideEstimateResponse(estimate=words.good_faith_estimate(provided))

    async def ConsentToExcess(
        self, request: rpc.ConsentToExcessRequest, context: Context
    ) -> rpc.ConsentToExcessResponse:
        async with self._db.transaction() as tx:
            known = await _newest(tx, request.estimate_id, request.version)
            wire.must_be_in(request.excess, known.currency_code, "excess")
            agreed = estimate.consent(known, request.excess.minor_units, tx.now)
            store.keep_estimate(tx, agreed)
        return rpc.ConsentToExcessResponse(estimate=words.good_faith_estimate(agreed))

    async def CreateCharge(
        self, request: rpc.CreateChargeRequest, context: Context
    ) -> rpc.CreateChargeResponse:
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            before = await store.charges(tx, invoice.invoice_id)
            charge = await _charge(request, invoice, tx)
            known = [one for one in before if one.charge_id == charge.charge_id]
            watches = await _watched(tx, invoice, [*before, *([] if known else [charge])])
            if not known:
                estimate.must_be_within(watches)
                store.keep_charge(tx, charge, _posted(charge, invoice, tx))
        return rpc.CreateChargeResponse(
            charge=words.charge(known[0] if known else charge),
            watches=words.watches(watches, charge.unit_price.currency_code),
        )

    async def GetExcess(
        self, request: rpc.GetExcessRequest, context: Context
    ) -> rpc.GetExcessResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            watches = await _watched(tx, invoice, await store.charges(tx, invoice.invoice_id))
        currency_code = invoice.unit_price.currency_code
        return rpc.GetExcessResponse(watches=words.watches(watches, currency_code))

    async def RenderEstimate(
        self, request: rpc.RenderEstimateRequest, context: Context
    ) -> rpc.RenderEstimateResponse:
        patient = wire.addressee(request.patient)
        async with self._db.read() as tx:
            estimate_id = UUID(request.estimate_id)
            found = visible_estimate(await store.get_estimate(tx, estimate_id, request.version))
            desk = await store.desk(tx, found.clinic_id)
        estimate.must_be_of(found, patient.patient_id)
        pdf = await asyncio.to_thread(documents.estimate, found, desk, patient)
        return rpc.RenderEstimateResponse(pdf=pdf, file_name=documents.file_name(found))

    async def UpdateCoProviders(
        self, request: rpc.UpdateCoProvidersRequest, context: Context
    ) -> rpc.UpdateCoProvidersResponse:
        clinic_id, shares = UUID(request.clinic_id), words.shares(request)
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            await store.set_co_providers(tx, clinic_id, shares)
        return rpc.UpdateCoProvidersResponse(shares=request.shares)


async def _quoted(tx: Tx, clinic_id: UUID, wanted: book.Wanted) -> book.Quote:
    day = tx.now.date()
    bounds = domain.price_list(packs.PRICE_LISTS, day)
    base = await store.price(tx, clinic_id)
    return book.quote(wanted, book.in_force(packs.BOOKS, day), base, bounds)


def _asked(request: rpc.RequestEstimateRequest, quote: book.Quote, tx: Tx) -> estimate.Asked:
    day, minutes = tx.now.date(), request.infusions.infusion_minutes
    infusion = domain.procedure_codes(packs.CODES, minutes, day)
    codes = {one.item: one.codes for one in book.in_force(packs.BOOKS, day).items}
    return estimate.Asked(
        request_id=UUID(request.request_id),
        clinic_id=UUID(request.clinic_id),
        patient_id=UUID(request.patient_id),
        referral_id=wire.optional_id(request.referral_id),
        diagnosis=request.infusions.indication_code,
        session_count=request.infusions.session_count,
        codes={line.item: codes.get(line.item) or infusion for line in quote.lines},
        quote=quote,
    )


def _lines(more: Sequence[tuple[str, int]], npi: str, tx: Tx) -> tuple[estimate.Line, ...]:
    prices = book.in_force(packs.BOOKS, tx.now.date())
    return tuple(estimate.line_of(prices.get(item), quantity, npi) for item, quantity in more)


async def _newest(tx: Tx, estimate_id: str, version: int) -> estimate.Estimate:
    """The newest version, if it is the one that the caller has seen."""
    found = visible_estimate(await store.get_estimate(tx, UUID(estimate_id)))
    if found.version != version:
        newest = {"version": str(found.version)}
        raise NotAllowed("ESTIMATE_CHANGED", "There is a newer version of it.", newest)
    return found


async def _charge(
    request: rpc.CreateChargeRequest, invoice: domain.Invoice, tx: Tx
) -> estimate.Charge:
    desk = await store.desk(tx, invoice.clinic_id)
    item = book.in_force(packs.BOOKS, tx.now.date()).get(request.item.item)
    line = estimate.line_of(item, request.item.quantity, request.npi or desk.npi)
    judged = await store.get_estimate(tx, invoice.estimate_id)
    request_id = UUID(request.request_id)
    return estimate.charge_of(line, invoice, request_id, judged.version, tx.now)


async def _watched(
    tx: Tx, invoice: domain.Invoice, charges: Sequence[estimate.Charge]
) -> Sequence[estimate.Watch]:
    desk = await store.desk(tx, invoice.clinic_id)
    judged = await store.get_estimate(tx, invoice.estimate_id)
    return estimate.watch(judged, invoice.total, desk.npi, charges, desk.policy)


def _posted(charge: estimate.Charge, invoice: domain.Invoice, tx: Tx) -> domain.Entry:
    amount = charge.amount.minor_units
    return domain.post(Rule.CHARGE_ITEM, charge.charge_id, invoice, amount, tx.now)
