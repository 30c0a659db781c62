"""Calendar feeds: a private token opens one patient's or one resource's bookings."""

from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.scheduling.domain import Entry, session_id
from services.scheduling.store.rows import FeedRow

_BOOKINGS = """
SELECT booking.series_id, booking.number, series.revision, booking.start_time, booking.end_time,
    series.status = 'held', clinic.name, resource.label
FROM booking JOIN series USING (series_id) JOIN clinic ON clinic.clinic_id = booking.clinic_id
LEFT JOIN resource ON resource.resource_id = $2
WHERE booking.status <> 'released' AND booking.start_time > $3::timestamptz - interval '30 days'
    AND (series.patient_id = $1 OR ($2 IN (
        booking.room_id, booking.pump_id, booking.nurse_id, booking.monitor_id, booking.chair_id,
        booking.therapist_id) AND booking.clinic_id = $4))
ORDER BY booking.start_time, booking.series_id LIMIT 2000
"""


async def open_feed(
    tx: Tx, feed_id: UUID, clinic_id: UUID, patient_id: UUID | None, resource_id: UUID | None
) -> str:
    """A new token for a feed; the one it had before opens nothing any more. Only a hash is kept."""
    token = token_urlsafe(32)
    await tx.find(FeedRow, feed_id)
    tx.put(
        made(
            FeedRow,
            feed_id=feed_id,
            token_hash=_hash(token),
            clinic_id=clinic_id,
            patient_id=patient_id,
            resource_id=resource_id,
        )
    )
    return token


async def read_feed(tx: Tx, token: str) -> list[Entry]:
    """What a token opens, or a refusal that says nothing."""
    feed = await tx.driver.fetchrow(
        "SELECT patient_id, resource_id, clinic_id FROM feed WHERE token_hash = $1", _hash(token)
    )
    if feed is None:
        raise NotFound("FEED_NOT_FOUND", "No such calendar.")
    found = await tx.driver.fetch(_BOOKINGS, feed[0], feed[1], tx.now, feed[2])
    return [_entry(row, staff=feed[1] is not None) for row in found]


def _entry(row: tuple[UUID, int, int, object, object, bool, str, str], *, staff: bool) -> Entry:
    series_id, number, revision, start, end, held, clinic, label = row
    summary = f"{label} is booked" if staff else "Appointment"
    identity = session_id(series_id, number)
    return Entry(identity, revision, start, end, summary, clinic, held)  # type: ignore[arg-type]


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
