"""An override: by the one role, with a reason, on record, and never against the books."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.mishaps import DatabaseFault
from chassis.refusal import NotAllowed
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Plan, series_id
from services.scheduling.tests.examples import clinic
from services.scheduling.tests.steps import names, overlaps, series
from services.scheduling.tests.test_proposals import at, start_of
from services.scheduling.tests.test_repairs import clinic_with, stamped


async def override(
    house: House, wanted: Plan, start: datetime, number: int = 1, request_id: UUID | None = None
) -> nouns.Series:
    request = rpc.OverrideBookingRequest(
        series_id=str(series_id(wanted.plan_id)),
        number=number,
        start_time=stamped(start),
        reason=nouns.OVERRIDE_REASON_CLINICAL_NEED,
        request_id=str(request_id or uuid4()),
    )
    by = somebody("medical_director")
    return (await house.call(SchedulingService(house.db).OverrideBooking, request, by)).series


@pytest.mark.parametrize(
    ("start", "rules"),
    [
        (at(28, 10), ["opening_hours"]),
        (at(24, 6), ["opening_hours"]),
        (at(24, 14), []),
    ],
)
async def test_what_was_set_aside_is_on_record(
    house: House, start: datetime, rules: list[str]
) -> None:
    (wanted,) = await clinic_with(house, clinic(), 1)
    before = await start_of(house, wanted)
    kept = await override(house, wanted, start)
    assert kept.bookings[0].start_time.ToDatetime(UTC) == start
    (one,) = kept.overrides
    assert (one.person, one.role, list(one.rules)) == ("test", "medical_director", rules)
    assert one.reason == nouns.OVERRIDE_REASON_CLINICAL_NEED
    assert one.old_start_time.ToDatetime(UTC) == before
    moved, told = await house.stated()
    assert names([moved, told]) == ["SeriesRescheduled", "BookingOverridden"]
    assert (moved.reason, told.reason, list(told.rules)) == ("override", "clinical_need", rules)


async def test_gap_and_limits_give_way_but_not_the_hard_floor(house: House) -> None:
    (wanted,) = await clinic_with(house, clinic(), 1, 2)
    second = await start_of(house, wanted, 2)
    with pytest.raises(NotAllowed, match="TOO_CLOSE"):
        await override(house, wanted, second - timedelta(hours=23))
    kept = await override(house, wanted, second - timedelta(hours=24))
    assert list(kept.overrides[0].rules) == ["gap"]


async def test_the_order_of_a_series_stays(house: House) -> None:
    (wanted,) = await clinic_with(house, clinic(), 1, 2)
    second = await start_of(house, wanted, 2)
    with pytest.raises(NotAllowed, match="TOO_CLOSE"):
        await override(house, wanted, second + timedelta(days=2))
    with pytest.raises(NotAllowed, match="TOO_CLOSE"):
        await override(house, wanted, house.db.clock() - timedelta(hours=1))


async def test_nobody_overrides_the_books(house: House) -> None:
    one, other = await clinic_with(house, clinic(1, 1, 1), 2)
    taken = await start_of(house, other)
    with pytest.raises(NotAllowed, match="TIME_TAKEN"):
        await override(house, one, taken)
    await override(house, one, at(28, 10))
    with pytest.raises(NotAllowed, match="TIME_TAKEN"):
        await override(house, other, at(28, 11))
    assert await overlaps(house) == 0


async def test_the_same_request_again_changes_nothing(house: House) -> None:
    (wanted,) = await clinic_with(house, clinic(), 1)
    request_id = uuid4()
    once = await override(house, wanted, at(28, 10), request_id=request_id)
    await house.stated()
    assert await override(house, wanted, at(28, 10), request_id=request_id) == once
    assert not await house.stated()


@pytest.mark.parametrize("change", ["UPDATE override SET role = 'nurse'", "DELETE FROM override"])
async def test_the_record_stays(house: House, change: str) -> None:
    (wanted,) = await clinic_with(house, clinic(), 1)
    await override(house, wanted, at(28, 10))
    with pytest.raises(DatabaseFault, match="P0001"):
        await house.db.fetch(change)
    assert len((await series(house, wanted)).overrides) == 1


async def test_who_may_is_said_by_the_contract() -> None:
    from halcyon.options.v1.options_pb2 import ROLE_MEDICAL_DIRECTOR, requires

    service: Any = rpc.DESCRIPTOR.services_by_name["SchedulingService"]
    asked = service.methods_by_name["OverrideBooking"].GetOptions().Extensions[requires]
    assert list(asked.roles) == [ROLE_MEDICAL_DIRECTOR]
