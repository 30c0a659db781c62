"""What referral does when the rest of the platform speaks: it closes the loop."""

from chassis.accounts import reception
from chassis.database import Tx
from chassis.subscriptions import Subscriptions
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.referral import domain, store, wire

on = Subscriptions(unhurried=True)
also_says = reception("referral")
"""On the bus, beside its own facts: it reads and answers partners."""


@on(ClinicUpdated, prefetch=store.prefetch_clinics)
async def list_clinic(fact: ClinicUpdated, tx: Tx) -> None:
    """A clinic that joins or changes is listed in our directory."""
    told = wire.clinic(fact)
    known = await store.find_clinic(tx, told.clinic_id)
    store.keep_clinic(tx, domain.newer(known, told))


async def move_on(fact: wire.Heard, tx: Tx) -> None:
    """Whatever happens to the patient adds a line to the referral's history and may move it."""
    news = wire.news(fact, tx.hearing)
    before = await store.progress(tx, news.referral_id)
    after, lines = domain.follow(before, news)
    await store.move(tx, before, after, lines)


for _fact in wire.NEWS:
    on(_fact, prefetch=store.prefetch)(move_on)
