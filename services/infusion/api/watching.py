"""What a screen is told of a session: how it stands, and then every reading, alert and move."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from services.infusion import domain, store, wire
from services.infusion.api.bells import rung
from services.infusion.api.desk import visible

LATE = timedelta(minutes=2)
"""A reading that comes later than this is in the record, and not on the screen."""


@dataclass
class _Shown:
    """What the screen knows."""

    session: nouns.Session = field(default_factory=nouns.Session)
    alerts: dict[UUID, domain.Alert] = field(default_factory=dict)
    moments: set[datetime] = field(default_factory=set)
    since: datetime | None = None


async def news(
    db: Database, bell: asyncio.Event, session_id: str
) -> AsyncIterator[calls.WatchSessionResponse]:
    """Until nothing more can come; each look is one consistent read."""
    shown, status = _Shown(), domain.Status.PLANNED
    while status in domain.BEFORE or status in domain.PRESENT:
        async with db.read() as tx:
            visit = await visible(tx, session_id)
            found = await store.alerts(tx, visit.session.session_id)
            since = shown.since or tx.now - LATE
            readings = await store.readings(tx, visit.session.session_id, since)
        status = visit.session.status
        for told in _news(shown, visit, found, readings):
            yield told
        if status in domain.BEFORE or status in domain.PRESENT:
            await rung(bell)


def _news(
    shown: _Shown,
    visit: domain.Visit,
    alerts: Sequence[domain.Alert],
    readings: Sequence[domain.Vitals],
) -> Iterator[calls.WatchSessionResponse]:
    session = wire.session(visit, None)
    if session != shown.session:
        shown.session = session
        yield calls.WatchSessionResponse(session=session)
    for alert in alerts:
        if shown.alerts.get(alert.alert_id) != alert:
            shown.alerts[alert.alert_id] = alert
            yield calls.WatchSessionResponse(alert=wire.alert(alert))
    for reading in readings:
        if reading.measure_time not in shown.moments:
            shown.moments.add(reading.measure_time)
            yield calls.WatchSessionResponse(reading=wire.vitals(reading))
    if readings:
        shown.since = readings[-1].measure_time - LATE
        shown.moments = {one for one in shown.moments if one >= shown.since}
