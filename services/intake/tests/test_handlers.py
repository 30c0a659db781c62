"""What intake does when others speak, on a real database."""

from uuid import UUID

import pytest
from google.protobuf.json_format import Parse

from chassis.refusal import Busy, Reject
from chassis.testing import House
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.events.v1 import intake_events_pb2 as facts
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.referral.events.v1.referral_events_pb2 import ReferralCancelled, ReferralRouted
from services.intake import api, domain, handlers, store, wire
from services.intake.tests import examples as eg
from tools.examples import example


async def allow_standing_orders(house: House) -> None:
    await house.call(api.IntakeService(house.db).UpdateClinicPolicy, eg.standing_order())


async def intake_of(house: House, routed: ReferralRouted) -> domain.Intake:
    async with house.db.read() as tx:
        found = await store.find(tx, eg.intake_id(routed))
    assert found
    return found


async def test_a_routed_referral_opens_an_intake_once(house: House) -> None:
    routed = eg.routed()
    await house.given(routed)
    (opened,) = await house.stated()
    assert (opened.intake_id, opened.revision) == (str(eg.intake_id(routed)), 1)
    assert (opened.referral_id, opened.clinic_id) == (routed.referral_id, routed.clinic_id)
    await house.given(routed, routed)
    assert await house.stated() == []


async def test_a_standing_order_states_the_plan_at_once(house: House) -> None:
    await allow_standing_orders(house)
    routed, elsewhere = eg.routed(), eg.routed(clinic_id=str(eg.CHICAGO))
    await house.given(routed, elsewhere, eg.routed(medications=["halcyon|maoi"]))
    opened, approved, *others = await house.stated()
    assert [type(fact).__name__ for fact in (opened, approved)] == ["IntakeOpened", "PlanApproved"]
    assert [type(fact).__name__ for fact in others] == ["IntakeOpened", "IntakeOpened"]
    plan_id = domain.plan_id(eg.intake_id(routed))
    assert approved == facts.PlanApproved(
        intake_id=opened.intake_id,
        revision=2,
        plan_id=str(plan_id),
        referral_id=routed.referral_id,
        patient_id=routed.patient_id,
        clinic_id=routed.clinic_id,
        indication_code="F33.2",
        sessions_per_week=[2, 2, 2],
        min_gap_hours=48,
        infusion_minutes=40,
        recovery_minutes=60,
        dose_order_id=str(domain.dose_order_id(plan_id, 1)),
        dose_micrograms=35000,
        approval="standing_order",
        pack="halcyon-default@1",
        priority="routine",
        dose="35",
        plan_version=1,
        kap="without",
        antiemetic="ondansetron_odt",
        pressure_every_minutes=5,
        review_after_sessions=[4, 6],
        maintenance_every_days=28,
        session_limits=approved.session_limits,
        approve_time=approved.approve_time,
    )


async def test_what_is_kept_comes_back_whole(house: House) -> None:
    await allow_standing_orders(house)
    routed = eg.routed()
    async with house.db.transaction() as tx:
        need = wire.need(routed)
        policy = await store.policy(tx, need.clinic_id)
        intake, events = domain.open_for(need, None, policy, domain.NO_PAST, tx.now)
        store.record(tx, intake, events)
    assert await intake_of(house, routed) == intake


@pytest.mark.parametrize("together", [True, False])
async def test_a_withdrawal_may_come_first(house: House, together: bool) -> None:
    await allow_standing_orders(house)
    routed = eg.routed()
    news = [eg.cancelled(routed), routed]
    if together:
        await house.given(*news)
    else:
        for fact in news:
            await house.given(fact)
    assert await house.stated() == []
    intake = await intake_of(house, routed)
    assert intake.status is domain.Status.CLOSED
    assert intake.need.indication_code == "F33.2"


async def test_a_withdrawal_in_the_same_batch_closes(house: House) -> None:
    routed = eg.routed()
    await house.given(routed, eg.cancelled(routed))
    assert [type(fact).__name__ for fact in await house.stated()] == ["IntakeOpened"]
    assert (await intake_of(house, routed)).status is domain.Status.CLOSED


async def test_a_withdrawal_before_any_routing_concerns_nobody(house: House) -> None:
    await house.given(eg.cancelled(eg.routed(), clinic_id=""))
    assert await house.count("SELECT count(*) FROM intake") == 0


async def test_each_infusion_decides_the_dose_once(house: House) -> None:
    await allow_standing_orders(house)
    routed = eg.routed()
    await house.given(routed)
    await house.stated()
    await house.given(eg.completed(routed, 1))
    await house.given(eg.completed(routed, 2), eg.completed(routed, 2))
    await house.given(eg.completed(routed, 4, lowest_moaas=2), eg.completed(routed, 3))
    held, reviewed, raised, lowered, paused = await house.stated()
    assert [fact.direction for fact in (held, raised, lowered)] == ["hold", "up", "down"]
    assert [fact.number for fact in (held, raised, lowered)] == [1, 2, 3]
    assert [fact.revision for fact in (held, raised, lowered)] == [3, 5, 6]
    assert reviewed.revision == 4
    assert (raised.previous_dose_micrograms, raised.dose_micrograms) == (35000, 42000)
    assert (lowered.previous_dose_micrograms, lowered.dose_micrograms) == (42000, 35000)
    assert held.dose_order_id == str(domain.dose_order_id(UUID(held.plan_id), 1))
    assert raised.session_id == eg.completed(routed, 2).session_id
    assert (paused.reason, paused.revision) == ("non_response", 7)
    assert paused.session_id == eg.completed(routed, 4).session_id
    assert await house.count("SELECT count(*) FROM dose_order") == 3
    assert await house.count("SELECT count(*) FROM given_session") == 4


async def test_an_infusion_of_nobody_and_a_referral_without_measures_are_parked(
    house: House,
) -> None:
    with pytest.raises(Reject):
        await house.given(eg.completed(eg.routed(), 1))
    with pytest.raises(Reject):
        await house.given(eg.routed(weight_grams=0))


async def test_a_batch_costs_a_fixed_number_of_queries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow_standing_orders(house)
    few = await _queries(house, monkeypatch, [eg.routed() for _ in range(2)])
    many = await _queries(house, monkeypatch, [eg.routed() for _ in range(40)])
    assert few == many
    assert min(few) > 0


async def _queries(
    house: House, monkeypatch: pytest.MonkeyPatch, batch: list[ReferralRouted]
) -> list[int]:
    """How many rows-bringing statements opening, adjusting and closing such a batch take."""
    counts = []
    for told in (
        batch,
        [eg.completed(routed, 1) for routed in batch],
        [eg.cancelled(routed) for routed in batch],
    ):
        async with house.db.transaction() as tx:
            asked: list[str] = []
            for name in ("fetch", "fetchrow"):
                _count(monkeypatch, tx.driver, name, asked)
            subscription = handlers.on[told[0].DESCRIPTOR.full_name]
            assert subscription.prefetch
            await subscription.prefetch(told, tx)
            before = len(asked)
            for fact in told:
                await subscription.handle(fact, tx)
            assert len(asked) == before
            monkeypatch.undo()
        counts.append(before)
    return counts


def _count(monkeypatch: pytest.MonkeyPatch, driver: object, name: str, asked: list[str]) -> None:
    real = getattr(type(driver), name)

    async def counted(self: object, *arguments: object, **options: object) -> object:
        asked.append(str(arguments[0]))
        return await real(self, *arguments, **options)

    monkeypatch.setattr(type(driver), name, counted)


async def test_the_golden_facts_are_heard(house: House) -> None:
    routed = Parse(example("ReferralRouted"), ReferralRouted())
    await house.given(routed)
    await house.given(Parse(example("ReferralCancelled"), ReferralCancelled()))
    completed = Parse(example("InfusionCompleted"), InfusionCompleted())
    completed.referral_id = routed.referral_id
    await house.given(completed)
    assert (await intake_of(house, routed)).status is domain.Status.CLOSED


async def test_no_fact_tells_a_note(house: House) -> None:
    routed = eg.routed()
    await house.given(routed)
    request = rpc.RecordAssessmentRequest(
        intake_id=str(eg.intake_id(routed)), assessment=eg.assessment()
    )
    await house.call(api.IntakeService(house.db).RecordAssessment, request)
    told = await house.db.fetch("SELECT data FROM outbox")
    assert len(told) == 2
    assert not [row for row in told if eg.SECRET.encode() in row["data"]]


async def test_what_the_referrer_tells_later_is_screened_and_nothing_is_forgotten(
    house: House,
) -> None:
    routed = eg.routed(revision=2, medications=["halcyon|ssri"])
    await house.given(routed)
    before = await intake_of(house, routed)
    more = eg.supplemented(routed, medications=["halcyon|maoi"], weight_grams=81_000)
    await house.given(more)
    after = await intake_of(house, routed)
    assert after.need.medications == ("halcyon|ssri", "halcyon|maoi")
    assert after.body.weight_grams == 81_000
    new = {one.rule_id for one in after.flags} - {one.rule_id for one in before.flags}
    assert new, "the flag stands in the specialist's queue"
    await house.given(more, more)
    assert await intake_of(house, routed) == after


async def test_an_older_supplement_that_comes_late_adds_its_codes_but_not_its_measures(
    house: House,
) -> None:
    routed = eg.routed(revision=2, medications=[])
    newer = eg.supplemented(routed, 4, weight_grams=90_000)
    older = eg.supplemented(routed, 3, weight_grams=70_000, medications=["halcyon|maoi"])
    await house.given(routed, newer, older)
    need = (await intake_of(house, routed)).need
    assert (need.weight_grams, need.medications) == (90_000, ("halcyon|maoi",))


async def test_a_supplement_waits_for_the_routing_and_without_a_clinic_is_part_of_it(
    house: House,
) -> None:
    routed = eg.routed()
    with pytest.raises(Busy):
        await house.given(eg.supplemented(routed))
    await house.given(eg.supplemented(routed, clinic_id=""))
    await house.given(routed, eg.cancelled(routed))
    closed = await intake_of(house, routed)
    await house.given(eg.supplemented(routed, 9, medications=["halcyon|maoi"]))
    assert await intake_of(house, routed) == closed


async def test_a_new_finding_takes_back_what_was_decided_without_it(house: House) -> None:
    routed = eg.routed(medications=[])
    await house.given(routed)
    intake = await intake_of(house, routed)
    assessed, _ = domain.record_assessment(intake, eg.found(), eg.policy(), eg.NOON)
    agreed = assessed._replace(
        agreed=(domain.Agreement("any", "dr-second"),),
    )
    more = wire.supplement(eg.supplemented(routed, 9, medications=["halcyon|maoi"]))
    after, stated = domain.supplement(agreed, more, intake.update_time)
    assert (after.agreed, after.eligibility, stated) == ((), None, ())
    planned = agreed._replace(status=domain.Status.PLANNED)
    kept, _ = domain.supplement(planned, more, intake.update_time)
    assert kept.agreed == agreed.agreed
    assert kept.flags == after.flags
