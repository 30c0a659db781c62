"""What may happen to a series: each rule takes the series as it is and says what it becomes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.refusal import NotAllowed
from services.scheduling.domain.events import (
    Decision,
    SeriesConfirmed,
    SeriesHeld,
    SeriesReleased,
    SeriesWaitlisted,
)
from services.scheduling.domain.series import Plan, Reason, Series, Status, series_id
from services.scheduling.domain.visit import Shape

_NONE = Shape(0, 0, 0, 0)


def opened(plan: Plan, now: datetime) -> Series:
    """A series nobody has been told of yet."""
    return Series(
        series_id(plan.plan_id), 0, Status.WAITLISTED, plan, (), _NONE, 0, None, None, None, now
    )


def hold(
    series: Series, starts: Sequence[datetime], shape: Shape, held_for: timedelta, now: datetime
) -> Decision:
    """These times are the patient's until the hold expires; what has times keeps them."""
    if not wants_times(series):
        return series, ()
    held = series._replace(
        revision=series.revision + 1,
        status=Status.HELD,
        starts=tuple(starts),
        shape=shape,
        hold_expire_time=now + held_for,
        release_reason=None,
        payment_id=None,
        update_time=now,
    )
    return held, (SeriesHeld(held),)


def wants_times(series: Series, *, cancelled: bool = False) -> bool:
    """Whether times are still to be found for it; a closed series is refused."""
    if series.closed or cancelled:
        raise NotAllowed("SERIES_CLOSED", "The series has ended, or its referral was cancelled.")
    return series.status in {Status.WAITLISTED, Status.RELEASED}


def waitlist(series: Series, reason: str, now: datetime) -> Decision:
    """No times for now."""
    waiting = _next(series, Status.WAITLISTED, now)
    return waiting, (SeriesWaitlisted(waiting, reason),)


def confirm(series: Series, payment_id: UUID, now: datetime) -> Decision:
    """Paid while held: booked."""
    if series.status != Status.HELD:
        return series, ()
    paid = _next(series, Status.CONFIRMED, now)._replace(
        hold_expire_time=None,
        payment_id=payment_id,
        reminded_time=now,
    )
    return paid, (SeriesConfirmed(paid),)


def paid_late(series: Series, payment_id: UUID) -> bool:
    """Money has come for times that are no longer held; said once a payment."""
    return series.status in {Status.WAITLISTED, Status.RELEASED} and series.payment_id != payment_id


def may_restore(series: Series, now: datetime) -> bool:
    """Whether the old times may be taken again: all ahead, and nobody called it off."""
    return not series.closed and bool(series.starts) and min(series.starts) > now


def restore(series: Series, payment_id: UUID, now: datetime) -> Decision:
    """Paid after the hold had lapsed, but the same times were still free."""
    held = series._replace(status=Status.HELD, release_reason=None)
    return confirm(held, payment_id, now)


def too_late(
    series: Series, payment_id: UUID, now: datetime, offered: Sequence[datetime] = ()
) -> Decision:
    """Paid for times that are gone: said aloud, so that the money is given back."""
    reason = series.release_reason if series.closed else Reason.PAID_TOO_LATE
    refused = _next(series, Status.RELEASED, now)._replace(
        release_reason=reason, payment_id=payment_id
    )
    return refused, (SeriesReleased(refused, Reason.PAID_TOO_LATE, tuple(offered)),)


def expire(series: Series, now: datetime) -> Decision:
    """A hold lapses only when it is still a hold and its time has come."""
    lapsed = series.hold_expire_time is not None and series.hold_expire_time <= now
    return _release(series, Reason.HOLD_EXPIRED, now) if _held(series) and lapsed else (series, ())


def payment_failed(series: Series, failed_at: datetime, now: datetime) -> Decision:
    """A failure older than the hold belongs to an earlier hold."""
    if not _held(series) or failed_at < series.update_time:
        return series, ()
    return _release(series, Reason.PAYMENT_FAILED, now)


def cancel(series: Series, now: datetime) -> Decision:
    """The referral was withdrawn: nothing is kept, and no later payment brings it back."""
    if series.closed:
        return series, ()
    if series.status == Status.RELEASED:
        return series._replace(release_reason=Reason.REFERRAL_CANCELLED, update_time=now), ()
    return _release(series, Reason.REFERRAL_CANCELLED, now)


def stop(series: Series, now: datetime) -> Decision:
    """The plan has ended for good: what is still to come is given back, and nothing comes again."""
    if series.closed:
        return series, ()
    if series.status == Status.RELEASED:
        return series._replace(release_reason=Reason.PLAN_STOPPED, update_time=now), ()
    return _release(series, Reason.PLAN_STOPPED, now)


def give_up(series: Series, kept_count: int, now: datetime) -> Decision:
    """Only so many sessions stand; said again with those, or as a release when none is to come."""
    if series.status != Status.CONFIRMED or kept_count >= len(series.starts):
        return series, ()
    if kept_count <= series.delivered:
        return _release(series, Reason.SESSIONS_GIVEN_UP, now)
    rest = _next(series, Status.CONFIRMED, now)._replace(starts=series.starts[:kept_count])
    return rest, (SeriesConfirmed(rest),)


def deliver(series: Series, now: datetime) -> Decision:
    """One more session was delivered; after the last the series is fulfilled."""
    count = series.delivered + 1
    done = count >= len(series.starts) and series.status == Status.CONFIRMED
    status = Status.FULFILLED if done else series.status
    return series._replace(delivered=count, status=status, update_time=now), ()


def _held(series: Series) -> bool:
    return series.status == Status.HELD


def _release(series: Series, reason: Reason, now: datetime) -> Decision:
    released = _next(series, Status.RELEASED, now)._replace(
        hold_expire_time=None, release_reason=reason
    )
    return released, (SeriesReleased(released, reason),)


def _next(series: Series, status: Status, now: datetime) -> Series:
    return series._replace(revision=series.revision + 1, status=status, update_time=now)
