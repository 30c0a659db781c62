"""How far a bill is from its estimate, provider by provider: a warning first, then a stop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.ids import named
from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.domain.book import Item
from services.billing.domain.estimate.estimate import Estimate, Line, Way
from services.billing.domain.estimate.policy import Policy
from services.billing.domain.invoice import Invoice
from services.billing.domain.money import Money


class Level(StrEnum):
    """What an excess means; each begins at its own number, the number included."""

    WITHIN = "within"
    WARNING = "warning"
    STOPPED = "stopped"
    """The patient could dispute it: a new estimate or the patient's consent comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Something billed besides the sessions of an invoice; never edited."""

    charge_id: UUID
    invoice_id: UUID
    clinic_id: UUID
    npi: str
    item: str
    words: str
    codes: tuple[str, ...]
    quantity: int
    unit_price: Money
    estimate_version: int
    """The version it was judged by."""
    request_id: UUID
    charge_time: datetime

    @property
    def amount(self) -> Money:
        """Quantity times unit price."""
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One provider's bill beside the estimate."""

    npi: str
    expected: int
    billed: int
    level: Level

    @property
    def excess(self) -> int:
        """Minor units billed above the estimate."""
        return self.billed - self.expected


def watch(
    estimate: Estimate, sessions: Money, npi: str, charges: Iterable[Charge], policy: Policy
) -> tuple[Watch, ...]:
    """Every provider of the estimate or the bill; the sessions are billed by the facility."""
    billed: dict[str, int] = {line.npi: 0 for line in estimate.lines}
    billed[npi] = billed.get(npi, 0) + sessions.minor_units
    for charge in charges:
        billed[charge.npi] = billed.get(charge.npi, 0) + charge.amount.minor_units
    return tuple(_of_provider(estimate, npi, amount, policy) for npi, amount in billed.items())


def must_be_within(watches: Sequence[Watch]) -> None:
    """Refuse what would take a bill to where the patient could dispute it."""
    for one in watches:
        if one.level is Level.STOPPED:
            about = {"npi": one.npi, "excess_minor_units": str(one.excess)}
            raise NotAllowed(
                "ESTIMATE_EXCEEDED",
                "The bill would exceed the estimate by too much: a new estimate or the patient's "
                "consent comes first.",
                about,
            )


def provide(estimate: Estimate, way: Way, now: datetime) -> Estimate:
    """It has reached the patient; the first time counts."""
    if estimate.missing:
        about = {"missing": ", ".join(estimate.missing)[:200]}
        raise NotAllowed("ESTIMATE_INCOMPLETE", "Required content is missing.", about)
    if estimate.provide_time or way is Way.ORAL:
        return estimate
    return estimate._replace(provide_time=now, provide_way=way)


def consent(estimate: Estimate, minor_units: int, now: datetime) -> Estimate:
    """The patient agrees to so much above the estimate, for each provider."""
    if minor_units <= estimate.consented:
        return estimate
    return estimate._replace(consented=minor_units, consent_time=now)


def line_of(item: Item, quantity: int, npi: str) -> Line:
    """An item of the price book as a line of an estimate or a bill."""
    if not item.price:
        wanted = (Violation("item", "infusions are billed with their series"),)
        raise Invalid("UNKNOWN_ITEM", "The price book has no price of its own for it.", wanted)
    return Line(
        npi=npi,
        item=item.item,
        words=item.words,
        codes=item.codes,
        quantity=quantity,
        minor_units=item.price,
    )


def charge_of(
    line: Line, invoice: Invoice, request_id: UUID, estimate_version: int, now: datetime
) -> Charge:
    """A line that is billed beside an invoice, once for each request."""
    return Charge(
        charge_id=charge_id(invoice.invoice_id, request_id),
        invoice_id=invoice.invoice_id,
        clinic_id=invoice.clinic_id,
        npi=line.npi,
        item=line.item,
        words=line.words,
        codes=line.codes,
        quantity=line.quantity,
        unit_price=Money(line.minor_units, invoice.unit_price.currency_code),
        estimate_version=estimate_version,
        request_id=request_id,
        charge_time=now,
    )


def must_be_of(estimate: Estimate, patient_id: UUID) -> None:
    """Another patient's name does not belong on it."""
    if patient_id != estimate.patient_id:
        wanted = (Violation("patient.patient_id", "must be the patient of the estimate"),)
        raise Invalid("INVALID_PAPER", "The estimate is another patient's.", wanted)


def charge_id(invoice_id: UUID, request_id: UUID) -> UUID:
    """One request, one charge."""
    return named(invoice_id, f"charge/{request_id}")


def _of_provider(estimate: Estimate, npi: str, billed: int, policy: Policy) -> Watch:
    expected = estimate.expected(npi)
    excess = billed - expected
    level = Level.WITHIN
    if excess >= policy.warn_minor_units:
        level = Level.WARNING
    if excess >= policy.dispute_minor_units and excess > estimate.consented:
        level = Level.STOPPED
    return Watch(npi=npi, expected=expected, billed=billed, level=level)
