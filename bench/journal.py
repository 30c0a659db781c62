"""`python -m bench.journal`: postings into the journal, through the store, on a real PostgreSQL.

Each transaction settles one batch as the consumer does: invoices locked, payments collected or
sessions recognised, each with its entry, its receipt and its fact.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from chassis import migrate
from chassis.database import Database
from chassis.embedded import embedded, remove
from services.billing import domain, store
from services.billing.domain import Money

OUT = Path(__file__).parent / "out" / "journal.json"
_PRICE = Money(45000)
_CLINICS = [uuid4() for _ in range(8)]


async def main(seconds: float, batch: int, in_flight: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="halcyon-journal-"))
    try:
        with embedded(folder) as servers:
            servers.postgres.create_database("journal")
            url = servers.postgres.url("journal")
            await migrate.upgrade("billing", url)
            db = Database(url)
            try:
                return await measure(db, seconds, batch, in_flight)
            finally:
                await db.close()
    finally:
        remove(folder)


async def measure(db: Database, seconds: float, batch: int, in_flight: int) -> dict[str, Any]:
    await db.tell_time()
    began, until = time.perf_counter(), time.perf_counter() + seconds
    counts = await asyncio.gather(*[_post(db, batch, until) for _ in range(in_flight)])
    took = time.perf_counter() - began
    posted = sum(counts)
    asked = time.perf_counter()
    async with db.read() as tx:
        balances = [await store.trial_balance(tx, clinic) for clinic in _CLINICS]
    sums = [sum(one.amount.minor_units for one in found) for found in balances]
    kept = (await db.fetch("SELECT count(*) FROM journal_entry"))[0][0]
    return {
        "seconds": round(took, 1),
        "entries": posted,
        "entries_per_s": round(posted / took),
        "postings_per_s": round(2 * posted / took),
        "kept": kept,
        "sums": sums,
        "trial_balance_ms": round((time.perf_counter() - asked) / len(_CLINICS) * 1000, 1),
    }


async def _post(db: Database, batch: int, until: float) -> int:
    """One line of work: sell a series, pay it, deliver every session, then the next batch."""
    posted = 0
    while time.perf_counter() < until:
        series = [uuid4() for _ in range(batch)]
        async with db.transaction() as tx:
            for one in series:
                await store.record(tx, domain.issue_for(_need(one), None, _PRICE, tx.now))
        posted += await _collect(db, series)
        for number in range(1, 9):
            posted += await _deliver(db, series, number)
            if time.perf_counter() > until:
                break
    return posted


async def _collect(db: Database, series: list[UUID]) -> int:
    async with db.transaction() as tx:
        await store.load_with_payments(tx, series)
        for one in series:
            invoice, payment = await store.find_with_payment(tx, one)
            assert invoice
            assert payment
            decision = domain.conclude(invoice, payment, domain.Collected(), tx.now)
            await store.record(tx, decision)
    return len(series)


async def _deliver(db: Database, series: list[UUID], number: int) -> int:
    async with db.transaction() as tx:
        deliveries = [_delivery(one, number, tx.now) for one in series]
        await store.load_with_superbills(tx, deliveries)
        for told in deliveries:
            invoice, issued = await store.find_with_superbill(tx, told)
            coding = store.coding(told.running_minutes, told.day)
            await store.record(tx, domain.recognise(told, invoice, issued, coding, tx.now))
    return len(series)


def _need(series: UUID) -> domain.Need:
    return domain.Need(
        series_id=series,
        series_revision=1,
        referral_id=uuid4(),
        patient_id=uuid4(),
        clinic_id=_CLINICS[series.int % len(_CLINICS)],
        session_count=8,
        infusion_minutes=45,
        diagnosis="F33.2",
    )


def _delivery(series: UUID, number: int, now: Any) -> domain.Delivery:
    return domain.Delivery(
        session_id=UUID(int=series.int ^ number),
        session_revision=2,
        series_id=series,
        running_minutes=45,
        given_micrograms=35000,
        service_time=now - timedelta(minutes=number),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--in-flight", type=int, default=4)
    chosen = parser.parse_args()
    found = asyncio.run(main(chosen.seconds, chosen.batch, chosen.in_flight))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2))
    assert found["kept"] == found["entries"]
    assert not any(found["sums"])
