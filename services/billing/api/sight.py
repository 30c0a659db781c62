"""What a caller may see: only what belongs to a clinic of theirs."""

from collections.abc import Collection
from uuid import UUID

from chassis.auth import ALL, caller
from chassis.refusal import NotFound
from services.billing import domain, store
from services.billing.domain import estimate


def visible(invoice: domain.Invoice, otherwise: NotFound | None = None) -> domain.Invoice:
    """An invoice of a clinic out of the caller's scope does not exist for the caller.

    Asked for by something of its own, it is that which does not exist.
    """
    if not caller().sees(invoice.clinic_id):
        raise otherwise or store.no_invoice()
    return invoice


def visible_estimate(found: estimate.Estimate) -> estimate.Estimate:
    """Nor does an estimate."""
    if not caller().sees(found.clinic_id):
        raise store.no_estimate()
    return found


def clinics_asked_for(asked: UUID | None) -> Collection[UUID] | None:
    """The clinics to list: the one asked for, else all the caller sees; None for no limit."""
    if asked is not None:
        return [asked] if caller().sees(asked) else []
    scope = caller().clinics
    return None if scope is ALL else scope
