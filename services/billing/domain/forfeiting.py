"""Sessions that did not happen: fees for short notice, no-shows, and what is never used."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.ids import named
from chassis.refusal import NotAllowed
from services.billing.domain.accounts import Account
from services.billing.domain.balance import Debt
from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.fee import Fee, Missed
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.journal import Rule, enter, post
from services.billing.domain.money import Money
from services.billing.domain.terms import FeeKind, Tariff, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A session that did not happen because of the patient."""

    session_id: UUID
    missed: Missed
    notice: timedelta
    """From telling us to the session's start, by the terms' own hours; nothing for a no-show."""
    fees_before: int
    """Fees let go for this invoice by grace, or charged, before this one."""
    waiver: str = ""


def charge_absence(
    invoice: Invoice, absence: Absence, terms: Terms, known: Fee | None, now: datetime
) -> Decision:
    """The terms decide once for each session; grace comes first, then the tariff."""
    if known is not None:
        return NOTHING
    if absence.waiver and absence.waiver not in terms.waivers:
        raise NotAllowed("WAIVER_UNKNOWN", "The terms know no such waiver.")
    return charge(invoice, _fee(invoice, absence, terms, now), now)


def reverse_fee(invoice: Invoice, fee: Fee, owed: Debt, now: datetime) -> Decision:
    """A correction is a further entry, the opposite of the first.

    One that was paid already pays for sessions now; one that was written off was taken back so.
    """
    if fee.reverse_time:
        return NOTHING
    taken_back = replace(fee, reverse_time=now)
    if not fee.amount:
        return Decision(kept=(taken_back,))
    account = Account.DEFERRED_REVENUE if fee.forfeits else Account.PATIENT_RECEIVABLE
    sold = invoice.status is Status.PAID and invoice.attempt == fee.invoice_attempt
    if fee.forfeits and not sold:
        raise NotAllowed("WRONG_STATE", "The session's money is not here any more.")
    amount = fee.amount.minor_units
    if owed.forgiven if fee.forfeits else owed.waived and owed.fees < amount:
        raise NotAllowed("WRONG_STATE", "What was written off cannot be taken back.")
    sides = {Account.CANCELLATION_FEES: amount, account: -amount}
    left = invoice if fee.forfeits else invoice.after_paying(max(0, owed.owed - amount))
    return Decision(
        invoice=_turned(left, now)._replace(forfeited_count=invoice.forfeited_count - fee.forfeits),
        entries=(enter(Rule.REVERSE_FEE, fee.session_id, invoice, sides, now),),
        kept=(taken_back,),
    )


def expire(invoice: Invoice, paid_at: datetime, terms: Terms, now: datetime) -> Decision:
    """Sessions not used in the terms' time are breakage; money that a bank holds stays as it is."""
    value = invoice.unused_value(invoice.free_count)
    ripe = invoice.status is Status.PAID and terms.expired(paid_at, now)
    if not (ripe and value) or invoice.disputed:
        return NOTHING
    forfeited = invoice.forfeited_count + invoice.free_count
    expired = _turned(invoice, now)._replace(forfeited_count=forfeited)
    cause = named(invoice.payment_id, f"expiry/{invoice.turn}")
    entry = post(Rule.EXPIRE_PACKAGE, cause, invoice, value, now)
    return Decision(invoice=expired, entries=(entry,))


def price_fee(invoice: Invoice, tariff: Tariff, fee: Fee) -> Fee:
    """What the tariff makes of it: a paid session is given up for its fee, or the fee is owed."""
    forfeits = tariff.kind is FeeKind.FORFEIT and _can_forfeit(invoice)
    price = invoice.unit_price
    amount = invoice.unused_value(1) if forfeits else tariff.of(price.minor_units)
    return replace(fee, amount=Money(amount, price.currency_code), forfeits=forfeits)


def free_fee(invoice: Invoice, session_id: UUID, missed: Missed, terms: str, now: datetime) -> Fee:
    """A fee of nothing for a session, until a tariff says more."""
    return Fee(
        session_id=session_id,
        invoice_id=invoice.invoice_id,
        invoice_attempt=invoice.attempt,
        clinic_id=invoice.clinic_id,
        missed=missed,
        notice_minutes=0,
        amount=Money(0, invoice.unit_price.currency_code),
        forfeits=False,
        terms=terms,
        charge_time=now,
    )


def charge(invoice: Invoice, fee: Fee, now: datetime) -> Decision:
    """The fee is kept, and its money moves once for each session and rule."""
    if not fee.amount:
        return Decision(kept=(fee,))
    rule = Rule.FORFEIT_SESSION if fee.forfeits else Rule.CHARGE_FEE
    forfeited = invoice.forfeited_count + fee.forfeits
    charged = _turned(invoice, now)._replace(forfeited_count=forfeited)
    entry = post(rule, fee.session_id, invoice, fee.amount.minor_units, now)
    return Decision(invoice=charged, entries=(entry,), kept=(fee,))


def _fee(invoice: Invoice, absence: Absence, terms: Terms, now: datetime) -> Fee:
    tariff = _tariff(absence, terms)
    waiver = _waiver(absence, tariff, terms)
    free = free_fee(invoice, absence.session_id, absence.missed, terms.label, now)
    minutes = int(absence.notice.total_seconds() // 60)
    free = replace(free, notice_minutes=minutes, waiver=waiver)
    return free if waiver else price_fee(invoice, tariff, free)


def _tariff(absence: Absence, terms: Terms) -> Tariff:
    if absence.missed is Missed.NO_SHOW:
        return terms.no_show
    return terms.fee_for(absence.notice)


def _waiver(absence: Absence, tariff: Tariff, terms: Terms) -> str:
    if absence.waiver or tariff.kind is FeeKind.NONE:
        return absence.waiver
    return "grace" if absence.fees_before < terms.grace_count else ""


def _can_forfeit(invoice: Invoice) -> bool:
    paid = invoice.status is Status.PAID and not invoice.disputed
    return paid and invoice.unused_count > 0


def _turned(invoice: Invoice, now: datetime) -> Invoice:
    return invoice._replace(turn=invoice.turn + 1, update_time=now)
