"""A chargeback from its first day to the bank's decision, and the evidence we answer with."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.domain.accounts import Account
from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.dispute import Dispute, DisputeStatus, Evidence, dispute_id
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Status
from services.billing.domain.journal import Entry, Rule, enter, post
from services.billing.domain.money import Money
from services.billing.domain.terms import Terms

_DECIDED = frozenset({DisputeStatus.WON, DisputeStatus.LOST})
_TAKEN = frozenset({PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """What the processor tells us when a bank takes money back."""

    payment_id: UUID
    reference: str
    """The processor's own id of the dispute."""
    reason: str
    amount: Money
    fee: int
    respond_by: datetime

    @property
    def dispute_id(self) -> UUID:
        """One word of the processor, one dispute."""
        return dispute_id(self.payment_id, self.reference)


@dataclass(frozen=True, slots=True)
class Contested:
    """A dispute as the gateway tells it when it is asked."""

    told: Chargeback
    standing: DisputeStatus


def hear_bank(
    invoice: Invoice, payment: Payment, contested: Contested, known: Dispute | None, now: datetime
) -> Decision:
    """What the gateway says of a dispute: opened if it is news, decided if the bank has decided."""
    opened = open_dispute(invoice, payment, contested.told, known, now)
    dispute = next((one for one in opened.kept if isinstance(one, Dispute)), known)
    if dispute is None or dispute.status in _DECIDED or contested.standing not in _DECIDED:
        return opened
    held = opened.invoice or invoice
    decided = decide_dispute(dispute, held, contested.standing, now)
    return replace(decided, entries=(*opened.entries, *decided.entries))


def open_dispute(
    invoice: Invoice, payment: Payment, told: Chargeback, known: Dispute | None, now: datetime
) -> Decision:
    """The bank holds the money from now on; told twice, once in effect."""
    if known is not None:
        return NOTHING
    _check(payment, told)
    amount = told.amount.minor_units
    dispute = Dispute(
        dispute_id=told.dispute_id,
        invoice_id=invoice.invoice_id,
        payment_id=payment.payment_id,
        clinic_id=invoice.clinic_id,
        amount=told.amount,
        fee=told.fee,
        reason=told.reason,
        status=DisputeStatus.NEEDS_RESPONSE,
        respond_by=told.respond_by,
        open_time=now,
        update_time=now,
    )
    entries = [post(Rule.OPEN_DISPUTE, dispute.dispute_id, invoice, amount, now)]
    if told.fee:
        entries.append(post(Rule.DISPUTE_FEE, dispute.dispute_id, invoice, told.fee, now))
    held = invoice._replace(
        disputed=invoice.disputed + amount, turn=invoice.turn + 1, update_time=now
    )
    return Decision(invoice=held, entries=tuple(entries), kept=(dispute,))


def answer(
    dispute: Dispute, evidence: tuple[Evidence, ...], terms: Terms, now: datetime
) -> Decision:
    """Everything the terms ask for and nothing else goes to the bank, once and in time."""
    if dispute.status is DisputeStatus.UNDER_REVIEW and dispute.evidence == evidence:
        return NOTHING
    if dispute.status is not DisputeStatus.NEEDS_RESPONSE:
        raise _wrong_state(dispute)
    if now > dispute.respond_by:
        raise NotAllowed("TOO_LATE", "The bank does not hear us any more.")
    wanted = wanted_evidence(dispute.reason, terms)
    given = [one.kind for one in evidence]
    if faults := _faults(given, wanted):
        raise Invalid("INVALID_EVIDENCE", "This is not the evidence that is needed.", faults)
    return Decision(
        kept=(
            replace(dispute, status=DisputeStatus.UNDER_REVIEW, evidence=evidence, update_time=now),
        )
    )


def wanted_evidence(reason: str, terms: Terms) -> frozenset[str]:
    """The least that answers a dispute of this reason."""
    return terms.evidence.get(reason, terms.evidence["other"])


def decide_dispute(
    dispute: Dispute, invoice: Invoice, outcome: DisputeStatus, now: datetime
) -> Decision:
    """The bank has decided; the same word twice changes nothing, another word is refused."""
    if dispute.status is outcome:
        return NOTHING
    if dispute.status in _DECIDED or outcome not in _DECIDED:
        raise _wrong_state(dispute)
    decided = replace(dispute, status=outcome, update_time=now)
    amount = dispute.amount.minor_units
    freed = invoice._replace(
        disputed=invoice.disputed - amount, turn=invoice.turn + 1, update_time=now
    )
    if outcome is DisputeStatus.WON:
        entry = post(Rule.WIN_DISPUTE, dispute.dispute_id, invoice, amount, now)
        return Decision(invoice=freed, entries=(entry,), kept=(decided,))
    return _lose(decided, freed, now)


def _lose(dispute: Dispute, invoice: Invoice, now: datetime) -> Decision:
    """Whole unused sessions that it paid for go first; the rest was delivered and is lost."""
    amount = dispute.amount.minor_units
    gone = 0
    if invoice.status is Status.PAID and dispute.payment_id == invoice.payment_id:
        whole = range(1, invoice.unused_count + 1)
        gone = sum(invoice.unused_value(count) <= amount for count in whole)
    value = invoice.unused_value(gone)
    lost = invoice._replace(
        refunded_count=invoice.refunded_count + gone,
        returned=invoice.returned + value,
    )
    return Decision(invoice=lost, entries=(_lost(dispute, lost, value, now),), kept=(dispute,))


def _lost(dispute: Dispute, invoice: Invoice, value: int, now: datetime) -> Entry:
    amount = dispute.amount.minor_units
    sides = {
        Account.DEFERRED_REVENUE: value,
        Account.BAD_DEBT: amount - value,
        Account.DISPUTES_RESERVE: -amount,
    }
    return enter(Rule.LOSE_DISPUTE, dispute.dispute_id, invoice, sides, now)


def _check(payment: Payment, told: Chargeback) -> None:
    if payment.status not in _TAKEN:
        raise NotAllowed("WRONG_STATE", "Money that was not taken cannot be disputed.")
    most, code = payment.amount.minor_units, payment.amount.currency_code
    if told.amount.currency_code != code or not 0 < told.amount.minor_units <= most:
        fault = Violation("amount", f"must be from 1 to {most} minor units of {code}")
        raise Invalid("INVALID_DISPUTE", "The payment was not so much.", (fault,))


def _faults(given: list[str], wanted: frozenset[str]) -> tuple[Violation, ...]:
    missing = [Violation("evidence", f"needs {kind}") for kind in sorted(wanted - set(given))]
    too_much = [
        Violation("evidence", f"{kind} is not to be sent") for kind in sorted(set(given) - wanted)
    ]
    twice = [Violation("evidence", "names a kind twice")] if len(given) > len(set(given)) else []
    return tuple(missing + too_much + twice)


def _wrong_state(dispute: Dispute) -> NotAllowed:
    status = {"status": dispute.status.upper()}
    return NotAllowed("WRONG_STATE", "The dispute is not in a state that admits this.", status)
