"""Calendar feeds: made by staff, read by whoever holds the token."""

from uuid import UUID

from chassis import sight
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, store
from services.scheduling.api.sight import Calls, Context, must_see_clinic


class Feeds(Calls):
    """Calendars of patients, rooms and staff."""

    async def CreateCalendarFeed(
        self, request: rpc.CreateCalendarFeedRequest, context: Context
    ) -> rpc.CreateCalendarFeedResponse:
        clinic_id = UUID(request.clinic_id)
        must_see_clinic(clinic_id)
        patient_id = UUID(request.patient_id) if request.patient_id else None
        resource_id = UUID(request.resource_id) if request.resource_id else None
        async with self._db.transaction() as tx:
            domain.must_have(await store.get_clinic(tx, clinic_id), resource_id)
            token = await store.open_feed(
                tx, UUID(request.request_id), clinic_id, patient_id, resource_id
            )
        return rpc.CreateCalendarFeedResponse(token=token)

    async def GetCalendar(
        self, request: rpc.GetCalendarRequest, context: Context
    ) -> rpc.GetCalendarResponse:
        """The token says which calendar, whoever brings it."""
        with sight.everything():
            async with self._db.read() as tx:
                entries = await store.read_feed(tx, request.token)
        text = domain.calendar(entries, tx.now)
        return rpc.GetCalendarResponse(calendar=text)
