"""News that a longitudinal rule looks at: whoever books is told when it bars something else."""

from collections.abc import Iterable
from datetime import datetime

from services.intake.domain.events import Event, SafetyReviewed, ScoreTaken, SessionGiven
from services.intake.domain.intake import Intake
from services.intake.domain.record import Record, barriers


def review_safety(
    intake: Intake, record: Record, events: tuple[Event, ...], now: datetime
) -> tuple[Intake, tuple[Event, ...]]:
    """A decision, with the word of what bars the patient's bookings from now on if that differs."""
    before, after = barriers(intake.pack, record), barriers(intake.pack, _with(record, events))
    if before == after:
        return intake, events
    reviewed = intake._replace(revision=intake.revision + 1, update_time=now)
    return reviewed, (*events, SafetyReviewed(reviewed, after))


def _with(record: Record, events: Iterable[Event]) -> Record:
    told = tuple(events)
    given = [one.given for one in told if isinstance(one, SessionGiven)]
    scores = [one.score for one in told if isinstance(one, ScoreTaken)]
    return Record((*record.sessions, *given), (*record.scores, *scores))
