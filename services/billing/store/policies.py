"""Which terms hold for a clinic, and how long before a session it was told."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Tx
from chassis.plans import made
from services.billing import domain, packs
from services.billing.packs import claims, policies
from services.billing.store.ledger_rows import ClinicTermsRow
from services.billing.store.prices import desk, list_price


async def terms(tx: Tx, clinic_id: UUID) -> domain.Terms:
    """The clinic's own choice, else the default, in the version of today."""
    row = await tx.find(ClinicTermsRow, clinic_id)
    return policies.terms(tx.now.date(), row.terms_name if row else policies.DEFAULT)


async def kept_of(
    tx: Tx, news: domain.Release, invoice: domain.Invoice | None
) -> domain.RefundQuote | None:
    """What the clinic's terms keep when a series ends for good; mostly nothing."""
    if invoice is None or not domain.may_cost(news, invoice):
        return None
    accepted = await terms(tx, invoice.clinic_id)
    single = await list_price(tx, invoice)
    quoted = domain.quote_refund(invoice, single, accepted, news.reason, 0)
    return quoted if quoted.kept else None


def claim_table(day: date) -> domain.ClaimTable:
    """How charges of a day of service are told."""
    return claims.claim_table(day)


def coding(running_minutes: int, day: date) -> domain.Coding:
    """The codes of a session and the table of its day."""
    codes = domain.procedure_codes(packs.CODES, running_minutes, day)
    return domain.Coding(codes, claim_table(day))


async def set_terms(tx: Tx, clinic_id: UUID, name: str) -> domain.Terms:
    """What the clinic's patients accept from now on."""
    chosen = policies.terms(tx.now.date(), name)
    await tx.find(ClinicTermsRow, clinic_id)
    tx.put(
        made(
            ClinicTermsRow,
            clinic_id=clinic_id,
            terms_name=name,
            update_time=tx.now,
        )
    )
    return chosen


async def notice(
    tx: Tx, clinic_id: UUID, by: domain.Terms, told: datetime, start: datetime
) -> timedelta:
    """By the hours of the terms."""
    if not by.business_hours:
        return domain.calendar_notice(told, start)
    zone, calendar = ZoneInfo((await desk(tx, clinic_id)).zone), packs.CALENDAR
    return domain.business_notice(told, start, zone, calendar.is_business_day)
