"""An invoice pays for one series; each try to collect it is a payment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from chassis.ids import named
from services.billing.domain.money import Money

_APART = 1_000_000_000
"""Where the numbers of payments begin that are no tries at the whole price."""


class Status(StrEnum):
    """Where an invoice stands."""

    ISSUED = "issued"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    VOID = "void"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


class PaymentStatus(StrEnum):
    """Where one payment stands."""

    PENDING = "pending"
    """Asked for: it may be on its way to the gateway, or there already."""
    UNKNOWN = "unknown"
    """The gateway did not answer: it is asked what happened, and nothing else, until it says."""
    ACTION_NEEDED = "action_needed"
    """The payer must act before the gateway can take the money."""
    CANCELLING = "cancelling"
    """No longer wanted, but it may be at the gateway already: only the gateway knows."""
    COLLECTED = "collected"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


class Method(StrEnum):
    """How a payment came."""

    ONLINE = "online"
    CASH = "cash"
    CARD_TERMINAL = "card_terminal"


class Purpose(StrEnum):
    """What a payment is for."""

    PACKAGE = "package"
    DEPOSIT = "deposit"
    """It confirms the series; the rest of the price is owed."""
    INSTALMENT = "instalment"
    BALANCE = "balance"
    """What is owed besides, such as fees."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is charged, in plain words."""

    description: str
    quantity: int
    unit_price: Money

    @property
    def amount(self) -> Money:
        """Quantity times unit price."""
        return self.unit_price.times(self.quantity)


# A flow makes them anew at each step: as tuples, in a third of a frozen dataclass's time.
class Invoice(NamedTuple):
    """An upfront invoice for one series, with its good-faith estimate."""

    invoice_id: UUID
    status: Status
    series_id: UUID
    series_revision: int
    """The newest word of the series that we know of; older words are ignored."""
    referral_id: UUID
    patient_id: UUID
    clinic_id: UUID
    attempt: int
    """The payment asked for last: the only one that can pay this invoice."""
    unit_price: Money
    infusion_minutes: int
    session_count: int
    issue_time: datetime
    update_time: datetime
    revision: int = 0
    delivered_count: int = 0
    settled_count: int = 0
    """Sessions delivered before this invoice was issued again: not charged a second time."""
    refunded_count: int = 0
    """Sessions of it that were given up and paid back: they will not be delivered."""
    forfeited_count: int = 0
    """Sessions of it that were missed too late, or not used in time."""
    returned: int = 0
    """Minor units that went back, or are on their way, for sessions given up."""
    diagnosis: str = ""
    """ICD-10-CM code of what is treated."""
    is_restricted: bool = False
    """The patient paid in full and asked that no payer is told: HIPAA's self-pay restriction."""
    turn: int = 0
    """How often its money was moved by refunds, fees, expiry and disputes."""
    disputed: int = 0
    """Minor units that banks hold until they have decided."""
    receivable: int = 0
    """Minor units earned here by sessions delivered before the money came."""
    outstanding: int = 0
    """Minor units of the price that a plan leaves to later instalments."""
    package_id: UUID | None = None
    """The invoice of the prepaid package that sessions are drawn from; its own id for a package."""
    covered_count: int = 0
    """Sessions still to be drawn from it; of a package, those promised to series."""

    @property
    def is_package(self) -> bool:
        """Sessions sold by themselves, for whatever schedule there will be."""
        return self.package_id == self.invoice_id

    @property
    def free_count(self) -> int:
        """Unused sessions that are not promised to a series."""
        return max(0, self.unused_count - self.covered_count * self.is_package)

    @property
    def estimate_id(self) -> UUID:
        """The estimate issued with it."""
        return estimate_id(self.invoice_id)

    @property
    def payment_id(self) -> UUID:
        """The payment asked for last."""
        return payment_id(self.invoice_id, self.attempt)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is charged."""
        kind = "Prepaid ketamine infusion" if self.is_package else "Ketamine infusion"
        words = f"{kind}, {self.infusion_minutes} minutes"
        return (Line(words, self.session_count, self.unit_price),)

    @property
    def total(self) -> Money:
        """Sum of the lines."""
        return self.unit_price.times(self.session_count)

    @property
    def used_count(self) -> int:
        """Sessions of it that are not to come any more, delivered or not."""
        return self.delivered_count + self.refunded_count + self.forfeited_count

    @property
    def unused_count(self) -> int:
        """The entitlement: sessions still to come."""
        return self.session_count - self.used_count

    @property
    def kept_count(self) -> int:
        """Sessions of the whole series that stand: delivered ones, and those still to come."""
        given_up = self.refunded_count + self.forfeited_count
        return self.settled_count + self.covered_count + self.session_count - given_up

    @property
    def undelivered(self) -> Money:
        """The price of the sessions still to come: once paid, it is not ours yet."""
        return self.total.after(self.used_count, self.session_count)

    def paid_of(self, amount: int) -> int:
        """How much of the next session's price has come: earlier sessions are paid first."""
        earlier = self.total.minor_units - self.undelivered.minor_units
        return max(0, min(amount, self.total.minor_units - self.outstanding - earlier))

    @property
    def is_open(self) -> bool:
        """Whether its price is still asked for as a whole."""
        return self.status in (Status.ISSUED, Status.PAYMENT_FAILED)

    def after_paying(self, left: int) -> "Invoice":
        """With so much left of its balance: later parts of the price are the last to be paid.

        Sessions delivered before an open invoice is paid wait for its price.
        """
        receivable = self.receivable if self.is_open else min(self.receivable, left)
        return self._replace(outstanding=min(self.outstanding, left), receivable=receivable)

    def unused_value(self, count: int) -> int:
        """Minor units of the next so many sessions to come."""
        left = self.total.after(self.used_count + count, self.session_count)
        return self.undelivered.minor_units - left.minor_units


class Payment(NamedTuple):
    """One try to collect; its id is the key that makes the gateway charge once."""

    payment_id: UUID
    invoice_id: UUID
    attempt: int
    amount: Money
    request_time: datetime
    update_time: datetime
    status: PaymentStatus = PaymentStatus.PENDING
    refund: int = 0
    """Minor units to give back, or given back."""
    reason: str = ""
    reference: str = ""
    """The gateway's own name of it."""
    action: str = ""
    """What the payer needs to act: nothing of a person, and gone when the payment ends."""
    method: Method = Method.ONLINE
    purpose: Purpose = Purpose.PACKAGE
    card: str = ""
    """The card on file it is taken from, as the gateway names it."""
    request_id: UUID | None = None
    """The call that asked for it, when a person did."""


@lru_cache(maxsize=1024)
def invoice_id(series_id: UUID) -> UUID:
    """One series, one invoice."""
    return named(series_id, "invoice")


@lru_cache(maxsize=1024)
def estimate_id(invoice: UUID) -> UUID:
    """One series, one estimate, however many versions."""
    return named(invoice, "estimate")


@lru_cache(maxsize=1024)
def payment_id(invoice: UUID, attempt: int) -> UUID:
    """One try, one id."""
    return named(invoice, f"payment/{attempt}")


def apart(payment_id: UUID) -> int:
    """The number of a payment of a balance, far from those of the tries at the whole price."""
    return _APART + payment_id.int % _APART
