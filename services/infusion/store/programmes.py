"""Courses with their sessions, as a series plans and cancels them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.database import Tx
from services.infusion import domain, wire
from services.infusion.store import shapes
from services.infusion.store.rows import CourseRow, SessionRow, WordRow


async def programme(tx: Tx, course_id: UUID) -> domain.Programme | None:
    """A course with every session it ever had."""
    row = await tx.find(CourseRow, course_id)
    if row is None:
        return None
    ids = domain.session_ids(row.series_id, row.highest_number)
    await _load(tx, ids)
    found = [shapes.session(one) for key in ids if (one := await tx.find(SessionRow, key))]
    words = [shapes.word(said) for key in ids if (said := await tx.find(WordRow, key))]
    return domain.Programme(shapes.course(row), tuple(found), tuple(words))


async def prefetch_programmes(tx: Tx, course_ids: Iterable[UUID]) -> None:
    """The courses of a batch, and what belongs to those that are there: three queries at most."""
    wanted = list(course_ids)
    await tx.load(CourseRow, wanted)
    found = [row for key in wanted if (row := await tx.find(CourseRow, key))]
    ids = [domain.session_ids(row.series_id, row.highest_number) for row in found]
    await _load(tx, [one for some in ids for one in some])


async def _load(tx: Tx, session_ids: Sequence[UUID]) -> None:
    await tx.load(SessionRow, session_ids)
    await tx.load(WordRow, session_ids)


def record_programme(
    tx: Tx, programme: domain.Programme, events: Iterable[domain.Event] = ()
) -> None:
    """Keep a course, its sessions and its events together."""
    tx.put(shapes.course_row(programme.course))
    for session in programme.sessions:
        tx.put(shapes.session_row(session))
    for word in programme.words:
        tx.put(shapes.word_row(word))
    for event in events:
        tx.emit(wire.event(event))
