"""What infusion does when the rest of the platform speaks, and when something is due."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.deadlines import Deadlines
from chassis.subscriptions import Subscriptions
from halcyon.intake.events.v1.intake_events_pb2 import (
    DoseAdjusted,
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanRevised,
    PlanStopped,
    SuicideRiskScreened,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    BookingCancelled,
    BookingMissed,
    ClinicUpdated,
    SeriesConfirmed,
    SeriesReleased,
    SeriesRescheduled,
)
from services.infusion import domain, store, wire
from services.infusion.domain import custody
from services.infusion.packs.custody import current as rules
from services.infusion.store import custody as ledger

on = Subscriptions(unhurried=True)
due = Deadlines()


async def _orders(facts: Sequence[PlanApproved | DoseAdjusted], tx: Tx) -> None:
    await store.prefetch_orders(tx, map(wire.order_place, facts))


async def _standings(facts: Sequence[PlanPaused | PlanResumed | PlanStopped], tx: Tx) -> None:
    await store.prefetch_standings(tx, [wire.standing(fact).plan_id for fact in facts])


async def _programmes(facts: Sequence[wire.OfSeries], tx: Tx) -> None:
    await store.prefetch_programmes(tx, [wire.course_id(fact) for fact in facts])


@on(PlanApproved, prefetch=_orders)
async def keep_first_dose(fact: PlanApproved, tx: Tx) -> None:
    """An approved plan brings its first dose order."""
    await store.keep_order(tx, wire.first_order(fact))


@on(DoseAdjusted, prefetch=_orders)
async def supersede_dose(fact: DoseAdjusted, tx: Tx) -> None:
    """A later order is in force for the sessions that have not started."""
    await store.keep_order(tx, wire.adjusted_order(fact))


async def _revisions(facts: Sequence[PlanRevised], tx: Tx) -> None:
    await store.load_minutes(tx, [UUID(fact.plan_id) for fact in facts])


@on(PlanRevised, prefetch=_revisions)
async def keep_minutes(fact: PlanRevised, tx: Tx) -> None:
    """A revised infusion time is the one that the pump of every session to come must have."""
    await store.keep_minutes(tx, UUID(fact.plan_id), fact.revision, fact.infusion_minutes)


@on(PlanPaused, prefetch=_standings)
async def bar_starts(fact: PlanPaused, tx: Tx) -> None:
    """No infusion starts while its plan is paused."""
    await _keep_standing(fact, tx)


@on(PlanResumed, prefetch=_standings)
async def allow_starts(fact: PlanResumed, tx: Tx) -> None:
    """A resumed plan may start infusions again."""
    await _keep_standing(fact, tx)


@on(PlanStopped, prefetch=_standings)
async def bar_starts_for_good(fact: PlanStopped, tx: Tx) -> None:
    """A stopped plan starts no infusion any more."""
    await _keep_standing(fact, tx)


async def _keep_standing(fact: PlanPaused | PlanResumed | PlanStopped, tx: Tx) -> None:
    told = wire.standing(fact)
    known = await store.plan_standing(tx, told.plan_id)
    store.record_standing(tx, domain.newest(known, told))


@on(SuicideRiskScreened)
async def bar_at_high_risk(fact: SuicideRiskScreened, tx: Tx) -> None:
    """No infusion starts for as long as a screener at high risk speaks."""
    told = wire.screening(fact)
    known = await store.screening(tx, told.patient_id)
    store.keep_screening(tx, domain.newest_screening(known, told))


@on(SeriesConfirmed, prefetch=_programmes)
async def plan_sessions(fact: SeriesConfirmed, tx: Tx) -> None:
    """A confirmed series has its sessions expected."""
    booking = wire.booking(fact)
    existing = await store.programme(tx, booking.course.course_id)
    programme, events = domain.plan(existing, booking, tx.now)
    store.record_programme(tx, programme, events)


@on(SeriesReleased, prefetch=_programmes)
async def cancel_sessions(fact: SeriesReleased, tx: Tx) -> None:
    """A released series has its waiting sessions called off, even before they are planned."""
    course = wire.released(fact)
    existing = await store.programme(tx, course.course_id)
    store.record_programme(tx, domain.release(existing, course))


@on(SeriesRescheduled, prefetch=_programmes)
async def move_sessions(fact: SeriesRescheduled, tx: Tx) -> None:
    """Sessions are expected at their new times, even if these are told before the series is."""
    await _keep_news(wire.rescheduled(fact), tx)


@on(BookingMissed, prefetch=_programmes)
async def drop_missed(fact: BookingMissed, tx: Tx) -> None:
    """A session that the desk wrote down as missed is not expected, until it gets another time."""
    await _keep_news(wire.lapsed(fact), tx)


@on(BookingCancelled, prefetch=_programmes)
async def drop_cancelled(fact: BookingCancelled, tx: Tx) -> None:
    """A session that the patient called off is not expected, until it gets another time."""
    await _keep_news(wire.lapsed(fact), tx)


async def _keep_news(news: domain.News, tx: Tx) -> None:
    existing = await store.programme(tx, news.course.course_id)
    programme, events = domain.reschedule(existing, news, tx.now)
    store.record_programme(tx, programme, events)


@on(ClinicUpdated)
async def keep_clock(fact: ClinicUpdated, tx: Tx) -> None:
    """A clinic's days begin and end by its own wall clock."""
    await store.keep_clock(tx, *wire.clock(fact))


@due(store.OVERDUE)
async def look_for_reading(session_id: UUID, tx: Tx) -> None:
    """No pressure in the time that the cadence leaves: the ward and the platform are told."""
    visit = await store.get(tx, session_id)
    last, known = await store.measured(tx, visit), await store.alerts(tx, session_id)
    visit, events, alert, again = domain.look(visit, last, known, tx.now)
    store.record(tx, visit, events)
    store.keep_overdue(tx, session_id, alert, again)


@due(store.PARTITIONS)
async def make_months(entity_id: UUID, tx: Tx) -> None:
    """Readings of the months to come have their tables."""
    await store.make_partitions(tx, entity_id)


@due(ledger.EXPLAIN)
async def escalate_discrepancy(incident_id: UUID, tx: Tx) -> None:
    """A difference that nobody explained in time is overdue."""
    if incident := await ledger.find_incident(tx, incident_id):
        ledger.record_incident(tx, *custody.lapse(incident, tx.now), None)


@due(ledger.WITNESS)
async def escalate_disposal(disposal_id: UUID, tx: Tx) -> None:
    """A waste or a destruction that nobody witnessed in time is told to those who oversee."""
    if disposal := await ledger.find_disposal(tx, disposal_id):
        known = await ledger.containers(tx, [disposal.container_id])
        place = known[disposal.container_id].clinic_id
        late, events = custody.escalate(disposal, place, tx.now)
        ledger.record_disposal(tx, late, events=events)


@due(ledger.INVENTORY)
async def remind_of_inventory(stocktaking_id: UUID, tx: Tx) -> None:
    """An inventory that comes near, or is late, is told to those who oversee."""
    if known := await ledger.find_stocktaking(tx, stocktaking_id):
        after, events = custody.look(known, rules(), tx.now)
        ledger.record_stocktaking(tx, after, custody.wake_time(after, rules()), events)
