"""Receipts by series, what is paid for them, and who bills."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.billing import domain
from services.billing.domain import Profile, Street
from services.billing.store.ledger import debt
from services.billing.store.profile_row import ProfileRow
from services.billing.store.rows import SuperbillRow, superbill_of

_GIVEN_BACK = """
SELECT superbill_id, sum(part.minor_units)::bigint
FROM refund JOIN refund_part AS part USING (refund_id)
WHERE invoice_id = $1 AND superbill_id IS NOT NULL AND part.status = 'paid' GROUP BY superbill_id
"""


async def superbills(tx: Tx, invoice_id: UUID) -> Sequence[domain.Superbill]:
    """The newest version of each receipt of a series, by date of service."""
    query = select(SuperbillRow).where(col(SuperbillRow.invoice_id) == invoice_id)
    found = await tx.rows(query.order_by(col(SuperbillRow.version)))
    newest = {row.superbill_id: superbill_of(row) for row in found}
    return sorted(newest.values(), key=lambda bill: bill.service_time)


async def with_receipts(
    tx: Tx, decision: domain.Decision, invoice: domain.Invoice
) -> domain.Decision:
    """Whatever paid for delivered sessions stands on their receipts in the same commit."""
    if not domain.settled(decision):
        return decision
    found = await superbills(tx, invoice.invoice_id)
    await tx.load(SuperbillRow, [(bill.superbill_id, bill.version + 1) for bill in found])
    back = dict(map(tuple, await tx.driver.fetch(_GIVEN_BACK, invoice.invoice_id)))
    receipts = [domain.Receipted(bill, back.get(bill.superbill_id, 0)) for bill in found]
    owed = await debt(tx, invoice)
    return domain.receipted(decision, invoice, receipts, owed, tx.now)


async def get_profile(tx: Tx, clinic_id: UUID) -> Profile:
    """What is said about a clinic, which must have said it."""
    row = await tx.find(ProfileRow, clinic_id)
    if row is None:
        raise NotFound("PROFILE_NOT_FOUND", "The clinic has no billing profile.")
    street = Street(line=row.line, city=row.city, state=row.state, postal_code=row.postal_code)
    return Profile(
        clinic_id=row.clinic_id,
        legal_name=row.legal_name,
        npi=row.npi,
        tin=row.tin,
        taxonomy=row.taxonomy,
        place_of_service=row.place_of_service,
        time_zone=row.time_zone,
        telephone=row.telephone,
        street=street,
        provider_given_name=row.provider_given_name,
        provider_family_name=row.provider_family_name,
        provider_npi=row.provider_npi,
        provider_taxonomy=row.provider_taxonomy,
        provider_licence=row.provider_licence,
    )


async def set_profile(tx: Tx, profile: Profile) -> None:
    """What is said from now on."""
    await tx.find(ProfileRow, profile.clinic_id)
    tx.put(
        made(
            ProfileRow,
            clinic_id=profile.clinic_id,
            legal_name=profile.legal_name,
            npi=profile.npi,
            tin=profile.tin,
            taxonomy=profile.taxonomy,
            place_of_service=profile.place_of_service,
            time_zone=profile.time_zone,
            telephone=profile.telephone,
            line=profile.street.line,
            city=profile.street.city,
            state=profile.street.state,
            postal_code=profile.street.postal_code,
            provider_given_name=profile.provider_given_name,
            provider_family_name=profile.provider_family_name,
            provider_npi=profile.provider_npi,
            provider_taxonomy=profile.provider_taxonomy,
            provider_licence=profile.provider_licence,
            update_time=tx.now,
        )
    )
