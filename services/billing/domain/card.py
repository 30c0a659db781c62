"""A card on file: a token of the gateway, the patient's consent, and what may be taken from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.ids import named
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.billing.domain.decision import Decision
from services.billing.domain.invoice import Invoice, Payment, Purpose, apart
from services.billing.domain.money import Money
from services.billing.domain.outcome import Declined, Saved
from services.billing.domain.pricing import Term


class CardStatus(StrEnum):
    """Where a card stands."""

    PENDING = "pending"
    SAVED = "saved"
    REFUSED = "refused"
    REMOVING = "removing"
    REMOVED = "removed"


_GONE = frozenset({CardStatus.REFUSED, CardStatus.REMOVING, CardStatus.REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The words that a patient agrees to, and when they are in force."""

    name: str
    version: int
    first: date
    last: date | None
    words: str
    source: str

    @property
    def label(self) -> str:
        """Name and version, as decisions record it."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What we know of a card; its number is never known here."""

    card_id: UUID
    patient_id: UUID
    clinic_id: UUID
    status: CardStatus = CardStatus.PENDING
    token: str
    """What the gateway's page made of it, used once."""
    reference: str = ""
    """What the gateway charges."""
    consent: str
    reason: str = ""
    consent_time: datetime
    update_time: datetime


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a caller asks to be kept, once for each request."""

    request_id: UUID
    token: str
    consent: str


def card_id(invoice: Invoice, request_id: UUID) -> UUID:
    """One request, one card."""
    return named(invoice.patient_id, f"card/{invoice.clinic_id}/{request_id}")


def keep_card(
    invoice: Invoice,
    asked: Keeping,
    known: Card | None,
    consents: Sequence[Consent],
    now: datetime,
) -> Card:
    """With the consent in force, or not at all; the same request again is the same card."""
    if known is not None:
        if (known.token, known.consent) != (asked.token, asked.consent):
            raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another card.")
        return known
    in_force = [one for one in consents if Term(one.first, one.last).covers(now.date())]
    newest = max(in_force, key=lambda one: one.version, default=None)
    if newest is None or asked.consent != newest.label:
        wanted = f"must be {newest.label}" if newest else "no words are in force"
        raise Invalid("CONSENT_MISSING", "Not these words.", (Violation("consent", wanted),))
    return Card(
        card_id=card_id(invoice, asked.request_id),
        patient_id=invoice.patient_id,
        clinic_id=invoice.clinic_id,
        token=asked.token,
        consent=asked.consent,
        consent_time=now,
        update_time=now,
    )


def conclude_card(card: Card, outcome: Saved | Declined, now: datetime) -> Card:
    """The gateway keeps it, or says why not; one removed meanwhile is forgotten under its name."""
    if isinstance(outcome, Declined):
        done = CardStatus.REFUSED if card.status is CardStatus.PENDING else CardStatus.REMOVED
        return replace(card, status=done, reason=outcome.reason, update_time=now)
    status = CardStatus.SAVED if card.status is CardStatus.PENDING else card.status
    return replace(card, status=status, reference=outcome.reference, update_time=now)


def remove_card(card: Card, now: datetime) -> Card:
    """From now on nothing is taken from it; what was asked for already may still come."""
    return (
        card if card.status in _GONE else replace(card, status=CardStatus.REMOVING, update_time=now)
    )


def forgotten(card: Card, now: datetime) -> Card:
    """The gateway has forgotten it, and so do we."""
    return replace(card, status=CardStatus.REMOVED, token="", reference="", update_time=now)


def charge_balance(
    invoice: Invoice, due: Money, card: Card | None, request_id: UUID, now: datetime
) -> Decision:
    """All that is due now, fees with it, from the card on file."""
    if card is None:
        raise NotAllowed("NO_CARD", "No card of this patient is on file at this clinic.")
    if due.minor_units <= 0:
        raise NotAllowed("NOTHING_OWED", "Nothing is due for this invoice now.")
    payment_id = named(invoice.invoice_id, f"card/{request_id}")
    payment = Payment(
        payment_id=payment_id,
        invoice_id=invoice.invoice_id,
        attempt=apart(payment_id),
        amount=due,
        purpose=Purpose.BALANCE,
        card=card.reference,
        request_id=request_id,
        request_time=now,
        update_time=now,
    )
    return Decision(payment=payment)


def must_be_of_card(asked: Payment) -> None:
    """A call's id that paid in another way cannot charge a card as well."""
    if not asked.card:
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another payment.")
