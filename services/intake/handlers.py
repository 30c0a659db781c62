"""What intake does when the rest of the platform speaks."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.ids import uuid_of
from chassis.refusal import Busy
from chassis.subscriptions import Subscriptions
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.referral.events.v1.referral_events_pb2 import (
    ReferralCancelled,
    ReferralRouted,
    ReferralSupplemented,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.intake import domain, packs, store, wire

on = Subscriptions()


async def _for_opening(facts: Sequence[ReferralRouted], tx: Tx) -> None:
    await store.prefetch(tx, [fact.referral_id for fact in facts])
    await store.load_opening(tx, [wire.clinic_and_patient(fact) for fact in facts])


async def _for_closing(facts: Sequence[ReferralCancelled], tx: Tx) -> None:
    await store.prefetch(tx, [fact.referral_id for fact in facts])


async def _for_adjusting(facts: Sequence[InfusionCompleted], tx: Tx) -> None:
    await store.prefetch(tx, [fact.referral_id for fact in facts])
    await store.load_records(tx, [uuid_of(fact.patient_id) for fact in facts])


@on(ReferralRouted, prefetch=_for_opening)
async def open_intake(fact: ReferralRouted, tx: Tx) -> None:
    """A routed referral opens one intake; a standing order may approve its plan at once."""
    need = wire.need(fact)
    existing = await store.find(tx, domain.intake_id(need.referral_id))
    policy = await store.policy(tx, need.clinic_id)
    past = await store.record_of(tx, need.patient_id)
    intake, events = domain.open_for(need, existing, policy, past, tx.now)
    store.record(tx, intake, events)


@on(ReferralCancelled, prefetch=_for_closing)
async def close_intake(fact: ReferralCancelled, tx: Tx) -> None:
    """A withdrawn referral closes its intake, even before that is opened."""
    if need := wire.withdrawn(fact):
        existing = await store.find(tx, domain.intake_id(need.referral_id))
        intake, events = domain.close(need, existing, packs.current(), tx.now)
        store.record(tx, intake, events)


@on(ReferralSupplemented)
async def add_information(fact: ReferralSupplemented, tx: Tx) -> None:
    """What the referrer tells later is screened too; before the routing it came with that."""
    if not fact.clinic_id:
        return
    more = wire.supplement(fact)
    existing = await store.find(tx, domain.intake_id(more.referral_id))
    if existing is None or not existing.need.is_told:
        raise Busy("INTAKE_UNKNOWN", "The referral is not known here yet.")
    store.record(tx, *domain.supplement(existing, more, tx.now))


@on(ClinicUpdated)
async def keep_zone(fact: ClinicUpdated, tx: Tx) -> None:
    """A clinic's days begin and end by its own wall clock."""
    await store.keep_zone(tx, *wire.clinic(fact))


@on(InfusionCompleted, prefetch=_for_adjusting)
async def adjust_dose(fact: InfusionCompleted, tx: Tx) -> None:
    """The response to each infusion decides the dose of the next."""
    response = wire.response(fact)
    existing = await store.find(tx, domain.intake_id(response.referral_id))
    past = await store.record_of(tx, uuid_of(fact.patient_id))
    decision = domain.adjust(existing, past, response, tx.now)
    intake, events = domain.review_safety(decision[0], past, decision[1], tx.now)
    store.record(tx, intake, events)
