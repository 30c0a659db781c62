"""The calls: translate, load, decide, record, reply."""

from collections.abc import AsyncIterator
from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database
from chassis.paging import cut, limit
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1.referral_service_pb2_grpc import (
    ReferralServiceServicer,
    add_ReferralServiceServicer_to_server,
)
from services.referral import domain, store, wire
from services.referral.api.desk import Asked, desk
from services.referral.api.lookout import Lookout

Context = grpc.ServicerContext


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_ReferralServiceServicer_to_server(Referrals(db), server)


class Referrals(ReferralServiceServicer):
    """The loop a referrer opens, follows and may break off."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._desk = desk(db)
        self._lookout = Lookout(db)

    async def CreateReferral(
        self, request: rpc.CreateReferralRequest, context: Context
    ) -> rpc.CreateReferralResponse:
        asked = Asked(wire.application(request), wire.viewer(caller()))
        referral = await self._desk.do(asked)
        return rpc.CreateReferralResponse(referral=wire.echo(referral, request))

    async def GetReferral(
        self, request: rpc.GetReferralRequest, context: Context
    ) -> rpc.GetReferralResponse:
        who = caller()
        async with self._db.transaction() as tx:
            found = await store.read(tx, UUID(request.referral_id))
            referral = wire.viewer(who).must_see(found)
            person = domain.must_exist(await store.person(tx, referral.patient_id))
            store.log_access(tx, who, "GetReferral", referral.patient_id, referral.referral_id)
        return rpc.GetReferralResponse(referral=wire.named(referral, person))

    async def ListReferrals(
        self, request: rpc.ListReferralsRequest, context: Context
    ) -> rpc.ListReferralsResponse:
        search = wire.search(request)
        async with self._db.read() as tx:
            found = await store.page(tx, wire.viewer(caller()), search, limit(request.page_size))
        shown, token = cut(found, request.page_size, lambda referral: (referral.referral_id,))
        referrals = [wire.pseudonymous(referral) for referral in shown]
        return rpc.ListReferralsResponse(referrals=referrals, next_page_token=token)

    async def CancelReferral(
        self, request: rpc.CancelReferralRequest, context: Context
    ) -> rpc.CancelReferralResponse:
        async with self._db.transaction() as tx:
            found = await store.find(tx, UUID(request.referral_id))
            referral = wire.viewer(caller()).must_see(found)
            referral, events = domain.cancel(referral, wire.reason(request), tx.now)
            await store.record(tx, referral, events)
        return rpc.CancelReferralResponse(referral=wire.pseudonymous(referral))

    async def RouteReferral(
        self, request: rpc.RouteReferralRequest, context: Context
    ) -> rpc.RouteReferralResponse:
        clinic_id, viewer = UUID(request.clinic_id), wire.viewer(caller())
        async with self._db.transaction() as tx:
            found = await store.find(tx, UUID(request.referral_id))
            referral = viewer.must_route(found, clinic_id)
            clinic = domain.must_be_listed(await store.find_clinic(tx, clinic_id))
            referral, events = domain.route(referral, clinic, tx.now)
            await store.record(tx, referral, events)
        return rpc.RouteReferralResponse(referral=wire.pseudonymous(referral))

    async def WatchReferral(
        self, request: rpc.WatchReferralRequest, context: Context
    ) -> AsyncIterator[rpc.WatchReferralResponse]:
        referral_id, viewer = UUID(request.referral_id), wire.viewer(caller())
        seen = request.after_revision
        with self._lookout.watching(referral_id) as bell:
            while True:
                bell.clear()
                async with self._db.read() as tx:
                    referral = viewer.must_see(await store.read(tx, referral_id))
                    lines = await store.history(tx, referral_id, seen)
                for line in lines:
                    yield rpc.WatchReferralResponse(change=wire.change(line))
                    seen = line.number
                if referral.progress.ended:
                    return
                await bell.wait()

    async def GetPatient(
        self, request: rpc.GetPatientRequest, context: Context
    ) -> rpc.GetPatientResponse:
        patient_id, who = UUID(request.patient_id), caller()
        async with self._db.transaction() as tx:
            clinics = wire.viewer(who).patients_at
            person = domain.must_exist(await store.person(tx, patient_id, clinics))
            store.log_access(tx, who, "GetPatient", patient_id)
        return rpc.GetPatientResponse(patient=wire.patient(request.patient_id, person))
