"""The rules of money, one table each; no I/O."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID, uuid4, uuid5

import pytest

from chassis.refusal import Invalid, NotAllowed, NotFound
from services.billing import domain, packs
from services.billing.domain import (
    NOTHING,
    ActionNeeded,
    Cancelled,
    Collected,
    Decision,
    Declined,
    Invoice,
    Money,
    NeverAsked,
    Outcome,
    Payment,
    PaymentStatus,
    PriceList,
    Refunded,
    Rule,
    Status,
    Superbill,
    Term,
    Unknown,
)
from services.billing.tests.examples import (
    LATER,
    NOW,
    PRICE,
    SERIES,
    coding,
    delivery,
    need,
    release,
)

UNIT, TOTAL = 45000, 360000


def issued(session_count: int = 8) -> tuple[Invoice, Payment]:
    return both(domain.issue_for(need(session_count=session_count), None, PRICE, NOW))


def paid() -> tuple[Invoice, Payment]:
    return both(domain.conclude(*issued(), Collected(), NOW))


def failed() -> tuple[Invoice, Payment]:
    return both(domain.conclude(*issued(), Declined("card_declined"), NOW))


def void() -> tuple[Invoice, Payment]:
    return both(domain.release(release(), *issued(), NOW, unsent=False))


def refund_pending() -> tuple[Invoice, Payment]:
    return both(domain.release(release("paid_too_late"), *paid(), NOW, unsent=False))


def refunded() -> tuple[Invoice, Payment]:
    return both(domain.conclude(*refund_pending(), Refunded(), NOW))


IN_STATUS = {
    Status.ISSUED: issued,
    Status.PAID: paid,
    Status.PAYMENT_FAILED: failed,
    Status.VOID: void,
    Status.REFUND_PENDING: refund_pending,
    Status.REFUNDED: refunded,
}


def both(decision: Decision) -> tuple[Invoice, Payment]:
    assert decision.invoice
    assert decision.payment
    return decision.invoice, decision.payment


def names(decision: Decision) -> list[str]:
    return [type(event).__name__ for event in decision.events]


def posted(decision: Decision) -> dict[tuple[Rule, int], int]:
    return {
        (entry.rule, posting.account): posting.amount.minor_units
        for entry in decision.entries
        for posting in entry.postings
    }


@pytest.mark.parametrize("status", Status)
def test_each_status_is_reached(status: Status) -> None:
    invoice, _ = IN_STATUS[status]()
    assert invoice.status is status


def test_ids_follow_from_the_series() -> None:
    invoice, payment = issued()
    assert invoice.invoice_id == uuid5(SERIES, "invoice")
    assert invoice.estimate_id == uuid5(invoice.invoice_id, "estimate")
    assert payment.payment_id == uuid5(invoice.invoice_id, "payment/1")


def test_an_invoice_is_the_sum_of_its_lines() -> None:
    invoice, payment = issued()
    (line,) = invoice.lines
    assert (line.description, line.quantity) == ("Ketamine infusion, 45 minutes", 8)
    assert line.amount == invoice.total == payment.amount == Money(TOTAL)


@pytest.mark.parametrize(
    ("status", "facts"),
    [
        (Status.ISSUED, []),
        (Status.PAID, []),
        (Status.PAYMENT_FAILED, ["EstimateIssued", "PaymentRequested"]),
        (Status.VOID, ["EstimateIssued", "PaymentRequested"]),
        (Status.REFUND_PENDING, ["EstimateIssued", "PaymentRequested"]),
        (Status.REFUNDED, ["EstimateIssued", "PaymentRequested"]),
    ],
)
def test_held_again(status: Status, facts: list[str]) -> None:
    invoice, payment = IN_STATUS[status]()
    decision = domain.issue_for(need(series_revision=9), invoice, Money(50000), LATER)
    assert names(decision) == facts
    assert decision.invoice
    assert decision.invoice.series_revision == 9
    if facts:
        asked = decision.payment
        assert asked
        assert (asked.attempt, asked.amount) == (2, Money(400000))
        assert asked.payment_id != payment.payment_id
        assert decision.invoice.status is Status.ISSUED
        assert [event.invoice.revision - invoice.revision for event in decision.events] == [1, 2]


@pytest.mark.parametrize("status", Status)
def test_news_that_is_not_newer_changes_nothing(status: Status) -> None:
    invoice, payment = IN_STATUS[status]()
    known = invoice._replace(series_revision=5)
    assert domain.issue_for(need(series_revision=5), known, PRICE, LATER) == NOTHING
    for reason in ("hold_expired", "payment_failed", "referral_cancelled", "paid_too_late"):
        news = release(reason, series_revision=5)
        assert domain.release(news, known, payment, LATER, unsent=False) == NOTHING


@pytest.mark.parametrize(
    ("before", "reason", "after"),
    [
        (Status.ISSUED, "hold_expired", Status.VOID),
        (Status.ISSUED, "referral_cancelled", Status.VOID),
        (Status.ISSUED, "payment_failed", Status.ISSUED),
        (Status.PAYMENT_FAILED, "payment_failed", Status.PAYMENT_FAILED),
        (Status.PAYMENT_FAILED, "referral_cancelled", Status.VOID),
        (Status.PAID, "hold_expired", Status.PAID),
        (Status.PAID, "payment_failed", Status.PAID),
        (Status.PAID, "paid_too_late", Status.REFUND_PENDING),
        (Status.PAID, "referral_cancelled", Status.REFUND_PENDING),
        (Status.VOID, "referral_cancelled", Status.VOID),
        (Status.REFUND_PENDING, "paid_too_late", Status.REFUND_PENDING),
        (Status.REFUNDED, "referral_cancelled", Status.REFUNDED),
    ],
)
def test_released(before: Status, reason: str, after: Status) -> None:
    news = release(reason, series_revision=9)
    decision = domain.release(news, *IN_STATUS[before](), LATER, unsent=False)
    assert decision.invoice
    assert decision.invoice.status is after
    assert decision.invoice.series_revision == 9
    assert decision.events == ()


@pytest.mark.parametrize(
    ("unsent", "status"), [(True, PaymentStatus.CANCELLED), (False, PaymentStatus.CANCELLING)]
)
def test_a_void_payment_is_called_off(unsent: bool, status: PaymentStatus) -> None:
    decision = domain.release(release(), *issued(), LATER, unsent=unsent)
    assert both(decision)[1].status is status


def test_a_release_heard_first_closes_the_series_for_the_older_hold() -> None:
    decision = domain.release(release(), None, None, NOW, unsent=False)
    closed = decision.invoice
    assert closed
    assert (closed.status, closed.revision, closed.total) == (Status.VOID, 0, Money(0))
    assert domain.issue_for(need(series_revision=1), closed, PRICE, LATER) == NOTHING
    opened = domain.issue_for(need(series_revision=3), closed, PRICE, LATER)
    first = domain.issue_for(need(series_revision=3), None, PRICE, LATER)
    assert opened == first


@pytest.mark.parametrize(
    ("start", "outcome", "invoice_status", "payment_status", "facts"),
    [
        (issued, Collected(), Status.PAID, PaymentStatus.COLLECTED, ["PaymentCollected"]),
        (issued, Declined("x"), Status.PAYMENT_FAILED, PaymentStatus.FAILED, ["PaymentFailed"]),
        (issued, Cancelled(), Status.PAYMENT_FAILED, PaymentStatus.CANCELLED, ["PaymentFailed"]),
        (void, Collected(), Status.PAID, PaymentStatus.COLLECTED, ["PaymentCollected"]),
        (void, Declined("x"), Status.VOID, PaymentStatus.FAILED, []),
        (void, Cancelled(), Status.VOID, PaymentStatus.CANCELLED, []),
        (refund_pending, Refunded(), Status.REFUNDED, PaymentStatus.REFUNDED, ["PaymentRefunded"]),
    ],
)
def test_concluded(
    start: Callable[[], tuple[Invoice, Payment]],
    outcome: Outcome,
    invoice_status: Status,
    payment_status: PaymentStatus,
    facts: list[str],
) -> None:
    invoice, payment = start()
    decision = domain.conclude(invoice, payment, outcome, LATER)
    assert (decision.invoice or invoice).status is invoice_status
    assert decision.payment
    assert decision.payment.status is payment_status
    assert names(decision) == facts
    again = domain.conclude(decision.invoice or invoice, decision.payment, outcome, LATER)
    assert again == NOTHING


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    "outcome",
    [
        Unknown(),
        NeverAsked(),
        ActionNeeded("a"),
        Collected(),
        Declined("x"),
        Cancelled(),
        Refunded(),
    ],
)
def test_an_answer_that_does_not_fit_changes_nothing(status: Status, outcome: Outcome) -> None:
    invoice, payment = IN_STATUS[status]()
    decision = domain.conclude(invoice, payment, outcome, LATER)
    waiting = (PaymentStatus.PENDING, PaymentStatus.CANCELLING)
    match outcome:
        case Unknown() | ActionNeeded():
            fits = payment.status is PaymentStatus.PENDING
        case NeverAsked():
            fits = payment.status is PaymentStatus.UNKNOWN
        case Refunded():
            fits = payment.status is PaymentStatus.REFUND_PENDING
        case Declined():
            fits = payment.status in (*waiting, PaymentStatus.REFUND_PENDING)
        case _:
            fits = payment.status in waiting
    assert (decision == NOTHING) is not fits


def test_money_for_an_invoice_issued_again_goes_straight_back() -> None:
    invoice, late = void()
    again, _ = both(domain.issue_for(need(series_revision=3), invoice, PRICE, LATER))
    decision = domain.conclude(again, late, Collected(), LATER)
    assert decision.invoice is None
    assert decision.events == ()
    assert decision.payment
    assert decision.payment.status is PaymentStatus.REFUND_PENDING
    assert decision.payment.refund == TOTAL
    assert posted(decision) == {
        (Rule.SELL_PACKAGE, 1000): TOTAL,
        (Rule.SELL_PACKAGE, 2000): -TOTAL,
        (Rule.REFUND, 2000): TOTAL,
        (Rule.REFUND, 2100): -TOTAL,
    }


def test_a_refund_for_an_invoice_issued_again_leaves_it_issued() -> None:
    invoice, owed = refund_pending()
    again, _ = both(domain.issue_for(need(series_revision=9), invoice, PRICE, LATER))
    decision = domain.conclude(again, owed, Refunded(), LATER)
    assert names(decision) == ["PaymentRefunded"]
    assert decision.invoice
    assert decision.invoice.status is Status.ISSUED


def test_a_failed_payment_is_tried_again_once_a_request() -> None:
    invoice, _ = failed()
    request_id = uuid4()
    decision = domain.retry_payment(invoice, request_id, None, LATER)
    again, payment = both(decision)
    assert names(decision) == ["PaymentRequested"]
    assert (again.status, payment.attempt, payment.request_id) == (Status.ISSUED, 2, request_id)
    assert domain.retry_payment(again, request_id, payment, LATER) == NOTHING


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PAYMENT_FAILED}))
def test_only_a_failed_payment_is_tried_again(status: Status) -> None:
    invoice, _ = IN_STATUS[status]()
    with pytest.raises(NotAllowed) as refused:
        domain.retry_payment(invoice, uuid4(), None, LATER)
    assert refused.value.reason == "WRONG_STATE"


def deliver(
    invoice: Invoice, number: int, issued_before: Superbill | None = None, revision: int = 2
) -> Decision:
    told = delivery(number, revision=revision)
    return domain.recognise(told, invoice, issued_before, coding(), LATER)


def test_every_paid_session_earns_its_part_until_nothing_is_deferred() -> None:
    invoice, _ = paid()
    for number in range(1, 9):
        decision = deliver(invoice, number)
        assert posted(decision) == {
            (Rule.DELIVER_SESSION, 2000): UNIT,
            (Rule.DELIVER_SESSION, 4000): -UNIT,
        }
        assert decision.invoice
        invoice = decision.invoice
        assert invoice.undelivered == Money(TOTAL - number * UNIT)
    beyond = deliver(invoice, 9)
    assert (Rule.DELIVER_UNPAID, 1100) in posted(beyond)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PAID}))
def test_a_session_without_money_in_hand_is_owed(status: Status) -> None:
    invoice, _ = IN_STATUS[status]()
    decision = deliver(invoice, 1)
    assert posted(decision) == {
        (Rule.DELIVER_UNPAID, 1100): UNIT,
        (Rule.DELIVER_UNPAID, 4000): -UNIT,
    }
    assert decision.superbill
    assert decision.superbill.paid == 0


def test_money_that_comes_after_a_delivery_settles_what_is_owed() -> None:
    invoice, payment = issued()
    delivered = deliver(invoice, 1).invoice
    assert delivered
    decision = domain.conclude(delivered, payment, Collected(), LATER)
    assert posted(decision)[Rule.SETTLE_RECEIVABLE, 1100] == -UNIT
    assert decision.invoice
    assert decision.invoice.undelivered == Money(TOTAL - UNIT)


def test_sessions_delivered_before_are_not_charged_again() -> None:
    invoice, payment = paid()
    delivered = deliver(invoice, 1).invoice
    assert delivered
    pending, owed = both(
        domain.release(release("paid_too_late"), delivered, payment, NOW, unsent=False)
    )
    assert owed.refund == TOTAL - UNIT
    again, asked = both(domain.issue_for(need(series_revision=9), pending, PRICE, LATER))
    assert (again.session_count, again.settled_count, asked.amount) == (7, 1, Money(7 * UNIT))
    nothing_left = pending._replace(delivered_count=8)
    decision = domain.issue_for(need(series_revision=9), nothing_left, PRICE, LATER)
    assert decision.payment is None


def test_a_session_told_twice_is_billed_once_unless_corrected() -> None:
    invoice, _ = paid()
    first = deliver(invoice, 1)
    assert first.invoice
    assert deliver(first.invoice, 1, first.superbill) == NOTHING
    assert deliver(first.invoice, 1, first.superbill, revision=3) == NOTHING
    told = delivery(1, minutes=10, revision=3)
    corrected = domain.recognise(told, first.invoice, first.superbill, coding("96374"), LATER)
    assert corrected.superbill
    assert corrected.superbill.version == 2
    assert corrected.entries == ()
    assert names(corrected) == ["SuperbillIssued"]


@pytest.mark.parametrize(
    ("minutes", "codes"),
    [
        (0, ["96374", "J3490"]),
        (15, ["96374", "J3490"]),
        (16, ["96365", "J3490"]),
        (40, ["96365", "J3490"]),
        (60, ["96365", "J3490"]),
        (90, ["96365", "J3490"]),
        (91, ["96365", "96366", "J3490"]),
        (120, ["96365", "96366", "J3490"]),
        (150, ["96365", "96366", "J3490"]),
        (151, ["96365", "96366", "96366", "J3490"]),
        (210, ["96365", "96366", "96366", "J3490"]),
        (211, ["96365", "96366", "96366", "96366", "J3490"]),
    ],
)
def test_procedure_codes(minutes: int, codes: list[str]) -> None:
    assert list(domain.procedure_codes(packs.CODES, minutes, NOW.date())) == codes


def test_a_code_is_used_only_while_it_is_in_force() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    rules = (domain.CodeRule("A", term), domain.CodeRule("B", Term(date(2027, 1, 1))))
    assert domain.procedure_codes(rules, 45, date(2025, 12, 31)) == ()
    assert domain.procedure_codes(rules, 45, date(2026, 12, 31)) == ("A",)
    assert domain.procedure_codes(rules, 45, date(2027, 1, 1)) == ("B",)


@pytest.mark.parametrize(
    ("price", "fields"),
    [
        (Money(40000), []),
        (Money(200000), []),
        (Money(39999), ["price.infusion_price.minor_units"]),
        (Money(200001), ["price.infusion_price.minor_units"]),
        (Money(45000, "EUR"), ["price.infusion_price.currency_code"]),
        (
            Money(1, "EUR"),
            ["price.infusion_price.currency_code", "price.infusion_price.minor_units"],
        ),
    ],
)
def test_a_price_stays_within_the_list(price: Money, fields: list[str]) -> None:
    allowed = domain.price_list(packs.PRICE_LISTS, NOW.date())
    if not fields:
        domain.check_price(price, allowed)
        return
    with pytest.raises(Invalid) as refused:
        domain.check_price(price, allowed)
    assert refused.value.reason == "INVALID_PRICE"
    assert [fault.field for fault in refused.value.violations] == fields


def test_a_day_without_a_price_list_has_no_price() -> None:
    lists = (PriceList(Term(date(2026, 1, 1)), PRICE, PRICE, PRICE, "a test"),)
    with pytest.raises(NotFound) as refused:
        domain.price_list(lists, datetime(2025, 1, 1, tzinfo=UTC).date())
    assert refused.value.reason == "PRICE_NOT_FOUND"


@pytest.mark.parametrize(("total", "count"), [(100, 3), (360000, 8), (7, 7), (5, 8), (0, 1)])
def test_the_last_part_takes_the_remainder(total: int, count: int) -> None:
    parts = [Money(total).part(number, count).minor_units for number in range(1, count + 1)]
    assert sum(parts) == total
    assert len(set(parts[:-1])) <= 1
    assert Money(total).after(count, count) == Money(0)


def test_postings_name_their_accounts() -> None:
    decision = domain.conclude(*issued(), Collected(), NOW)
    titles = [posting.title for entry in decision.entries for posting in entry.postings]
    assert titles == ["1000 Processor clearing", "2000 Deferred revenue - packages"]


def test_nobody_is_named_before_a_patient_is_known() -> None:
    closed = domain.release(release(), None, None, NOW, unsent=False).invoice
    assert closed
    assert closed.patient_id == UUID(int=0)
