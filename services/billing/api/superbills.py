"""What callers may ask about receipts."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from halcyon.billing.v1 import superbill_pb2 as nouns
from halcyon.billing.v1 import superbill_service_pb2 as rpc
from halcyon.billing.v1.superbill_service_pb2_grpc import SuperbillServiceServicer
from services.billing import documents, domain, store, wire
from services.billing.api.printing import Printing, printed
from services.billing.api.sight import visible

Context = grpc.ServicerContext


class Superbills(SuperbillServiceServicer):
    """Receipts of delivered sessions, versioned and never edited, and their documents."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetSuperbill(
        self, request: rpc.GetSuperbillRequest, context: Context
    ) -> rpc.GetSuperbillResponse:
        async with self._db.read() as tx:
            _, bill = await _asked_for(tx, request.superbill_id)
        return rpc.GetSuperbillResponse(superbill=wire.superbill(bill))

    async def ListSuperbills(
        self, request: rpc.ListSuperbillsRequest, context: Context
    ) -> rpc.ListSuperbillsResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            found = await store.superbills(tx, invoice.invoice_id)
        return rpc.ListSuperbillsResponse(superbills=map(wire.superbill, found))

    async def RenderSuperbill(
        self, request: rpc.RenderSuperbillRequest, context: Context
    ) -> rpc.RenderSuperbillResponse:
        async with self._db.read() as tx:
            if request.HasField("superbill_id"):
                invoice, bill = await _asked_for(tx, request.superbill_id)
                bills, where = [bill], bill.clinic_id
            else:
                invoice = visible(await store.get(tx, UUID(request.invoice_id)))
                bills = [b for b in await store.superbills(tx, invoice.invoice_id) if not b.is_void]
                where = invoice.clinic_id
            profile = await store.get_profile(tx, where)
            money = documents.received(
                await store.payments(tx, invoice), await store.journal_of(tx, [invoice.invoice_id])
            )
        return await printed(request, Printing(invoice, bills, profile, money, tx.now))

    async def VoidSuperbill(
        self, request: rpc.VoidSuperbillRequest, context: Context
    ) -> rpc.VoidSuperbillResponse:
        async with self._db.transaction() as tx:
            invoice, bill = await _asked_for(tx, request.superbill_id)
            decision = domain.void(invoice, bill, tx.now)
            await store.record(tx, decision)
        return rpc.VoidSuperbillResponse(superbill=wire.superbill(decision.superbill or bill))

    async def ReissueSuperbill(
        self, request: rpc.ReissueSuperbillRequest, context: Context
    ) -> rpc.ReissueSuperbillResponse:
        visit = wire.visit(request)
        async with self._db.transaction() as tx:
            invoice, bill = await _asked_for(tx, request.superbill_id)
            table = store.claim_table(bill.service_time.date())
            lines = domain.lines_of(bill, visit, table)
            decision = domain.reissue(invoice, bill, lines, tx.now)
            await store.record(tx, decision)
        return rpc.ReissueSuperbillResponse(superbill=wire.superbill(decision.superbill or bill))

    async def UpdateDisclosureRestriction(
        self, request: rpc.UpdateDisclosureRestrictionRequest, context: Context
    ) -> rpc.UpdateDisclosureRestrictionResponse:
        wanted = request.restriction == nouns.DISCLOSURE_RESTRICTION_SELF_PAY
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            await store.record(tx, domain.restrict(invoice, tx.now, wanted=wanted))
        return rpc.UpdateDisclosureRestrictionResponse(restriction=request.restriction)

    async def GetBillingProfile(
        self, request: rpc.GetBillingProfileRequest, context: Context
    ) -> rpc.GetBillingProfileResponse:
        caller().must_serve(UUID(request.clinic_id))
        async with self._db.read() as tx:
            profile = await store.get_profile(tx, UUID(request.clinic_id))
        return rpc.GetBillingProfileResponse(profile=wire.profile_told(profile))

    async def UpdateBillingProfile(
        self, request: rpc.UpdateBillingProfileRequest, context: Context
    ) -> rpc.UpdateBillingProfileResponse:
        profile = wire.profile(request.profile)
        caller().must_serve(profile.clinic_id)
        domain.check_profile(profile)
        async with self._db.transaction() as tx:
            await store.set_profile(tx, profile)
        return rpc.UpdateBillingProfileResponse(profile=request.profile)


async def _asked_for(tx: Tx, superbill_id: str) -> tuple[domain.Invoice, domain.Superbill]:
    """The invoice is locked first; one of another clinic does not exist for the caller."""
    invoice = await store.get(tx, await store.invoice_of_superbill(tx, UUID(superbill_id)))
    if not caller().sees(invoice.clinic_id):
        raise store.no_superbill()
    return invoice, await store.get_superbill(tx, UUID(superbill_id))
