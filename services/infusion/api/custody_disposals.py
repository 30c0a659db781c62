"""Waste and destruction, before a witness."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database
from halcyon.infusion.v1 import custody_movements_pb2 as rpc
from services.infusion.api import custody_scope as visible
from services.infusion.domain import custody
from services.infusion.packs.custody import current
from services.infusion.store import custody as store
from services.infusion.wire import custody as wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class Disposals:
    """Methods that two people make one entry with."""

    _db: Database

    async def CreateDisposal(
        self, request: rpc.CreateDisposalRequest, context: Context
    ) -> rpc.CreateDisposalResponse:
        kind, told = wire.kind(request.kind), wire.disposal_amount(request)
        async with self._db.transaction() as tx:
            act = wire.disposing(request, caller().subject, tx.now)
            known = await store.find_disposal(tx, act.cause_id)
            await visible.session(tx, act.session_id)
            holding = await visible.holding(tx, UUID(request.container_id))
            disposal = custody.dispose(holding, kind, told, act, known)
            disposal = custody.await_witness(disposal, current(), tx.now)
            store.record_disposal(tx, disposal)
        told_disposal = wire.disposal(disposal, holding.container.strength)
        return rpc.CreateDisposalResponse(disposal=told_disposal)

    async def WitnessDisposal(
        self, request: rpc.WitnessDisposalRequest, context: Context
    ) -> rpc.WitnessDisposalResponse:
        async with self._db.transaction() as tx:
            disposal, holding = await visible.disposal(tx, UUID(request.disposal_id))
            known = await store.entry_of(tx, disposal.container_id, disposal.disposal_id)
            disposal, entry = custody.witness(disposal, holding, known, (caller().subject, tx.now))
            store.record_disposal(tx, disposal, entry)
        return rpc.WitnessDisposalResponse(entry=wire.entry(entry, holding.container.strength))

    async def CancelDisposal(
        self, request: rpc.CancelDisposalRequest, context: Context
    ) -> rpc.CancelDisposalResponse:
        async with self._db.transaction() as tx:
            disposal, holding = await visible.disposal(tx, UUID(request.disposal_id))
            disposal = custody.withdraw(disposal)
            store.record_disposal(tx, disposal)
        told = wire.disposal(disposal, holding.container.strength)
        return rpc.CancelDisposalResponse(disposal=told)
