"""The closed loop: what others tell adds a line to the history and moves the status."""

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, TypedDict
from uuid import UUID

from services.referral.domain.referral import ENDED, Progress, Status

_ORDER = (
    Status.NEEDS_ATTENTION,
    Status.RECEIVED,
    Status.ROUTED,
    Status.IN_ASSESSMENT,
    Status.PLANNED,
    Status.AWAITING_PAYMENT,
    Status.SCHEDULED,
    Status.IN_TREATMENT,
    *ENDED,
)
_RANK = {status: rank for rank, status in enumerate(_ORDER)}


class Effect(NamedTuple):
    """What a step does to the status."""

    status: Status | None
    settles: bool = False
    """Whether it shows that whatever needed attention is settled."""


class Step(IntEnum):
    """What a fact means to the referral."""

    NOTED = 1
    ASSESSING = 2
    PLANNED = 3
    DECLINED = 4
    HELD = 5
    WAITLISTED = 6
    CONFIRMED = 7
    RELEASED = 8
    GIVEN_BACK = 9
    ASKED = 10
    PAID = 11
    UNPAID = 12
    EXPECTED = 13
    TREATING = 14
    TREATED = 15


_EFFECTS = {
    Step.NOTED: Effect(None),
    Step.ASSESSING: Effect(Status.IN_ASSESSMENT),
    Step.PLANNED: Effect(Status.PLANNED),
    Step.DECLINED: Effect(Status.DECLINED, settles=True),
    Step.HELD: Effect(Status.AWAITING_PAYMENT, settles=True),
    Step.WAITLISTED: Effect(Status.NEEDS_ATTENTION),
    Step.CONFIRMED: Effect(Status.SCHEDULED, settles=True),
    Step.RELEASED: Effect(Status.NEEDS_ATTENTION),
    Step.GIVEN_BACK: Effect(None),
    Step.ASKED: Effect(Status.AWAITING_PAYMENT),
    Step.PAID: Effect(Status.AWAITING_PAYMENT, settles=True),
    Step.UNPAID: Effect(Status.NEEDS_ATTENTION),
    Step.EXPECTED: Effect(Status.SCHEDULED),
    Step.TREATING: Effect(Status.IN_TREATMENT, settles=True),
    Step.TREATED: Effect(Status.COMPLETED, settles=True),
}
OCCUPYING = frozenset({Step.PLANNED, Step.HELD, Step.WAITLISTED, Step.CONFIRMED})
FREEING = frozenset({Step.RELEASED, Step.GIVEN_BACK, Step.TREATED, Step.DECLINED})


class Source(IntEnum):
    """The entities that take things back, so that older news of theirs must not count."""

    SERIES = 1
    INVOICE = 2
    OTHER = 3


class News(NamedTuple):
    """A fact somebody stated about a referral."""

    mark: int
    referral_id: UUID
    cause: str
    step: Step
    source: Source
    revision: int
    time: datetime
    detail: str = ""
    """A code or a moment that the fact is about."""


class _Moves(TypedDict, total=False):
    """What a fact changes of the progress, besides being noted."""

    status: Status
    occupied_clinic_id: UUID | None
    standing_time: datetime
    series_revision: int
    invoice_revision: int


class Line(NamedTuple):
    """One line of the history."""

    referral_id: UUID
    number: int
    status: Status
    cause: str
    time: datetime
    trace_id: str = ""
    detail: str = ""


def follow(before: Progress, news: News) -> tuple[Progress, tuple[Line, ...]]:
    """Every fact is noted once; only what is new of its source moves anything."""
    if news.mark in before.heard:
        return before, ()
    moves = {} if _is_stale(before, news) else _moves(before, news)
    after = before._replace(
        changes=before.changes + 1,
        heard=(*before.heard, news.mark),
        update_time=max(before.update_time, news.time),
        **moves,
    )
    line = Line(
        after.referral_id, after.changes, after.status, news.cause, news.time, detail=news.detail
    )
    return after, (line,)


def _moves(before: Progress, news: News) -> _Moves:
    effect = _EFFECTS[news.step]
    status = _status(before, effect, news.time)
    moves: _Moves = {
        "status": status,
        "occupied_clinic_id": None if status in ENDED else _occupied(before, news),
    }
    if effect.settles or effect.status is Status.NEEDS_ATTENTION:
        moves["standing_time"] = max(before.standing_time, news.time)
    if news.source is Source.SERIES:
        moves["series_revision"] = news.revision
    elif news.source is Source.INVOICE:
        moves["invoice_revision"] = news.revision
    return moves


def _is_stale(before: Progress, news: News) -> bool:
    match news.source:
        case Source.SERIES:
            return news.revision <= before.series_revision
        case Source.INVOICE:
            return news.revision <= before.invoice_revision
        case Source.OTHER:
            return False


def _status(before: Progress, effect: Effect, time: datetime) -> Status:
    """Never backwards; trouble and its settlement by time; an end is an end."""
    now, then = before.status, effect.status
    if now in ENDED or then is None:
        return now
    late = time < before.standing_time
    if then is Status.NEEDS_ATTENTION:
        return now if late else then
    if now is Status.NEEDS_ATTENTION and (late or not effect.settles) and then not in ENDED:
        return now
    return then if _RANK[then] > _RANK[now] else now


def _occupied(before: Progress, news: News) -> UUID | None:
    """A plan late enough to come after news of its series says nothing about capacity."""
    if news.step in FREEING:
        return None
    if news.step not in OCCUPYING or (news.step is Step.PLANNED and before.series_revision):
        return before.occupied_clinic_id
    return before.clinic_id
