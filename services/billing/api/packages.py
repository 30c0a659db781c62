"""Packages sold by themselves, and drawn from by whatever schedule there is."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database
from halcyon.billing.v1 import payment_service_pb2 as rpc
from services.billing import domain, store, wire
from services.billing.api.sight import visible
from services.billing.wire import payments as words

Context = grpc.ServicerContext


class Packages:
    """Prepaid sessions."""

    _db: Database

    async def SellPackage(
        self, request: rpc.SellPackageRequest, context: Context
    ) -> rpc.SellPackageResponse:
        caller().must_serve(UUID(request.clinic_id))
        async with self._db.transaction() as tx:
            package, single = await store.package_price(tx, words.package_wanted(request))
            sale = words.sale(request, package, single)
            known = await store.find(tx, sale.invoice_id)
            decision = domain.sell_package(sale, known, tx.now)
            await store.record(tx, decision)
        sold = decision.invoice or known
        assert sold is not None
        return rpc.SellPackageResponse(invoice=wire.invoice(sold))

    async def ApplyPackage(
        self, request: rpc.ApplyPackageRequest, context: Context
    ) -> rpc.ApplyPackageResponse:
        async with self._db.transaction() as tx:
            series = visible(await store.get(tx, UUID(request.invoice_id)))
            package = visible(await store.get(tx, UUID(request.package_invoice_id)))
            last = await store.find_last_payment(tx, series)
            covered = domain.apply_package(series, package, last, tx.now)
            promised = domain.promise_to(covered, package, tx.now)
            await store.record(tx, covered)
            await store.record(tx, promised)
        return rpc.ApplyPackageResponse(
            invoice=wire.invoice(covered.invoice or series),
            package=wire.invoice(promised.invoice or package),
        )
