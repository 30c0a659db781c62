"""A clerk's daily work with money from the terminal; what came of it is asked of the service."""

import re
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg

from clients import accounts, bookkeeping, disputing, refunding
from clients.cli.views.words import money, when
from clients.network import Network
from clients.network.seed import SEATTLE
from clients.tests.running import Said
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.billing.v1.ledger_pb2 import Statement
from halcyon.billing.v1.refund_pb2 import DISPUTE_STATUS_WON, Refund, RefundStatus
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


async def a_second_person_decides(said: Said, network: Network, referral_id: str) -> None:
    """A refund above the limit waits; one that the gateway cannot send is paid by hand."""
    waiting = said("refunds", "list", "seattle", "--status", "requested", "--referral", referral_id)
    assert referral_id in waiting
    asked = _id(waiting)
    assert "no such" in said("refunds", "list", "seattle", "--referral", str(uuid4()))
    assert "paid" in said("refunds", "approve", asked)
    agreed = await _refund(network, asked)
    assert agreed.status == RefundStatus.REFUND_STATUS_PAID
    assert agreed.approved_by == "medical_director-dev"
    whole = _bare(money(agreed.amount))
    much = _id(said("refunds", "goodwill", referral_id, "1", whole))
    refused = said("refunds", "approve", much, "--role", "cashier", fails=True)
    assert "SECOND_PERSON_REQUIRED" in refused
    assert "rejected" in said("refunds", "reject", much)
    assert (await _refund(network, much)).status == RefundStatus.REFUND_STATUS_REJECTED
    assert "cents" in said("refunds", "goodwill", referral_id, "1", "20", fails=True)
    stuck = _id(said("refunds", "goodwill", referral_id, "1", "20.07"))
    assert "failed" in said("refunds", "retry", stuck), "the simulator never gives 07 back"
    assert "20.07 USD paid" in said("refunds", "by-hand", stuck)
    assert (await _refund(network, stuck)).status == RefundStatus.REFUND_STATUS_PAID
    assert "no part" in said("refunds", "by-hand", stuck, fails=True)


async def a_balance_is_cleared(said: Said, network: Network, referral_id: str) -> None:
    """One fee is paid in part and written off, others are taken back, paid before or not."""
    await a_fee_paid_and_taken_back_is_given_back(said, network, referral_id)
    told = await _an_hour_before(network, referral_id, 3)
    charged = said("owed", "missed", referral_id, "3", "cancelled", "--told", told)
    assert "the patient owes it" in charged
    owed = money((await _statement(network, referral_id)).owed)
    assert f"fee {owed}" in charged
    await _remind(network, referral_id)
    assert referral_id in (reminded := said("owed", "reminders", "seattle"))
    assert "12.34 USD" in reminded
    left = said("owed", "paid", referral_id, "1.00").partition(", ")[2].split()[0]
    assert "0.00 USD still owed" in said("owed", "write-off", referral_id, left)
    assert not (await _statement(network, referral_id)).owed.minor_units
    assert "ABOVE_BALANCE" in said("owed", "paid", referral_id, "1.00", fails=True)
    assert "--told" in said("owed", "missed", referral_id, "4", "cancelled", fails=True)
    assert "given up" in said("owed", "missed", referral_id, "4", "no_show")
    assert await _forfeited(network, referral_id) == 1
    assert "taken back" in said("owed", "reverse", referral_id, "4")
    assert await _forfeited(network, referral_id) == 0


async def a_fee_paid_and_taken_back_is_given_back(
    said: Said, network: Network, referral_id: str
) -> None:
    told = await _an_hour_before(network, referral_id, 5)
    said("owed", "missed", referral_id, "5", "cancelled", "--told", told)
    fee = money((await _statement(network, referral_id)).owed).split()[0]
    said("owed", "paid", referral_id, fee)
    said("owed", "reverse", referral_id, "5")
    assert (await _statement(network, referral_id)).owed.minor_units < 0
    assert "0.00 USD still owed" in said("owed", "give-back", referral_id, fee)
    assert not (await _statement(network, referral_id)).owed.minor_units


async def the_books_are_kept(said: Said, network: Network, referral_id: str) -> None:
    """The journal is shown whole, a payout counts once, a period is closed for good."""
    invoice = await _invoice(network, referral_id)
    async with network.client("cashier") as clerk:
        entries = await bookkeeping.journal_of(clerk, invoice.invoice_id)
    told = said("books", "journal", referral_id)
    shown = re.findall(r"UTC, (.+?)  ", told)
    assert shown == [entry.rule.replace("_", " ") for entry in entries]
    paid = ("books", "payout", "seattle", "po_1", "500.00")
    for _ in range(2):
        assert "492.50 USD" in said(*paid, "--fee", "7.50")
    assert "REQUEST_ID_REUSED" in said(*paid, "--fee", "7.51", fails=True)
    assert "no period" in said("books", "periods", "seattle")
    assert "--yes" in said("books", "close", "seattle", "2020-01-01", fails=True)
    said("books", "close", "seattle", "2020-01-01", "--yes")
    assert "2020-01-01 00:00" in said("books", "periods", "seattle")
    refused = said("books", "close", "seattle", "2019-01-01", "--yes", fails=True)
    assert "PERIOD_CLOSED" in refused
    async with network.client("cashier") as clerk:
        balances = await accounts.balances_of(clerk, invoice.clinic_id)
        (period,) = await bookkeeping.closed_periods(clerk, invoice.clinic_id)
    assert [one.balance.minor_units for one in balances if one.account[:4] == "5000"] == [750]
    assert when(period.until_time).astimezone(ZoneInfo(SEATTLE.time_zone)).hour == 0


async def a_bank_is_answered(said: Said, network: Network, referral_id: str) -> None:
    """With what is wanted and no less; then it decides."""
    invoice = await _invoice(network, referral_id)
    about = (invoice.payment_id, "dp_1", "fraudulent", "100.00")
    told = said("disputes", "record", *about, "--fee", "15.00", "--respond-by", "2099-01-01T12:00")
    dispute, wanted = _id(told), re.findall(r"UTC: (.+)", told)[0].split(", ")
    assert referral_id in said("disputes", "list", "seattle")
    documents = [f"{kind}={uuid4()}" for kind in wanted]
    refused = said("disputes", "answer", dispute, *documents[1:], fails=True)
    assert "INVALID_EVIDENCE" in refused
    assert "under review" in said("disputes", "answer", dispute, *documents)
    said("disputes", "decide", dispute, "won")
    async with network.client("cashier") as clerk:
        (known,) = await disputing.disputes_of(clerk, invoice.clinic_id)
    assert (known.dispute_id, known.status) == (dispute, DISPUTE_STATUS_WON)
    assert sorted(f"{one.kind}={one.document_id}" for one in known.evidence) == sorted(documents)


def _id(told: str) -> str:
    return str(re.findall(ID, told)[0])


def _bare(amount: str) -> str:
    return amount.split(maxsplit=1)[0].replace(",", "")


async def _refund(network: Network, refund_id: str) -> Refund:
    async with network.client("cashier") as clerk:
        return await refunding.refund_of(clerk, refund_id)


async def _invoice(network: Network, referral_id: str) -> Invoice:
    async with network.client("cashier") as clerk:
        return await accounts.invoice_of(clerk, referral_id)


async def _statement(network: Network, referral_id: str) -> Statement:
    patient_id = (await _invoice(network, referral_id)).patient_id
    async with network.client("cashier") as clerk:
        return await accounts.statement_of(clerk, patient_id)


async def _forfeited(network: Network, referral_id: str) -> int:
    found = await _statement(network, referral_id)
    return sum(one.forfeited_count for one in found.entitlements)


async def _an_hour_before(network: Network, referral_id: str, number: int) -> str:
    """On the clinic's wall clock."""
    invoice = await _invoice(network, referral_id)
    async with network.client("cashier") as clerk:
        request = GetSeriesRequest(series_id=invoice.series_id)
        series = (await clerk.scheduling.GetSeries(request)).series
    (start,) = [when(one.start_time) for one in series.bookings if one.number == number]
    wall = (start - timedelta(hours=1)).astimezone(ZoneInfo(SEATTLE.time_zone))
    return wall.strftime("%Y-%m-%dT%H:%M")


async def _remind(network: Network, referral_id: str) -> None:
    """As if the days of the terms had passed."""
    invoice = await _invoice(network, referral_id)
    line = await asyncpg.connect(
        network.database_url("billing"), server_settings={"halcyon.sees": "*"}
    )
    try:
        await line.execute(
            "INSERT INTO reminder VALUES ($1, 1, $2, $3, 1234, 'USD', now())",
            *(invoice.invoice_id, invoice.clinic_id, invoice.patient_id),
        )
    finally:
        await line.close()
