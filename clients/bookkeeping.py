"""What staff do with the books, as calls of the SDK."""

from collections.abc import Sequence
from datetime import datetime

from clients.sdk import Halcyon
from halcyon.billing.v1 import ledger_service_pb2 as rpc
from halcyon.billing.v1.billing_pb2 import JournalEntry
from halcyon.billing.v1.billing_service_pb2 import ListJournalEntriesRequest
from halcyon.billing.v1.ledger_pb2 import ClosedPeriod


async def close(clerk: Halcyon, clinic_id: str, until: datetime) -> ClosedPeriod:
    """Nothing can be posted before this moment any more."""
    request = rpc.ClosePeriodRequest(clinic_id=clinic_id)
    request.until_time.FromDatetime(until)
    return (await clerk.ledger.ClosePeriod(request)).period


async def closed_periods(clerk: Halcyon, clinic_id: str) -> Sequence[ClosedPeriod]:
    """The closed periods of a clinic, the newest first."""
    request = rpc.ListClosedPeriodsRequest(clinic_id=clinic_id)
    return (await clerk.ledger.ListClosedPeriods(request)).periods


async def pay_out(clerk: Halcyon, request: rpc.RecordPayoutRequest) -> JournalEntry:
    """The processor has paid; the same reference again is the same payout."""
    return (await clerk.ledger.RecordPayout(request)).entry


async def journal_of(clerk: Halcyon, invoice_id: str) -> list[JournalEntry]:
    """Every entry of an invoice, in order of posting."""
    found, request = list[JournalEntry](), ListJournalEntriesRequest(invoice_id=invoice_id)
    while True:
        page = await clerk.billing.ListJournalEntries(request)
        found += page.entries
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token
