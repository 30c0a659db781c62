"""What may be asked about the audit, in every service."""

from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import paging
from chassis.audit.access import NETWORK
from chassis.audit.grants import alert, grant
from chassis.database import Database
from chassis.principal import ALL, caller
from halcyon.operations.v1 import audit_service_pb2 as rpc
from halcyon.operations.v1.audit_service_pb2_grpc import (
    AuditServiceServicer,
    add_AuditServiceServicer_to_server,
)

NAME = rpc.DESCRIPTOR.services_by_name["AuditService"].full_name
Context = grpc.aio.ServicerContext[Any, Any]

_PAGE = """
SELECT * FROM audit
WHERE number > $1 AND ($2::text IS NULL OR about LIKE $2)
    AND ($3::uuid[] IS NULL OR clinic_id = ANY($3))
ORDER BY number LIMIT $4
"""


class Audit(AuditServiceServicer):
    """Answered by the chassis."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ListAuditEntries(
        self, request: rpc.ListAuditEntriesRequest, context: Context
    ) -> rpc.ListAuditEntriesResponse:
        """Whoever sees every clinic sees the network's own chain as well."""
        scope = caller().clinics
        clinics = None if scope is ALL else list(scope - {NETWORK})
        about = f'%/{UUID(request.about_id)}"%' if request.about_id else None
        size = request.page_size or paging.limit(0) - 1
        rows = await self._db.fetch(_PAGE, request.after_number, about, clinics, size)
        return rpc.ListAuditEntriesResponse(entries=map(_entry, rows))

    async def CreateEmergencyGrant(
        self, request: rpc.CreateEmergencyGrantRequest, context: Context
    ) -> rpc.CreateEmergencyGrantResponse:
        """The alert is raised whether or not the reply arrives."""
        clinic_id, request_id = UUID(request.clinic_id), UUID(request.request_id)
        reason = rpc.EmergencyReason.Name(request.reason).removeprefix("EMERGENCY_REASON_")
        async with self._db.transaction() as tx:
            grant_id, until = await grant(tx, request_id, clinic_id, reason, request.minutes)
        alert(grant_id, clinic_id, reason)
        ends = Timestamp()
        ends.FromDatetime(until)
        return rpc.CreateEmergencyGrantResponse(grant_id=str(grant_id), expire_time=ends)


def answer(server: grpc.aio.Server, db: Database) -> None:
    """Add the servicer to a service's server."""
    add_AuditServiceServicer_to_server(Audit(db), server)


def _entry(row: Any) -> rpc.AuditEntry:
    return rpc.AuditEntry(
        number=row["number"],
        clinic_id=str(row["clinic_id"]),
        record_time=row["recorded_at"].isoformat(timespec="microseconds"),
        agent=row["agent"],
        roles=row["roles"],
        action=row["action"],
        method=row["method"],
        outcome=row["outcome"],
        purpose=row["purpose"],
        about=row["about"],
        trace_id=row["trace_id"],
        seq=row["seq"] or 0,
        hash=row["hash"] or b"",
    )
