"""A plan revised before it is paid is priced anew; afterwards what was agreed stands."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from chassis.testing import House
from halcyon.billing.v1 import estimate_pb2 as nouns
from halcyon.billing.v1 import estimate_service_pb2 as rpc
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesHeld
from services.billing import domain
from services.billing.api import Estimates, Payments
from services.billing.tests import test_packages as packages
from services.billing.tests.examples import infusion_completed, series_held
from services.billing.tests.journal import balances
from services.billing.tests.test_estimates import issued, newest, signed
from services.billing.tests.test_handlers import (
    Scripted,
    names,
    payment_statuses,
    scripted,
    simulator,
    status,
)

__all__ = ["scripted", "simulator"]
SHORT, LONG = 8 * 45000, 8 * 60000
ASKED_ANEW = ["EstimateIssued", "PaymentRequested"]


@pytest.fixture
def service(house: House) -> Estimates:
    return Estimates(house.db)


def revised(held: SeriesHeld, minutes: int, revision: int = 2) -> SeriesHeld:
    """The same times, held for sessions of another length."""
    again = SeriesHeld()
    again.CopyFrom(held)
    again.revision, again.infusion_minutes = revision, minutes
    return again


async def test_another_price_is_estimated_and_asked_for_instead(
    house: House, service: Estimates
) -> None:
    held = series_held()
    await signed(house, service)
    await issued(house, service, held)
    await house.stated()
    await house.given(revised(held, 90), revised(held, 90))
    facts = await house.stated()
    assert names(facts) == ASKED_ANEW
    assert [one.revision for one in facts] == [3, 4]
    assert [one.minor_units for one in facts] == [LONG, LONG]
    found = await newest(house, service, held)
    assert (found.version, found.reason) == (2, nouns.ESTIMATE_REASON_CHANGED)
    assert found.lines[0].description == "Ketamine infusion, 90 minutes"
    assert await payment_statuses(house) == ["cancelling", "pending"]
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    assert await payment_statuses(house) == ["refunded", "collected"]
    assert await balances(house) == {1000: LONG, 2000: -LONG}


async def test_the_same_price_is_estimated_anew_and_stays_asked_for(
    house: House, service: Estimates
) -> None:
    held = series_held()
    await issued(house, service, held)
    await house.stated()
    await house.given(revised(held, 60))
    assert names(await house.stated()) == ["EstimateIssued"]
    found = await newest(house, service, held)
    assert (found.version, found.lines[0].description) == (2, "Ketamine infusion, 60 minutes")
    assert await payment_statuses(house) == ["pending"]
    await house.run_errands("collect-payment")
    assert await balances(house) == {1000: SHORT, 2000: -SHORT}


async def test_what_is_paid_stays_agreed(house: House, service: Estimates) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.stated()
    await house.given(revised(held, 90))
    assert await house.stated() == []
    assert (await newest(house, service, held)).version == 1
    await house.given(infusion_completed(held, 1, minutes=90))
    (receipt,) = await house.stated()
    assert receipt.minor_units == SHORT // 8
    assert await balances(house) == {1000: SHORT, 2000: -SHORT * 7 // 8, 4000: -SHORT // 8}


async def test_the_old_price_that_comes_anyway_goes_back(house: House, scripted: Scripted) -> None:
    held = series_held()
    await house.given(held, revised(held, 90))
    assert await payment_statuses(house) == ["cancelled", "pending"], "nobody had heard of it"
    await house.given(revised(held, 45, 3))
    scripted.cancel_outcome = domain.Collected()
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    assert await payment_statuses(house) == ["cancelled", "refunded", "collected"]
    assert await status(house) == "paid"
    assert await balances(house) == {1000: SHORT, 2000: -SHORT}


async def test_older_news_of_the_plan_changes_nothing(house: House) -> None:
    held = series_held(revision=4)
    await house.given(held)
    await house.stated()
    await house.given(revised(held, 90, 3))
    assert await house.stated() == []


async def test_a_change_that_cannot_be_told_in_time_leaves_the_price(
    house: House, service: Estimates
) -> None:
    noon = datetime.combine(house.db.clock() + timedelta(days=1), time(12), UTC)
    house.db.travel(noon - house.db.clock())
    held = series_held(first=noon + timedelta(hours=3))
    await issued(house, service, held)
    await house.stated()
    await house.given(revised(held, 90))
    assert await house.stated() == []
    assert (await newest(house, service, held)).lines[0].description.endswith("45 minutes")
    await house.run_errands("collect-payment")
    assert await balances(house) == {1000: SHORT, 2000: -SHORT}


async def test_what_people_have_added_stays_in_the_estimate(
    house: House, service: Estimates
) -> None:
    held = series_held()
    found = await issued(house, service, held)
    adding = rpc.ReviseEstimateRequest(
        estimate_id=found.estimate_id,
        version=1,
        items=[nouns.ItemWanted(item="kap", quantity=2)],
    )
    await house.call(service.ReviseEstimate, adding)
    await house.given(revised(held, 90))
    again = await newest(house, service, held)
    assert [(line.item, line.quantity) for line in again.lines] == [("infusion", 8), ("kap", 2)]
    assert again.version == 3


async def test_a_package_is_applied_anew_to_longer_sessions(house: House) -> None:
    till, held = Payments(house.db), series_held()
    package = await packages.sold(house, till, held)
    await house.given(held)
    await packages.applied(house, till, held, package.invoice_id)
    await house.stated()
    await house.given(revised(held, 90))
    facts = await house.stated()
    assert names(facts) == ASKED_ANEW
    assert facts[-1].minor_units == LONG
    promised = "SELECT covered_count FROM invoice WHERE invoice_id = $1"
    assert await house.count(promised, UUID(package.invoice_id)) == 0
    await packages.is_owed(house)
