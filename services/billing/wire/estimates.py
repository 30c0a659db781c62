"""Quotes and estimates in the contract's words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from chassis.refusal import Invalid, Violation
from halcyon.billing.v1 import estimate_pb2 as nouns
from halcyon.billing.v1 import estimate_service_pb2 as rpc
from services.billing.domain import Money, book, estimate
from services.billing.domain.profile import is_npi
from services.billing.wire.replies import money
from services.billing.wire.stated import time

_REASONS = {
    estimate.Reason.SCHEDULED: nouns.ESTIMATE_REASON_SCHEDULED,
    estimate.Reason.REQUESTED: nouns.ESTIMATE_REASON_REQUESTED,
    estimate.Reason.CHANGED: nouns.ESTIMATE_REASON_CHANGED,
}
_WAYS: Mapping["nouns.ProvideWay.ValueType", estimate.Way] = {
    nouns.PROVIDE_WAY_PAPER: estimate.Way.PAPER,
    nouns.PROVIDE_WAY_ELECTRONIC: estimate.Way.ELECTRONIC,
    nouns.PROVIDE_WAY_ORAL: estimate.Way.ORAL,
}
_WAY_NUMBERS = {way: number for number, way in _WAYS.items()}
_LEVELS = {
    estimate.Level.WITHIN: nouns.EXCESS_LEVEL_WITHIN,
    estimate.Level.WARNING: nouns.EXCESS_LEVEL_WARNING,
    estimate.Level.STOPPED: nouns.EXCESS_LEVEL_STOPPED,
}
_MAINTENANCE = nouns.SESSION_KIND_MAINTENANCE


def wanted(request: rpc.GetQuoteRequest | rpc.RequestEstimateRequest) -> book.Wanted:
    """What somebody asks the price of."""
    asked = request.infusions
    if not request.HasField("infusions") and not request.items:
        fault = Violation("infusions", "infusions or items must be asked for")
        raise Invalid("UNKNOWN_ITEM", "Nothing is asked for.", (fault,))
    series = book.SessionKind.SERIES
    return book.Wanted(
        care=book.Care(
            condition=asked.indication_code,
            minutes=asked.infusion_minutes,
            milligrams=Decimal(asked.dose_milligrams) if asked.dose_milligrams else None,
            kind=book.SessionKind.MAINTENANCE if asked.kind == _MAINTENANCE else series,
        ),
        sessions=asked.session_count,
        with_packages=asked.packages != nouns.PACKAGE_PREFERENCE_NONE,
        others=tuple((one.item, one.quantity) for one in request.items),
    )


def quote(found: book.Quote) -> nouns.Quote:
    """A quote as callers see it."""
    return nouns.Quote(
        lines=[
            nouns.QuoteLine(
                item=line.item,
                description=line.words,
                quantity=line.quantity,
                unit_price=money(line.unit_price),
                amount=money(line.amount),
                covered_sessions=line.sessions,
                reasons=line.because,
            )
            for line in found.lines
        ],
        total=money(found.total),
        price_book=found.book,
    )


def good_faith_estimate(found: estimate.Estimate) -> nouns.Estimate:
    """An estimate as callers see it."""
    told = nouns.Estimate(
        estimate_id=str(found.estimate_id),
        version=found.version,
        reason=_REASONS[found.reason],
        clinic_id=str(found.clinic_id),
        patient_id=str(found.patient_id),
        referral_id=str(found.referral_id or ""),
        invoice_id=str(found.invoice_id or ""),
        diagnosis_code=found.diagnosis,
        lines=[_line(line, found.currency_code) for line in found.lines],
        total=money(found.total),
        session_count=found.session_count,
        policy=found.policy,
        missing=found.missing,
        clock_time=time(found.clock_time),
        issue_time=time(found.issue_time),
        consented_excess=money(Money(found.consented, found.currency_code)),
    )
    for name, moment in (
        ("first_service_time", found.first_service),
        ("last_service_time", found.last_service),
        ("due_time", found.due_time),
        ("provide_time", found.provide_time),
    ):
        if moment:
            getattr(told, name).CopyFrom(time(moment))
    if found.provide_way:
        told.provide_way = _WAY_NUMBERS[found.provide_way]
    return told


def watches(found: Iterable[estimate.Watch], currency_code: str) -> list[nouns.ExcessWatch]:
    """Every provider's bill beside the estimate."""
    return [
        nouns.ExcessWatch(
            npi=one.npi,
            expected=money(Money(one.expected, currency_code)),
            billed=money(Money(one.billed, currency_code)),
            excess=money(Money(one.excess, currency_code)),
            level=_LEVELS[one.level],
        )
        for one in found
    ]


def charge(found: estimate.Charge) -> nouns.Charge:
    """A charge as callers see it."""
    return nouns.Charge(
        charge_id=str(found.charge_id),
        invoice_id=str(found.invoice_id),
        npi=found.npi,
        item=found.item,
        description=found.words,
        quantity=found.quantity,
        unit_price=money(found.unit_price),
        amount=money(found.amount),
        charge_time=time(found.charge_time),
    )


def way(asked: "nouns.ProvideWay.ValueType") -> estimate.Way:
    """How it reached the patient."""
    return _WAYS[asked]


def shares(request: rpc.UpdateCoProvidersRequest) -> tuple[estimate.Share, ...]:
    """Who else bills; every NPI must have its check digit, every price our currency."""
    faults = [
        Violation(f"shares[{n}].{field}", wanted)
        for n, one in enumerate(request.shares)
        for field, holds, wanted in (
            ("provider.npi", is_npi(one.provider.npi), "the check digit is wrong"),
            ("price.currency_code", one.price.currency_code == "USD", "must be USD"),
        )
        if not holds
    ]
    if faults:
        raise Invalid("INVALID_PROFILE", "A co-provider breaks a rule.", tuple(faults))
    return tuple(_share(one) for one in request.shares)


def _line(line: estimate.Line, currency_code: str) -> nouns.EstimateLine:
    return nouns.EstimateLine(
        npi=line.npi,
        item=line.item,
        description=line.words,
        procedure_codes=line.codes,
        quantity=line.quantity,
        unit_price=money(Money(line.minor_units, currency_code)),
        amount=money(Money(line.amount, currency_code)),
    )


def _share(message: nouns.CoProviderShare) -> estimate.Share:
    return estimate.Share(
        provider=_provider(message.provider),
        item=message.item,
        words=message.description,
        codes=tuple(message.procedure_codes),
        minor_units=message.price.minor_units,
    )


def _provider(message: nouns.BillingProvider) -> estimate.Provider:
    return estimate.Provider(
        name=message.name,
        npi=message.npi,
        tin=message.tin,
        state=message.state_code,
        location=message.location,
    )
