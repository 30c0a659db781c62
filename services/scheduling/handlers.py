"""What scheduling does when the rest of the platform speaks, and when a hold's time has come."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.deadlines import Deadlines
from chassis.refusal import Busy
from chassis.subscriptions import Subscriptions
from halcyon.billing.events.v1.billing_events_pb2 import (
    PaymentCollected,
    PaymentFailed,
    SessionsGivenUp,
)
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.events.v1.intake_events_pb2 import (
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanRevised,
    PlanStopped,
    SafetyReviewed,
)
from halcyon.referral.events.v1.referral_events_pb2 import AvailabilityStated, ReferralCancelled
from services.scheduling import domain, packs, store, wire

on = Subscriptions()
due = Deadlines()
_WAITING = 32


async def _for_holds(facts: Sequence[PlanApproved], tx: Tx) -> None:
    """Desks before series, and cancellations after both: a withdrawal waits or is seen."""
    plans = [wire.need(fact) for fact in facts]
    clinics = {plan.clinic_id for plan in plans}
    await store.open_desks(tx, clinics, careful=len(plans) == 1)
    await store.load(tx, [domain.series_id(plan.plan_id) for plan in plans])
    await store.load_referrals(tx, [plan.referral_id for plan in plans])
    await store.load_sessions(tx, [plan.patient_id for plan in plans])
    await store.read_ahead(tx, plans)


@on(PlanApproved, prefetch=_for_holds)
async def hold_series(fact: PlanApproved, tx: Tx) -> None:
    """An approved plan holds times for its whole series, before money is asked."""
    plan = wire.need(fact)
    if await store.find(tx, domain.series_id(plan.plan_id)):
        return
    series = domain.opened(plan, tx.now)
    if await store.is_cancelled(tx, plan.referral_id):
        store.record(tx, *domain.cancel(series, tx.now))
        return
    found = await store.claim_places(tx, series)
    store.record(tx, *domain.hold_or_wait(series, found, tx.now))


async def _for_payments(facts: Sequence[PaymentCollected], tx: Tx) -> None:
    """Only a payment that finds its times gone needs the desk; it is locked before the series."""
    series = [wire.series_of(fact) for fact in facts]
    await store.open_desks(tx, await store.clinics_waiting_for(tx, series), careful=True)
    await store.load(tx, series)


@on(PaymentCollected, prefetch=_for_payments, unhurried=True)
async def confirm_series(fact: PaymentCollected, tx: Tx) -> None:
    """Money confirms a hold; money that comes too late is sent back, never kept in silence."""
    series, payment_id = await _known(tx, wire.series_of(fact)), wire.payment(fact)
    if domain.paid_late(series, payment_id):
        await _settle_late(tx, series, payment_id)
        return
    confirmed, events = domain.confirm(series, payment_id, tx.now)
    if events:
        store.record(tx, confirmed, events)


async def _settle_late(tx: Tx, series: domain.Series, payment_id: UUID) -> None:
    """The same times again if all are free, else the money goes back and others are offered."""
    barred = await store.rules_barring(tx, series)
    if domain.may_restore(series, tx.now) and not barred:
        found = await store.claim_same_places(tx, series)
        if isinstance(found, domain.Places):
            store.record(tx, *domain.restore(series, payment_id, tx.now))
            return
    offered = [] if series.closed or barred else await store.free_starts(tx, series)
    store.record(tx, *domain.too_late(series, payment_id, tx.now, offered))


async def _for_releases(facts: Sequence[PaymentFailed], tx: Tx) -> None:
    series = [wire.series_of(fact) for fact in facts]
    await store.open_desks(tx, await store.clinics_of(tx, series), careful=True)
    await store.load(tx, series)


@on(PaymentFailed, prefetch=_for_releases)
async def release_unpaid(fact: PaymentFailed, tx: Tx) -> None:
    """A payment that failed for good gives the times back."""
    series = await _known(tx, wire.series_of(fact))
    failed_at = wire.moment(fact.fail_time)
    await _let_go(tx, *domain.payment_failed(series, failed_at, tx.now))


@on(SessionsGivenUp)
async def cancel_given_up(fact: SessionsGivenUp, tx: Tx) -> None:
    """Sessions that were paid back are not to be had: the last times of the series are free."""
    await store.open_desks(tx, await store.clinics_of(tx, [wire.series_of(fact)]), careful=True)
    series = await _known(tx, wire.series_of(fact))
    if series.status == domain.Status.HELD:
        raise Busy("SERIES_HELD", "The payment for this series is not known here yet.")
    left, events = domain.give_up(series, fact.kept_count, tx.now)
    if events:
        store.record(tx, left, events)
        await store.drop_after(tx, series, fact.kept_count)


async def _for_cancellations(facts: Sequence[ReferralCancelled], tx: Tx) -> None:
    """The desk first: a plan of the same referral is then either held already or sees this."""
    referrals = [wire.referral_of(fact) for fact in facts]
    named = {clinic for fact in facts if (clinic := wire.clinic_of(fact))}
    before = await store.series_of_referrals(tx, referrals)
    clinics = named | {clinic for _, clinic in before}
    await store.open_desks(tx, clinics, careful=True)
    await store.load_referrals(tx, referrals)


@on(ReferralCancelled, prefetch=_for_cancellations)
async def release_cancelled(fact: ReferralCancelled, tx: Tx) -> None:
    """A withdrawn referral gives its times back, also those of a plan that comes later."""
    referral_id = wire.referral_of(fact)
    await store.remember_cancelled(tx, referral_id)
    for series_id, _ in await store.series_of_referrals(tx, [referral_id]):
        series = await store.get(tx, series_id)
        await _let_go(tx, *domain.cancel(series, tx.now))


@on(AvailabilityStated)
async def keep_availability(fact: AvailabilityStated, tx: Tx) -> None:
    """Times sought from now on are those at which the patient can come."""
    await store.keep_availability(tx, wire.referral_of(fact), wire.availability(fact))


async def _for_deliveries(facts: Sequence[InfusionCompleted], tx: Tx) -> None:
    sessions = [wire.session(fact) for fact in facts]
    await store.load(tx, [series for series, _ in sessions])
    await store.load_bookings(tx, sessions)


@on(InfusionCompleted, prefetch=_for_deliveries, unhurried=True)
async def fulfil_booking(fact: InfusionCompleted, tx: Tx) -> None:
    """A delivered session fulfils its booking, and the last one its series."""
    series_id, number = wire.session(fact)
    series = await _known(tx, series_id)
    if await store.fulfil(tx, series, number):
        store.record(tx, *domain.deliver(series, tx.now))


@on(PlanPaused)
async def pause_maintenance(fact: PlanPaused, tx: Tx) -> None:
    """No further round is booked while a plan is paused; what is booked waits for a word."""
    await store.keep_running(tx, wire.plan_of(fact), fact.revision, domain.Running.PAUSED)


@on(PlanResumed)
async def resume_maintenance(fact: PlanResumed, tx: Tx) -> None:
    """A plan that goes on is booked on."""
    await store.keep_running(tx, wire.plan_of(fact), fact.revision, domain.Running.RUNNING)
    for series_id, _ in await store.series_of_referrals(tx, [wire.referral_of(fact)]):
        store.book_on(tx, await store.get(tx, series_id))


@on(PlanStopped)
async def release_stopped(fact: PlanStopped, tx: Tx) -> None:
    """A plan that has ended for good gives back all that is still to come."""
    plan_id = wire.plan_of(fact)
    known = await store.series_of_referrals(tx, [wire.referral_of(fact)])
    await store.open_desks(tx, [clinic for _, clinic in known], careful=True)
    await _known(tx, domain.series_id(plan_id))
    await store.keep_running(tx, plan_id, fact.revision, domain.Running.STOPPED)
    for series_id, _ in known:
        series = await store.get(tx, series_id)
        if series.plan.plan_id == plan_id:
            await _let_go(tx, *domain.stop(series, tx.now))


@on(PlanRevised)
async def replan_sessions(fact: PlanRevised, tx: Tx) -> None:
    """Sessions to come become what the plan asks now, at their times or as a repair proposes."""
    told, referrals = wire.revised(fact), [wire.referral_of(fact)]
    before = await store.series_of_referrals(tx, referrals)
    await store.open_desks(tx, [clinic for _, clinic in before], careful=True)
    await _known(tx, domain.series_id(told.plan_id))
    for series_id, _ in await store.series_of_referrals(tx, referrals):
        series = await store.get(tx, series_id)
        revised, events = domain.replanned(series, told, tx.now)
        store.record(tx, revised, events)
        if revised.revision > series.revision:
            await store.replan(tx, revised)


@due("book-maintenance")
async def book_maintenance(entity_id: UUID, tx: Tx) -> None:
    """Before a round of maintenance ends, the next is held by its rule."""
    await store.open_desks(tx, await store.clinics_of(tx, [entity_id]), careful=True)
    series = await store.get(tx, entity_id)
    if not domain.may_go_on(series, await store.running(tx, series.plan.plan_id)):
        return
    following, is_new = await store.open_round(tx, series, series.plan.maintain_every)
    if is_new and not await store.rules_barring(tx, series):
        found = await store.claim_places(tx, following)
        store.record(tx, *domain.hold_or_wait(following, found, tx.now))


@on(SafetyReviewed)
async def heed_safety(fact: SafetyReviewed, tx: Tx) -> None:
    """What a safety rule bars, nobody books until intake says otherwise."""
    patient_id, reviewed, barriers = wire.safety(fact)
    await store.keep_safety(tx, patient_id, reviewed, barriers)
    await store.try_again(tx, patient_id)


@due("release-hold")
async def release_hold(entity_id: UUID, tx: Tx) -> None:
    """A hold that was not paid in time gives the times back."""
    await store.open_desks(tx, await store.clinics_of(tx, [entity_id]), careful=True)
    series = await store.get(tx, entity_id)
    await _let_go(tx, *domain.expire(series, tx.now))


@due("remind")
async def remind(entity_id: UUID, tx: Tx) -> None:
    """Patients are reminded of what has become due; what downtime made too late is left out."""
    series = await store.get(tx, entity_id)
    live = await store.live_numbers(tx, entity_id)
    series, events = domain.remind(series, live, packs.policy().reminder_hours, tx.now)
    store.record(tx, series, events)
    store.plan_reminder(tx, series)


@due("fill-waitlist")
async def fill_waitlist(entity_id: UUID, tx: Tx) -> None:
    """Times given back go to who waits at the clinic: the urgent first, then the longest."""
    await store.open_desks(tx, [entity_id], careful=True)
    for waiting in await store.waiting_at(tx, entity_id, _WAITING):
        series = await store.get(tx, waiting)
        if await store.rules_barring(tx, series):
            continue
        found = await store.claim_places(tx, series)
        if isinstance(found, domain.Places):
            store.record(tx, *domain.hold_or_wait(series, found, tx.now))


async def _let_go(tx: Tx, series: domain.Series, events: Sequence[domain.Event]) -> None:
    store.record(tx, series, events)
    if events:
        await store.give_back(tx, series)


async def _known(tx: Tx, series_id: UUID) -> domain.Series:
    """News of a series that we do not know yet waits until we do."""
    if series := await store.find(tx, series_id):
        return series
    raise Busy("SERIES_UNKNOWN", "The series is not known here yet.")
