"""Reminders: at the policy's hours, once, on time also after downtime."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.testing import House
from services.scheduling.domain import Plan, series_id
from services.scheduling.tests.examples import clinic, payment_collected, referral_cancelled
from services.scheduling.tests.steps import held, keep, names


async def booked(house: House, *weeks: int) -> tuple[Plan, datetime]:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where, *weeks)
    await house.given(payment_collected(wanted))
    (_, fact) = await house.stated()
    return wanted, fact.sessions[-1].start_time.ToDatetime(UTC)


async def woken(house: House, wanted: Plan, at: datetime) -> list[int]:
    """What is said when the deadline comes at a moment, if it is due by then."""
    house.db.travel(at - house.db.clock())
    series = series_id(wanted.plan_id)
    if await due(house, series) <= at:
        await house.db.fetch(
            "DELETE FROM due WHERE name = 'remind' AND entity_id = $1 RETURNING name", series
        )
        await house.meet("remind", series)
    return [one.hours_before for one in await house.stated()]


async def due(house: House, series: UUID) -> datetime:
    found = await house.db.fetch(
        "SELECT due_at FROM due WHERE name = 'remind' AND entity_id = $1", series
    )
    return found[0]["due_at"] if found else datetime.max.replace(tzinfo=UTC)


async def test_each_reminder_is_stated_once_and_at_its_time(house: House) -> None:
    wanted, start = await booked(house, 1, 1)
    for hours in (72, 24, 3):
        moment = start - timedelta(hours=hours)
        assert await woken(house, wanted, moment - timedelta(minutes=1)) == []
        assert await woken(house, wanted, moment) == [hours]
        assert await woken(house, wanted, moment + timedelta(minutes=1)) == []
    assert await due(house, series_id(wanted.plan_id)) == datetime.max.replace(tzinfo=UTC)


async def test_after_downtime_the_nearest_is_stated_and_the_begun_left_out(house: House) -> None:
    wanted, start = await booked(house, 1, 1)
    assert await woken(house, wanted, start - timedelta(hours=20)) == [24]
    assert await woken(house, wanted, start + timedelta(hours=1)) == []


async def test_a_withdrawn_series_reminds_nobody(house: House) -> None:
    wanted, _ = await booked(house, 1, 1)
    await house.given(referral_cancelled(wanted))
    assert names(await house.stated()) == ["SeriesReleased"]
    assert await due(house, series_id(wanted.plan_id)) == datetime.max.replace(tzinfo=UTC)
