"""What may happen to a patient's money, each as one input that books can hear."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from chassis.refusal import Refusal
from services.billing import domain, packs
from services.billing.domain import Decision, Method, Money, Purpose, Terms, book
from services.billing.tests.books import SERIES_INVOICE, Books, Input
from services.billing.tests.examples import CLINIC, NOW, PATIENT, REFERRAL, SERIES, coding

_AS_IT_CAME = (Method.ONLINE, Purpose.PACKAGE)


def hold(need: domain.Need, price: Money) -> Input:
    def hear(books: Books) -> Sequence[Decision]:
        known, freed, last = books.invoice, tuple[Decision, ...](), books.last
        revised = known is not None and domain.is_revised(need, known)
        if known and (revised or domain.loses_cover(need, known)):
            freed = tuple(_uncovered(books, known))
            known = freed[0].invoice if freed else known
        if known and last and revised:
            asked = domain.Last(last, unsent=False)
            return *freed, domain.reprice(need, known, price, asked, NOW)
        return *freed, domain.issue_for(need, known, price, NOW)

    return hear


def release(news: domain.Release, *, unsent: bool) -> Input:
    """As the handler hears it: back to where it came from, and what a package promised is free."""

    def hear(books: Books) -> Sequence[Decision]:
        invoice, payment = books.invoice, books.last
        by = None
        if payment and (payment.method, payment.purpose) != _AS_IT_CAME:
            cause = uuid5(SERIES, f"release/{invoice.series_revision if invoice else 0}")
            by = books.asking(cause, "halcyon")
        decision = domain.release(news, invoice, payment, NOW, unsent=unsent, by=by)
        if not domain.ends_cover(news, decision):
            return (decision,)
        return (decision, *_uncovered(books, decision.invoice))

    return hear


def _uncovered(books: Books, series: domain.Invoice | None) -> Sequence[Decision]:
    if series is None or not series.covered_count or series.package_id is None:
        return ()
    return domain.uncover(series, books.invoices[series.package_id], NOW)


def gateway_says(payment_id: UUID, outcome: domain.Outcome) -> Input:
    """With receipts issued again, and an instalment that was declined to be tried again."""

    def hear(books: Books) -> Decision:
        payment = books.payments[payment_id]
        invoice = books.invoices[payment.invoice_id]
        owed = domain.payable(invoice, books.debt(invoice.invoice_id)).minor_units
        decision = domain.conclude(invoice, payment, outcome, NOW, owed)
        if decision.payment and domain.was_declined(decision.payment):
            for one in books.plan(invoice):
                if one.key == payment_id:
                    again, _ = domain.ask_later(one, packs.PLANS, NOW)
                    books.instalments[one.payment_id] = again
        return books.with_receipts(decision, invoice)

    return hear


def deliver(told: domain.Delivery, *codes: str) -> Input:
    """From the package as long as the series draws from one."""

    def hear(books: Books) -> Sequence[Decision]:
        series, issued = books.issued, books.superbills.get(told.session_id)
        if issued is not None:
            invoice = books.invoices[issued.invoice_id]
        elif series.covered_count and series.package_id:
            series, invoice = domain.draw(series, books.invoices[series.package_id], NOW)
            drawn = Decision(invoice=series)
            return drawn, domain.recognise(told, invoice, issued, coding(*codes), NOW)
        else:
            invoice = series
        return (domain.recognise(told, invoice, issued, coding(*codes), NOW),)

    return hear


def desk(request_id: UUID, method: domain.Method) -> Input:
    """The whole price over the desk."""

    def hear(books: Books) -> Decision:
        invoice, earlier = books.issued, _asked(books, request_id)
        paid = domain.AtDesk(request_id, method, earlier.amount if earlier else invoice.total)
        last = domain.Last(books.payments[invoice.payment_id], unsent=False)
        decision = domain.pay_at_desk(invoice, last, paid, earlier, NOW)
        return books.with_receipts(decision, invoice)

    return hear


def pay_in_parts(request_id: UUID, share: int, parts: int) -> Input:
    def hear(books: Books) -> Decision:
        invoice, earlier = books.issued, _asked(books, request_id)
        percent = Money(-(-invoice.total.minor_units * share // 100))
        deposit = earlier.amount if earlier else percent
        asked = domain.PlanAsked(request_id, deposit, parts, 14, packs.PLANS[0])
        last = domain.Last(books.payments[invoice.payment_id], unsent=False)
        decision, plan = domain.start_plan(invoice, last, asked, earlier, NOW)
        books.instalments.update({one.payment_id: one for one in plan})
        return decision

    return hear


def falls_due(payment_id: UUID, card: str) -> Input:
    def hear(books: Books) -> Decision:
        one, invoice = books.instalments[payment_id], books.issued
        known, plan = books.payments.get(one.key), books.plan(invoice)
        return domain.ask_instalment(invoice, one, known, one.due_time, plan=plan, card=card)

    return hear


def charge_card(request_id: UUID, card: domain.Card | None, days: int) -> Input:
    """Whatever is due so many days later, from the card on file."""

    def hear(books: Books) -> Decision:
        if _asked(books, request_id):
            return domain.NOTHING
        invoice, now = books.issued, NOW + timedelta(days=days)
        owed = domain.payable(invoice, books.debt(invoice.invoice_id))
        known = [one for one in books.payments.values() if one.invoice_id == invoice.invoice_id]
        due = domain.due(invoice, owed, books.plan(invoice), known, now)
        return domain.charge_balance(invoice, due, card, request_id, now)

    return hear


def clear(request_id: UUID, rule: domain.Rule, share: int) -> Input:
    """A share of what can be cleared: paid at the desk, written off, or given back."""

    def hear(books: Books) -> Decision:
        invoice = books.issued
        owed, cause = (
            books.debt(invoice.invoice_id),
            domain.balance_cause(invoice.invoice_id, request_id),
        )
        known = [one for one in books.journal if (one.cause_id, one.rule) == (cause, rule)]
        amount = Money(-(-domain.most_of(rule, invoice, owed).minor_units // share))
        if known:
            amount = domain.size_of(known[0])
        clearing = domain.Clearing(request_id, rule, amount)
        earlier = domain.Earlier(known[0] if known else None, books.payments.get(cause))
        decision = domain.clear_balance(invoice, owed, clearing, earlier, NOW)
        return books.with_receipts(decision, invoice)

    return hear


def charge_besides(charge_id: UUID, cents: int) -> Input:
    """Something besides the sessions, as the watch on the bill lets it pass."""

    def hear(books: Books) -> Decision:
        if (charge_id, domain.Rule.CHARGE_ITEM) in books.entries:
            return domain.NOTHING
        entry = domain.post(domain.Rule.CHARGE_ITEM, charge_id, books.issued, cents, NOW)
        return Decision(entries=(entry,))

    return hear


def sell(request_id: UUID, count: int, single: Money) -> Input:
    package = book.Package(
        id="pack", item="infusion", count=count, percent_off=10, valid_days=365, source="a test"
    )
    sale = domain.Sale(
        request_id=request_id,
        package=package,
        single_price=single,
        patient_id=PATIENT,
        referral_id=REFERRAL,
        clinic_id=CLINIC,
        infusion_minutes=60,
        diagnosis="",
    )
    return lambda books: domain.sell_package(sale, books.invoices.get(sale.invoice_id), NOW)


def apply(package_id: UUID) -> Input:
    def hear(books: Books) -> Sequence[Decision]:
        series, package = books.issued, books.invoices[package_id]
        found = books.payments.get(series.payment_id)
        last = domain.Last(found, unsent=False) if found else None
        covered = domain.apply_package(series, package, last, NOW)
        return covered, domain.promise_to(covered, package, NOW)

    return hear


def _asked(books: Books, request_id: UUID) -> domain.Payment | None:
    found = (one for one in books.payments.values() if one.request_id == request_id)
    return next(found, None)


def refund(
    request_id: UUID,
    count: int,
    reason: str,
    terms: Terms,
    list_price: Money,
    invoice_id: UUID = SERIES_INVOICE,
) -> Input:
    def ask(books: Books) -> Decision:
        by, invoice = books.asking(request_id, "one", invoice_id), _issued(books, invoice_id)
        if by.refund_id(invoice_id) in books.refunds:
            return domain.NOTHING
        quoted = domain.quote_refund(invoice, list_price, terms, reason, count)
        return domain.request_refund(invoice, quoted, terms, by, NOW)

    return ask


def goodwill(request_id: UUID, session_id: UUID, amount: Money, terms: Terms) -> Input:
    def ask(books: Books) -> Decision:
        if session_id not in books.superbills:
            raise Refusal("SUPERBILL_NOT_FOUND", "")
        bill = books.superbills[session_id]
        by = books.asking(request_id, "one", bill.invoice_id)
        if by.refund_id(bill.invoice_id) in books.refunds:
            return domain.NOTHING
        given = domain.Goodwill(bill, amount, books.on_its_way(bill))
        return domain.request_goodwill(books.invoices[bill.invoice_id], given, terms, by, NOW)

    return ask


def approve(refund_id: UUID, person: str) -> Input:
    def agree(books: Books) -> Decision:
        refund = books.refunds[refund_id]
        return domain.approve(refund, books.invoices[refund.invoice_id], person, NOW)

    return agree


def reject(refund_id: UUID) -> Input:
    return lambda books: domain.reject(books.refunds[refund_id], "two", NOW)


def part_says(refund_id: UUID, payment_id: UUID, outcome: domain.Outcome) -> Input:
    def hear(books: Books) -> Decision:
        refund, going = books.refunds[refund_id], _going(books, refund_id, payment_id)
        invoice = books.invoices[refund.invoice_id]
        return domain.conclude_part(refund, invoice, going, outcome, NOW)

    return hear


def by_hand(refund_id: UUID, payment_id: UUID) -> Input:
    def pay(books: Books) -> Decision:
        refund, going = books.refunds[refund_id], _going(books, refund_id, payment_id)
        return domain.pay_by_hand(refund, books.invoices[refund.invoice_id], going, NOW)

    return pay


def missed(session_id: UUID, kind: domain.Missed, hours: int, terms: Terms) -> Input:
    def charge(books: Books) -> Decision:
        absence = domain.Absence(
            session_id=session_id, missed=kind, notice=timedelta(hours=hours), fees_before=0
        )
        known = books.fees.get(session_id)
        return domain.charge_absence(books.issued, absence, terms, known, NOW)

    return charge


def incurred(session_id: UUID, kind: domain.Missed, tariff: domain.Tariff) -> Input:
    news = domain.Incurred(
        series_id=SERIES,
        session_id=session_id,
        missed=kind,
        tariff=tariff,
        currency_code="USD",
        policy="halcyon-cancellation@1",
    )
    return lambda books: domain.charge_incurred(books.issued, news, books.fees.get(session_id), NOW)


def reverse(session_id: UUID) -> Input:
    def take_back(books: Books) -> Decision:
        fee = books.fees[session_id]
        owed = books.debt(fee.invoice_id)
        decision = domain.reverse_fee(books.issued, fee, owed, NOW)
        return books.with_receipts(decision, books.issued)

    return take_back


def dispute(told: domain.Chargeback) -> Input:
    def hear(books: Books) -> Decision:
        payment, known = books.payments[told.payment_id], books.disputes.get(told.dispute_id)
        return domain.open_dispute(books.invoices[payment.invoice_id], payment, told, known, NOW)

    return hear


def bank_says(dispute_id: UUID, outcome: domain.DisputeStatus) -> Input:
    def hear(books: Books) -> Decision:
        dispute = books.disputes[dispute_id]
        return domain.decide_dispute(dispute, books.invoices[dispute.invoice_id], outcome, NOW)

    return hear


def expire(terms: Terms, invoice_id: UUID) -> Input:
    later = NOW + 2 * terms.expire_after
    return lambda books: domain.expire(_issued(books, invoice_id), NOW, terms, later)


def _issued(books: Books, invoice_id: UUID) -> domain.Invoice:
    return books.issued if invoice_id == SERIES_INVOICE else books.invoices[invoice_id]


def _going(books: Books, refund_id: UUID, payment_id: UUID) -> domain.Going:
    session = books.refunds[refund_id].superbill_id
    bills = {one.superbill_id: one for one in books.superbills.values()}
    return domain.Going(books.payments[payment_id], bills[session] if session else None)
