"""What callers may ask about clinics."""

from uuid import UUID

from chassis import paging, sight
from chassis.auth import caller
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, store, wire
from services.scheduling.api.sight import (
    Calls,
    Context,
    must_see_clinic,
    own_clinics,
    sees_every_clinic,
)


class Clinics(Calls):
    """The directory is one: referrers and operators see all of it, and so do its rules."""

    async def UpdateClinic(
        self, request: rpc.UpdateClinicRequest, context: Context
    ) -> rpc.UpdateClinicResponse:
        wanted = wire.clinic_wanted(request.clinic)
        if "operator" not in caller().roles:
            must_see_clinic(wanted.clinic_id)
        with sight.everything():
            clinic = await self._update(wanted)
        return rpc.UpdateClinicResponse(clinic=wire.clinic_reply(clinic))

    async def _update(self, wanted: domain.Clinic) -> domain.Clinic:
        """A resource belongs to one clinic: none may be named that another has."""
        async with self._db.transaction() as tx:
            known = await store.lock_clinic(tx, wanted.clinic_id)
            owned = await store.owned(tx, wanted)
            clinic, events = domain.update(known, wanted, owned, tx.now)
            await store.record_clinic(tx, clinic, events)
        return clinic

    async def GetClinic(
        self, request: rpc.GetClinicRequest, context: Context
    ) -> rpc.GetClinicResponse:
        clinic_id = UUID(request.clinic_id)
        if not sees_every_clinic():
            must_see_clinic(clinic_id)
        with sight.everything():
            async with self._db.read() as tx:
                clinic = await store.get_clinic(tx, clinic_id)
        return rpc.GetClinicResponse(clinic=wire.clinic_reply(clinic))

    async def ListClinics(
        self, request: rpc.ListClinicsRequest, context: Context
    ) -> rpc.ListClinicsResponse:
        after = paging.position(request.page_token, 2)
        only = None if sees_every_clinic() else own_clinics()
        limit = paging.limit(request.page_size)
        with sight.everything():
            async with self._db.read() as tx:
                found = await store.list_clinics(tx, limit, wire.name_key(after), only)
        page, token = paging.cut(found, request.page_size, lambda one: (one.name, one.clinic_id))
        clinics = [wire.clinic_reply(one) for one in page]
        return rpc.ListClinicsResponse(clinics=clinics, next_page_token=token)
