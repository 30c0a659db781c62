"""What billing does when the rest of the platform speaks, and the calls it owes."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.database import Database, Tx
from chassis.deadlines import Deadlines
from chassis.errands import Errand, Errands
from chassis.refusal import Busy
from chassis.subscriptions import Subscriptions
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    CancellationFeeIncurred,
    ClinicUpdated,
    SeriesHeld,
    SeriesReleased,
)
from services.billing import domain, gateway, packs, store, wire
from services.billing.domain import estimate

on = Subscriptions()
due = Deadlines()
errands = Errands()


async def _for_estimates(facts: Sequence[SeriesHeld], tx: Tx) -> None:
    await store.load(tx, map(wire.series, facts))
    await store.load_prices(tx, map(wire.clinic_of, facts))


@on(SeriesHeld, prefetch=_for_estimates)
async def issue_estimate(fact: SeriesHeld, tx: Tx) -> None:
    """A held series is priced, invoiced, and its payment asked for."""
    need = wire.need(fact)
    known = await store.find(tx, domain.invoice_id(need.series_id))
    desk = await store.desk(tx, need.clinic_id)
    decision = await _priced(need, known, desk, tx)
    await store.record(tx, decision)
    earlier = await store.find_estimate(tx, known.estimate_id) if known else None
    codes = domain.procedure_codes(packs.CODES, need.infusion_minutes, tx.now.date())
    store.keep_estimate(tx, estimate.of_series(decision, need, earlier, codes, desk))


async def _priced(
    need: domain.Need, known: domain.Invoice | None, desk: estimate.Desk, tx: Tx
) -> domain.Decision:
    """A change that cannot be told in time leaves the estimate, and its price, as they are."""
    price = await store.session_price(tx, need)
    if known and domain.is_revised(need, known):
        if estimate.may_change(desk, need.first_service, tx.now):
            last = await store.last_payment(tx, known)
            free = await _uncovered(known, tx)
            return domain.reprice(need, free or known, price, last, tx.now)
    elif known and domain.loses_cover(need, known):
        known = await _uncovered(known, tx)
    return domain.issue_for(need, known, price, tx.now)


async def _uncovered(series: domain.Invoice | None, tx: Tx) -> domain.Invoice | None:
    """A series that ended gives the sessions that it did not draw back to its package."""
    package = await store.package_of(tx, series)
    if series is None or package is None:
        return series
    left, kept = domain.uncover(series, package, tx.now)
    await store.record(tx, left)
    await store.record(tx, kept)
    return left.invoice


@on(ClinicUpdated)
async def keep_clinic(fact: ClinicUpdated, tx: Tx) -> None:
    """A clinic's days begin and end by its own wall clock."""
    await store.keep_clinic(tx, *wire.clinic(fact))


async def _for_releases(facts: Sequence[SeriesReleased], tx: Tx) -> None:
    await store.load_with_payments(tx, [wire.series(fact) for fact in facts])


@on(SeriesReleased, prefetch=_for_releases)
async def void_or_refund(fact: SeriesReleased, tx: Tx) -> None:
    """A released series is not collected for; what was paid and not delivered goes back."""
    news = wire.release(fact)
    invoice, payment = await store.find_with_payment(tx, news.series_id)
    unsent, keeping = store.is_unsent(tx, payment), await store.kept_of(tx, news, invoice)
    by = await store.way_back(tx, invoice, payment, keeping)
    decision = domain.release(news, invoice, payment, tx.now, unsent=unsent, by=by, keeping=keeping)
    await store.record(tx, decision)
    if domain.ends_cover(news, decision):
        await _uncovered(decision.invoice, tx)


async def _for_deliveries(facts: Sequence[InfusionCompleted], tx: Tx) -> None:
    await store.load_with_superbills(tx, [wire.delivery(fact) for fact in facts])


@on(InfusionCompleted, prefetch=_for_deliveries)
async def recognise_session(fact: InfusionCompleted, tx: Tx) -> None:
    """A delivered session earns its part of the money and gets a superbill."""
    delivery = wire.delivery(fact)
    series, issued = await store.find_with_superbill(tx, delivery)
    invoice = await store.find_delivered_from(tx, series, issued)
    if issued is None and invoice.is_package:
        series, invoice = domain.draw(series, invoice, tx.now)
        await store.record(tx, domain.Decision(invoice=series))
    coding = store.coding(delivery.running_minutes, delivery.day)
    await store.record(tx, domain.recognise(delivery, invoice, issued, coding, tx.now))


async def _for_fees(facts: Sequence[CancellationFeeIncurred], tx: Tx) -> None:
    await store.load_with_fees(tx, [wire.incurred(fact) for fact in facts])


@on(CancellationFeeIncurred, prefetch=_for_fees)
async def charge_fee(fact: CancellationFeeIncurred, tx: Tx) -> None:
    """A session missed or cancelled too late costs what scheduling's policy asks, once."""
    news = wire.incurred(fact)
    invoice, known = await store.find_with_fee(tx, news)
    await store.record(tx, domain.charge_incurred(invoice, news, known, tx.now))


@errands(store.COLLECT)
async def collect_payment(asked: Sequence[Errand], db: Database) -> None:
    """Collect what is asked for, and call off what is not wanted any more."""
    payments = await store.look_up(db, [one.entity_id for one in asked])
    outcomes = await gateway.collected(payments, gateway.chosen(), db.clock())
    await _conclude(asked, payments, outcomes, db)


@errands(store.RECONCILE)
async def reconcile_payment(asked: Sequence[Errand], db: Database) -> None:
    """Ask what became of payments that nobody has answered for."""
    payments = await store.look_up(db, [one.entity_id for one in asked])
    outcomes = await gateway.reconciled(payments, gateway.chosen(), db.clock())
    await _conclude(asked, payments, outcomes, db)


@due(store.CHASE)
async def chase_payment(payment_id: UUID, tx: Tx) -> None:
    """A payer who has not acted may have, and the webhook been lost."""
    await store.chase(tx, await store.find_payment(tx, payment_id))


@due(store.COLLECT_INSTALMENT)
async def collect_instalment(payment_id: UUID, tx: Tx) -> None:
    """A part of the price falls due: what is still owed of it is asked for."""
    if instalment := await store.find_instalment(tx, payment_id):
        invoice = await store.get(tx, instalment.invoice_id)
        known = await store.find_payment(tx, instalment.key)
        card = await store.card_on_file(tx, invoice)
        name = card.reference if card else ""
        plan = await store.plan(tx, invoice)
        asked = domain.ask_instalment(invoice, instalment, known, tx.now, plan=plan, card=name)
        await store.record(tx, asked)


@errands(store.REFUND)
async def refund_payment(asked: Sequence[Errand], db: Database) -> None:
    """Give back what was decided."""
    payments = await store.look_up(db, [one.entity_id for one in asked])
    outcomes = await gateway.refunded(payments, gateway.chosen())
    await _conclude(asked, payments, outcomes, db)


async def _conclude(
    asked: Sequence[Errand],
    payments: Sequence[domain.Payment],
    outcomes: Mapping[UUID, domain.Outcome],
    db: Database,
) -> None:
    """Keep every answer in one commit; what must be asked again is asked again later."""
    again = False
    async with db.transaction() as tx:
        await store.lock(tx, [one for one in payments if one.payment_id in outcomes])
        for errand in asked:
            if outcome := outcomes.get(errand.entity_id):
                with errand.working():
                    invoice, payment = await store.get_with_invoice(tx, errand.entity_id)
                    if domain.must_be_asked_again(payment, outcome):
                        again = True
                        continue
                    owed = await store.owed_now(tx, invoice, payment)
                    decision = domain.conclude(invoice, payment, outcome, tx.now, owed)
                    await store.record(tx, await store.with_receipts(tx, decision, invoice))
                    await store.ask_again(tx, decision)
                    tx.done(errand.name, errand.entity_id)
    if again:
        raise Busy("OUTCOME_UNKNOWN", "The gateway has not said what became of a payment.")


@errands(store.KEEP_CARD)
async def keep_cards(asked: Sequence[Errand], db: Database) -> None:
    """The gateway keeps a card that a patient left on file, or forgets it."""
    cards = await store.look_up_cards(db, [one.entity_id for one in asked])
    told = await gateway.kept(cards, gateway.chosen())
    async with db.transaction() as tx:
        for asked_of in cards:
            if asked_of.card_id in told:
                outcome, card = told[asked_of.card_id], await store.get_card(tx, asked_of.card_id)
                store.keep_card(
                    tx,
                    domain.forgotten(card, tx.now)
                    if outcome is None
                    else domain.conclude_card(card, outcome, tx.now),
                )
    if len(told) < len(cards):
        raise Busy("OUTCOME_UNKNOWN", "The gateway has not said whether it keeps a card.")


@errands(store.EXAMINE)
async def examine_disputes(asked: Sequence[Errand], db: Database) -> None:
    """A webhook spoke of a bank: what the gateway says of it, asked, is what counts."""
    payments = await store.look_up(db, [one.entity_id for one in asked])
    told = await gateway.contested(payments, gateway.chosen())
    async with db.transaction() as tx:
        await store.lock(tx, payments)
        for errand in asked:
            for contested in told.get(errand.entity_id, ()):
                invoice, payment = await store.get_with_invoice(tx, errand.entity_id)
                known = await store.find_dispute(tx, contested.told.dispute_id)
                decision = domain.hear_bank(invoice, payment, contested, known, tx.now)
                await store.record(tx, decision)
            if errand.entity_id in told:
                tx.done(errand.name, errand.entity_id)
    if len(told) < len(payments):
        raise Busy("OUTCOME_UNKNOWN", "The gateway has not said what a bank disputes.")


@errands(store.PAY_REFUND)
async def pay_refund(asked: Sequence[Errand], db: Database) -> None:
    """Send the parts of refunds back; each stands for itself, so halfway is no accident."""
    parts = await store.look_up_parts(db, [one.entity_id for one in asked])
    outcomes = await gateway.returned(parts, gateway.chosen())
    known = {id_: one for id_, one in outcomes.items() if not isinstance(one, domain.Unknown)}
    async with db.transaction() as tx:
        await store.lock_parts(tx, list(known))
        for errand in asked:
            if outcome := known.get(errand.entity_id):
                with errand.working():
                    invoice, refund, going = await store.locate(tx, errand.entity_id)
                    decision = domain.conclude_part(refund, invoice, going, outcome, tx.now)
                    await store.record(tx, decision)
    if len(known) < len(outcomes):
        raise Busy("OUTCOME_UNKNOWN", "The gateway has not said what became of a refund.")


@due(store.REMIND)
async def remind_of_balance(invoice_id: UUID, tx: Tx) -> None:
    """A balance that still stands is remembered with a kind word."""
    invoice = await store.get(tx, invoice_id)
    owed, terms = await store.owed(tx, invoice), await store.terms(tx, invoice.clinic_id)
    due, said = await store.due_of(tx, invoice, owed), await store.said_before(tx, invoice_id)
    reminder, again = domain.remind(invoice, domain.Owing(owed, due), said, terms, tx.now)
    store.remember(tx, invoice_id, reminder, again)
