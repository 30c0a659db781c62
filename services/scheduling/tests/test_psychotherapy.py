"""A plan with psychotherapy takes a therapist for each of its sessions."""

from dataclasses import replace
from uuid import uuid5

from chassis.testing import House
from services.scheduling.domain import Bound, Clinic, Kind, Plan, Resource, binding_reason, wish
from services.scheduling.packs import policy
from services.scheduling.tests.examples import SUNDAY, clinic, plan, plan_approved
from services.scheduling.tests.steps import HELD, WAITLISTED, keep, overlaps, series
from services.scheduling.tests.test_solver import agenda_of


def with_therapists(count: int) -> Clinic:
    where = clinic(3, 3, 3)
    more = tuple(
        Resource(uuid5(where.clinic_id, f"therapist/{n}"), Kind.THERAPIST, f"Therapist {n}")
        for n in range(count)
    )
    return replace(where, resources=(*where.resources, *more))


async def hold(house: House, where: Clinic, kap: str) -> Plan:
    wanted = plan(where.clinic_id, (2, 1))
    approved = plan_approved(wanted)
    approved.kap = kap
    await house.given(approved)
    return wanted


async def test_each_session_takes_the_therapist(house: House) -> None:
    where = with_therapists(1)
    await keep(house, where)
    plans = [await hold(house, where, "with") for _ in range(3)]
    kept = [await series(house, one) for one in plans]
    assert {one.status for one in kept} == {HELD}
    assert {one.therapist_id for found in kept for one in found.bookings} == {
        str(where.of(Kind.THERAPIST)[0].resource_id)
    }
    assert await overlaps(house) == 0


async def test_a_plan_without_takes_none(house: House) -> None:
    where = with_therapists(1)
    await keep(house, where)
    kept = await series(house, await hold(house, where, "without"))
    assert {one.therapist_id for one in kept.bookings} == {""}


async def test_what_one_kind_of_plan_has_reached_does_not_bind_the_other(house: House) -> None:
    where = with_therapists(1)
    await keep(house, where)
    for _ in range(4):
        await hold(house, where, "with")
    begun = await series(house, await hold(house, where, "without"))
    starts = [one.start_time.seconds for one in begun.bookings]
    late = await series(house, await hold(house, where, "with"))
    assert starts[0] < late.bookings[0].start_time.seconds


async def test_a_clinic_without_therapists_says_what_is_missing(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await hold(house, where, "with")
    assert (await series(house, wanted)).status == WAITLISTED


def test_the_binding_reason_is_the_therapist() -> None:
    where = clinic()
    agenda = agenda_of(where)
    asked = wish(plan(where.clinic_id)._replace(therapist=True), policy(), agenda, SUNDAY)
    assert binding_reason(asked, agenda) == Bound.NO_FREE_THERAPIST
