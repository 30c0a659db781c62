"""What is known of a patient when times are sought: preferences, and sessions booked already."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from chassis.database import Tx
from chassis.plans import made
from services.scheduling.domain import Availability, Hours, Patient, Preferences, Series
from services.scheduling.store.rows import ReferralRow

_SESSIONS = """
SELECT patient_id, series.series_id, booking.start_time
FROM unnest($1::uuid[]) AS asked (patient_id) JOIN series USING (patient_id)
CROSS JOIN LATERAL (
    SELECT start_time FROM booking
    WHERE booking.series_id = series.series_id AND status IN ('taken', 'fulfilled')
        AND start_time > $2::timestamptz - interval '90 days' OFFSET 0) AS booking
"""
_EVERYWHERE = "*"
_NOTHING = Preferences()
Session = tuple[UUID, datetime]

_seen: "WeakKeyDictionary[Tx, dict[UUID, list[Session]]]" = WeakKeyDictionary()


async def load_sessions(tx: Tx, patient_ids: Iterable[UUID]) -> None:
    """The sessions of many patients, at whichever clinic, of the last 90 days and ahead."""
    known = _seen.setdefault(tx, {})
    if wanted := set(patient_ids) - known.keys():
        found: dict[UUID, list[Session]] = defaultdict(list)
        async with tx.beyond():
            rows = await tx.driver.fetch(_SESSIONS, wanted, tx.now)
        for patient_id, series_id, start in rows:
            found[patient_id].append((series_id, start))
        known.update({one: found.get(one, []) for one in wanted})


async def patient_of(tx: Tx, series: Series) -> Patient:
    """What is known of the patient of a series besides its plan."""
    patient_id, row = series.plan.patient_id, await tx.find(ReferralRow, series.plan.referral_id)
    await load_sessions(tx, [patient_id])
    starts = [start for one, start in _seen[tx][patient_id] if one != series.series_id]
    known = _told(row, series.plan.clinic_id) if row else None
    return Patient(_preferences(known) if known else _NOTHING, tuple(starts))


def note_sessions(tx: Tx, series: Series, starts: Iterable[datetime]) -> None:
    """What is taken in this transaction is seen by what comes later in it."""
    known = _seen.setdefault(tx, {}).get(series.plan.patient_id)
    if known is not None:
        known += [(series.series_id, start) for start in starts]


async def said_of(tx: Tx, referral_id: UUID) -> ReferralRow:
    """What was said about a referral so far, for change."""
    found = await tx.find(ReferralRow, referral_id)
    return found or made(
        ReferralRow,
        referral_id=referral_id,
        cancel_time=None,
        preferences=None,
        availability_revision=0,
    )


async def keep_preferences(
    tx: Tx, referral_id: UUID, liked: Preferences, clinics: Iterable[UUID] | None
) -> None:
    """Write down what the patient would like; it counts when times are sought next.

    Said before there is a plan, it counts only where those who say it work; None for everywhere.
    The first day that the referrer named stays.
    """
    row = await said_of(tx, referral_id)
    before = row.preferences or {}
    first = _preferences(before[_EVERYWHERE]).not_before if _EVERYWHERE in before else None
    told = _document(replace(liked, not_before=first))
    own = {str(one): told for one in clinics} if clinics is not None else None
    row.preferences = {_EVERYWHERE: told} if own is None else {**before, **own}
    tx.put(row)


async def keep_availability(tx: Tx, referral_id: UUID, told: Availability) -> None:
    """The referrer's latest word about when the patient can come; other wishes stay."""
    row = await said_of(tx, referral_id)
    if told.revision <= row.availability_revision:
        return

    def heard(liked: dict[str, object]) -> dict[str, object]:
        known = _preferences(liked)
        return _document(replace(known, windows=told.windows, not_before=told.not_before))

    before = {_EVERYWHERE: _document(_NOTHING), **(row.preferences or {})}
    row.preferences = {where: heard(liked) for where, liked in before.items()}
    row.availability_revision = told.revision
    tx.put(row)


async def carry_preferences(tx: Tx, series: Series, there: UUID) -> None:
    """They go to another clinic with the patient."""
    row = await tx.find(ReferralRow, series.plan.referral_id)
    if row is not None and (known := _told(row, series.plan.clinic_id)):
        row.preferences = {**(row.preferences or {}), str(there): known}
        tx.put(row)


def _told(row: ReferralRow, clinic_id: UUID) -> dict[str, object] | None:
    told = row.preferences or {}
    return told.get(str(clinic_id)) or told.get(_EVERYWHERE)


def _preferences(kept: dict[str, object]) -> Preferences:
    windows, skills = kept["windows"], kept["skills"]
    assert isinstance(windows, list)
    assert isinstance(skills, list)
    nurse = kept["nurse_id"]
    return Preferences(
        windows=tuple(Hours(*one) for one in windows),
        same_nurse=bool(kept["same_nurse"]),
        nurse_id=UUID(str(nurse)) if nurse else None,
        therapist=bool(kept["therapist"]),
        skills=tuple(skills),
        not_before=date.fromisoformat(str(first)) if (first := kept.get("not_before")) else None,
    )


def _document(liked: Preferences) -> dict[str, object]:
    return {
        "windows": [[one.weekday, one.open_minute, one.close_minute] for one in liked.windows],
        "same_nurse": liked.same_nurse,
        "nurse_id": str(liked.nurse_id) if liked.nurse_id else None,
        "therapist": liked.therapist,
        "skills": list(liked.skills),
        "not_before": liked.not_before.isoformat() if liked.not_before else None,
    }
