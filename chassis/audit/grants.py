"""Breaking the glass: somebody sees one more clinic, for a reason and an hour at most, loudly."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog

from chassis import telemetry
from chassis.audit import access
from chassis.calls import Answer, Call, Middleware, within
from chassis.database import Database, Tx
from chassis.facts import NAMESPACE
from chassis.principal import ALL, Principal, act_as, caller
from chassis.refusal import Denied

HEADER = "x-emergency-grant"
_KEEP = """
INSERT INTO emergency_grant (grant_id, subject, clinic_id, reason, granted_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_FIND = "SELECT subject, clinic_id, reason, expires_at FROM emergency_grant WHERE grant_id = $1"

log = structlog.get_logger()


async def grant(
    tx: Tx, request_id: UUID, clinic_id: UUID, reason: str, minutes: int
) -> tuple[UUID, datetime]:
    """The caller's grant, and when it ends; asking again gives the one that is there."""
    who = caller().subject
    grant_id = uuid5(NAMESPACE, f"emergency/{who}/{request_id}")
    until = tx.now + timedelta(minutes=minutes)
    await tx.driver.execute(_KEEP, grant_id, who, clinic_id, reason, tx.now, until)
    kept = await tx.driver.fetchrow(_FIND, grant_id)
    return grant_id, kept["expires_at"]


def alert(grant_id: UUID, clinic_id: UUID, reason: str) -> None:
    """Said where people are woken: in the log as an error, and as a measurement to alert on."""
    about = {"grant_id": str(grant_id), "clinic_id": str(clinic_id)}
    log.error("emergency.granted", reason=reason, **about)
    telemetry.record("halcyon.emergency.grants", 1, {})


def emergencies(db: Database) -> Middleware:
    """A call that names a grant is made in its scope, and told of as such."""

    async def layer(call: Call, answer: Answer) -> Any:
        named = call.header(HEADER)
        if not named:
            return await answer(call)
        principal, left = await _widened(db, caller(), named)
        act_as(principal)
        return await within(left, answer(call), _refusal())

    return layer


def _refusal() -> Denied:
    return Denied("NO_EMERGENCY_GRANT", "The grant is not the caller's, or has ended.")


async def _widened(db: Database, who: Principal, named: str) -> tuple[Principal, float]:
    """The caller with one more clinic, and for how many seconds."""
    try:
        grant_id = UUID(named)
    except ValueError:
        raise _refusal() from None
    found = await db.fetch(_FIND, grant_id)
    if not found or found[0]["subject"] != who.subject or found[0]["expires_at"] <= db.clock():
        raise _refusal()
    left = (found[0]["expires_at"] - db.clock()).total_seconds()
    if about := access.current():
        about.purpose = f"BTG {found[0]['reason']} {grant_id}"
    if who.clinics is ALL:
        return who, left
    return replace(who, clinics=who.clinics | {found[0]["clinic_id"]}), left
