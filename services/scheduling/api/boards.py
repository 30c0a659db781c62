"""What screens ask: free times, a clinic's day as it changes, how much is used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from uuid import UUID

from chassis.database import Database
from chassis.written import Written
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import store, wire
from services.scheduling.api.sight import Calls, Context, must_see_clinic

_MOST = 500
_LOOK_SECONDS = 1.0
"""What another replica has changed is seen this late at most."""


class Boards(Calls):
    """Reads that take nothing."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._watching: set[asyncio.Event] = set()
        db.committed.append(self._ring)

    async def FindAvailability(
        self, request: rpc.FindAvailabilityRequest, context: Context
    ) -> rpc.FindAvailabilityResponse:
        plan, patient = wire.plan_wanted(request), wire.patient_wanted(request)
        must_see_clinic(plan.clinic_id)
        async with self._db.read() as tx:
            found = await store.find_times(tx, plan, patient)
        return rpc.FindAvailabilityResponse(
            offer=wire.offer_reply(*found.offer) if found.offer else None,
            reason=found.reason or "",
            nearest_clinic=wire.offer_reply(*found.elsewhere) if found.elsewhere else None,
            nearest_pattern=(
                wire.offer_reply(*found.other_pattern) if found.other_pattern else None
            ),
        )

    async def GetSchedule(
        self, request: rpc.GetScheduleRequest, context: Context
    ) -> rpc.GetScheduleResponse:
        clinic_id, day = UUID(request.clinic_id), wire.day_of(request.day)
        must_see_clinic(clinic_id)
        async with self._db.read() as tx:
            clinic = await store.get_clinic(tx, clinic_id)
            found = await store.read_timetable(tx, clinic, UUID(request.resource_id), day)
        return rpc.GetScheduleResponse(schedule=wire.schedule_reply(clinic_id, found))

    async def WatchBoard(
        self, request: rpc.WatchBoardRequest, context: Context
    ) -> AsyncIterator[rpc.WatchBoardResponse]:
        clinic_id, day = UUID(request.clinic_id), wire.day_of(request.day)
        must_see_clinic(clinic_id)
        bell, shown = asyncio.Event(), None
        self._watching.add(bell)
        try:
            while True:
                bell.clear()
                board = await self._board(clinic_id, day)
                if board != shown:
                    yield board
                    shown = board
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await bell.wait()
        finally:
            self._watching.discard(bell)

    async def GetUtilisation(
        self, request: rpc.GetUtilisationRequest, context: Context
    ) -> rpc.GetUtilisationResponse:
        clinic_id, first = UUID(request.clinic_id), wire.day_of(request.first_day)
        must_see_clinic(clinic_id)
        async with self._db.read() as tx:
            await store.get_clinic(tx, clinic_id)
            used = await store.utilisation(tx, clinic_id, first, request.days)
        return rpc.GetUtilisationResponse(kinds=wire.utilisation_reply(used))

    def _ring(self, _: Written) -> None:
        for bell in self._watching:
            bell.set()

    async def _board(self, clinic_id: UUID, day: date) -> rpc.WatchBoardResponse:
        async with self._db.read() as tx:
            clinic = await store.get_clinic(tx, clinic_id)
            found = await store.list_day(tx, clinic, day, _MOST, None)
        return rpc.WatchBoardResponse(bookings=[wire.booking_reply(one) for one in found])
