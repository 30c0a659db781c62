"""A patient's past over all courses, read once a transaction and not locked."""

from collections.abc import Iterable, Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain
from services.intake.store.rows import GivenRow, ScoreRow
from services.intake.store.scores import score

_known: "WeakKeyDictionary[Tx, dict[UUID, domain.Record]]" = WeakKeyDictionary()
_HAVE_A_PAST = """
SELECT patient_id FROM given_session WHERE patient_id = ANY($1::uuid[])
UNION SELECT patient_id FROM scale_score WHERE patient_id = ANY($1::uuid[])
"""


async def load_records(tx: Tx, patient_ids: Iterable[UUID]) -> None:
    """Prefetch: most patients have no past, which one query says for all of them."""
    known = _known.setdefault(tx, {})
    if wanted := set(patient_ids) - known.keys():
        async with tx.beyond():
            found = {row[0] for row in await tx.driver.fetch(_HAVE_A_PAST, list(wanted))}
        await learn_pasts(tx, {one: one in found for one in wanted})


async def learn_pasts(tx: Tx, told: Mapping[UUID, bool]) -> None:
    """Whoever has a past has it read."""
    known = _known.setdefault(tx, {})
    fresh = told.keys() - known.keys()
    known.update(dict.fromkeys(fresh, domain.NO_PAST))
    if found := [one for one in fresh if told[one]]:
        async with tx.beyond():
            await _load(tx, found, known)


async def record_of(tx: Tx, patient_id: UUID) -> domain.Record:
    """What is known of a patient, with what this transaction has added."""
    await load_records(tx, (patient_id,))
    return _known[tx][patient_id]


def keep_given(tx: Tx, given: domain.Given) -> None:
    """A session counts from now on."""
    tx.put(
        made(
            GivenRow,
            session_id=given.session_id,
            intake_id=given.intake_id,
            patient_id=given.patient_id,
            clinic_id=given.clinic_id,
            begin_time=given.begin_time,
            given_micrograms=given.micrograms,
        )
    )
    add_to_record(tx, given)


def add_to_record(tx: Tx, more: domain.Given | domain.Score) -> None:
    """What was just kept is known to whatever else this transaction decides."""
    known = _known.get(tx, {})
    if (record := known.get(more.patient_id)) is None:
        return
    if isinstance(more, domain.Given):
        known[more.patient_id] = domain.Record((*record.sessions, more), record.scores)
    else:
        known[more.patient_id] = domain.Record(record.sessions, (*record.scores, more))


async def _load(tx: Tx, patients: list[UUID], known: dict[UUID, domain.Record]) -> None:
    sessions: dict[UUID, list[domain.Given]] = {one: [] for one in patients}
    scores: dict[UUID, list[domain.Score]] = {one: [] for one in patients}
    for given in await tx.rows(select(GivenRow).where(col(GivenRow.patient_id).in_(patients))):
        sessions[given.patient_id].append(_given(given))
    for row in await tx.rows(select(ScoreRow).where(col(ScoreRow.patient_id).in_(patients))):
        scores[row.patient_id].append(score(row))
    for one in patients:
        known[one] = domain.Record(tuple(sessions[one]), tuple(scores[one]))


def _given(row: GivenRow) -> domain.Given:
    return domain.Given(
        row.session_id,
        row.intake_id,
        row.patient_id,
        row.clinic_id,
        row.begin_time,
        row.given_micrograms,
    )
