"""What callers may ask of protocol packs: publish the next version, read, choose."""

from uuid import UUID

from chassis import paging
from chassis.auth import ALL, caller
from chassis.database import Database
from chassis.refusal import NotFound
from halcyon.intake.v1 import intake_service_pb2 as policies
from halcyon.intake.v1 import pack_pb2 as rpc
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake import domain, store, wire
from services.intake.api.seeing import Context, scope


class Packs(IntakeServiceServicer):
    """One version after the other."""

    _db: Database

    async def PublishPack(
        self, request: rpc.PublishPackRequest, context: Context
    ) -> rpc.PublishPackResponse:
        clinic_id = UUID(request.clinic_id) if request.clinic_id else None
        _must_speak_for(clinic_id)
        pack = wire.pack_in(request.content)
        async with self._db.transaction() as tx:
            wanted = wire.publication(pack, request, caller().subject, tx.now)
            async with tx.beyond():
                latest = await store.latest_pack(tx, pack.name)
                _, same = await store.find_pack(tx, pack.label)
            if domain.publish(wanted, latest, same) and not request.validate_only:
                store.keep_pack(tx, wanted)
        return rpc.PublishPackResponse(pack=wire.pack(same or wanted, pack))

    async def GetPack(self, request: rpc.GetPackRequest, context: Context) -> rpc.GetPackResponse:
        async with self._db.read() as tx:
            pack, published = await store.find_pack(tx, request.label)
        if pack is None or published is None or not _may_read(published):
            raise NotFound("PACK_NOT_FOUND", "There is no such pack.")
        told = wire.pack(published, pack)
        told.content = published.content
        return rpc.GetPackResponse(pack=told)

    async def ListPacks(
        self, request: rpc.ListPacksRequest, context: Context
    ) -> rpc.ListPacksResponse:
        after = wire.pack_place(request.page_token)
        limit = paging.limit(request.page_size)
        async with self._db.read() as tx:
            found = await store.listed_packs(tx, scope(), after, limit)
            page, token = paging.cut(found, request.page_size, _place)
            told = [wire.pack(one, await store.pack(tx, one.label)) for one in page]
        return rpc.ListPacksResponse(packs=told, next_page_token=token)

    async def UpdateClinicPolicy(
        self, request: policies.UpdateClinicPolicyRequest, context: Context
    ) -> policies.UpdateClinicPolicyResponse:
        clinic_id = UUID(request.policy.clinic_id)
        if not caller().sees(clinic_id):
            raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")
        async with self._db.transaction() as tx:
            pack, published = await store.find_pack(tx, wire.pack_wanted(request.policy))
            today = (await store.policy(tx, clinic_id)).day(tx.now)
            chosen = domain.choose(pack, published, clinic_id, today)
            policy = wire.policy(request.policy, chosen)
            await store.set_policy(tx, policy)
        return policies.UpdateClinicPolicyResponse(policy=wire.policy_reply(policy))


def _must_speak_for(clinic_id: UUID | None) -> None:
    """A pack for every clinic is the word of somebody who serves them all."""
    if not (caller().clinics is ALL if clinic_id is None else caller().sees(clinic_id)):
        raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")


def _may_read(published: domain.Publication) -> bool:
    return published.clinic_id is None or caller().sees(published.clinic_id)


def _place(published: domain.Publication) -> tuple[object, object]:
    return published.name, published.version
