"""Sessions sold by themselves: a package is paid for first, and covers a part of any schedule."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.ids import named
from chassis.refusal import NotAllowed
from services.billing.domain.book import Package
from services.billing.domain.decision import NOTHING, Decision, PaymentCollected, stating
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Status, invoice_id
from services.billing.domain.issuing import Need, ask, first_invoice
from services.billing.domain.money import Money
from services.billing.domain.paying import Last, called_off, must_be_open

_NO_SERIES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Who buys which package, once for each request, for what kind of session."""

    request_id: UUID
    package: Package
    single_price: Money
    patient_id: UUID
    referral_id: UUID
    clinic_id: UUID
    infusion_minutes: int
    diagnosis: str

    @property
    def schedule_id(self) -> UUID:
        """It stands where a series would: no schedule will ever have this id."""
        return named(self.patient_id, f"package/{self.request_id}")

    @property
    def invoice_id(self) -> UUID:
        """One request, one package."""
        return invoice_id(self.schedule_id)


def sell_package(sale: Sale, known: Invoice | None, now: datetime) -> Decision:
    """Invoiced at once, and asked for; it can be used when it is paid."""
    if known is not None:
        return NOTHING
    need = Need(
        series_id=sale.schedule_id,
        series_revision=_NO_SERIES,
        referral_id=sale.referral_id,
        patient_id=sale.patient_id,
        clinic_id=sale.clinic_id,
        session_count=sale.package.count,
        infusion_minutes=sale.infusion_minutes,
        diagnosis=sale.diagnosis,
    )
    unit = sale.package.unit(sale.single_price.minor_units)
    invoice = first_invoice(need, Money(unit, sale.single_price.currency_code), now)
    return ask(invoice._replace(package_id=invoice.invoice_id), now)


def apply_package(series: Invoice, package: Invoice, last: Last | None, now: datetime) -> Decision:
    """As many sessions as it has are drawn from the package; only the others are to be paid.

    What was asked for the whole series is called off, and the rest is asked for.
    """
    if series.package_id == package.invoice_id:
        return NOTHING
    must_be_open(series)
    _must_fit(series, package)
    assert last is not None, "an open invoice has asked for its payment"
    count = min(package.free_count, series.unused_count)
    covered = series._replace(
        package_id=package.invoice_id,
        covered_count=count,
        session_count=series.session_count - count,
        attempt=series.attempt + 1,
        status=Status.ISSUED,
    )
    begun = ask(covered, now) if covered.session_count else _settle(covered, now)
    return replace(begun, earlier=called_off(last, now))


def promise_to(covered: Decision, package: Invoice, now: datetime) -> Decision:
    """What a series will draw is promised to it, and is nobody else's."""
    if covered.invoice is None:
        return NOTHING
    return _promised(package, covered.invoice.covered_count, now)


def draw(series: Invoice, package: Invoice, now: datetime) -> tuple[Invoice, Invoice]:
    """One session of the schedule is delivered from the package: it is not charged again."""
    drawn = series._replace(
        covered_count=series.covered_count - 1,
        settled_count=series.settled_count + 1,
        update_time=now,
    )
    return drawn, package._replace(covered_count=package.covered_count - 1)


def uncover(series: Invoice, package: Invoice, now: datetime) -> tuple[Decision, Decision]:
    """The series ended: what it did not draw stays in the package for another schedule."""
    left = series._replace(covered_count=0, update_time=now)
    if series.status is Status.PAID and not series.undelivered.minor_units:
        left = left._replace(status=Status.VOID)
    return Decision(invoice=left), _promised(package, -series.covered_count, now)


def _promised(package: Invoice, count: int, now: datetime) -> Decision:
    return Decision(
        invoice=package._replace(covered_count=package.covered_count + count, update_time=now)
    )


def _settle(covered: Invoice, now: datetime) -> Decision:
    """All of it is prepaid: the series is confirmed by a payment of nothing, and no money moves."""
    paid = stating(covered._replace(status=Status.PAID), now)
    nothing = Payment(
        payment_id=paid.payment_id,
        invoice_id=paid.invoice_id,
        attempt=paid.attempt,
        status=PaymentStatus.COLLECTED,
        amount=Money(0, paid.unit_price.currency_code),
        request_time=now,
        update_time=now,
    )
    return Decision(invoice=paid, payment=nothing, events=(PaymentCollected(paid, nothing),))


def _must_fit(series: Invoice, package: Invoice) -> None:
    whose = (package.patient_id, package.clinic_id, package.unit_price.currency_code)
    if not package.is_package or whose != (
        series.patient_id,
        series.clinic_id,
        series.unit_price.currency_code,
    ):
        raise NotAllowed("WRONG_PACKAGE", "This is not a package of this patient at this clinic.")
    if series.is_package or series.package_id or series.receivable:
        raise NotAllowed("WRONG_STATE", "The series is covered already, or owes for sessions.")
    if package.status is not Status.PAID or package.disputed or not package.free_count:
        status = {"status": package.status.upper()}
        raise NotAllowed("PACKAGE_NOT_USABLE", "The package is not paid, or used up.", status)
    if package.infusion_minutes < series.infusion_minutes:
        raise NotAllowed("WRONG_PACKAGE", "The package was sold for shorter sessions.")
