"""Nurses, pharmacists and repeated requests at the same vials at the same time, on PostgreSQL."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth import ALL
from chassis.faults import is_conflict
from chassis.refusal import Refusal
from chassis.testing import House
from halcyon.infusion.v1 import custody_pb2 as nouns
from services.infusion.domain import custody
from services.infusion.tests import custody_examples as ce
from services.infusion.tests import examples as eg
from services.infusion.tests.custody_examples import Cabinet

_MOVED = """
SELECT kind, sum(abs(change) * CASE WHEN reversed_id IS NULL THEN 1 ELSE -1 END) AS moved
FROM custody_entry GROUP BY kind
"""
_SUPPLIED = """
SELECT sum(change)::bigint FROM custody_entry WHERE kind = 'received' AND counterparty = $1
"""
_UNBALANCED = """
SELECT count(*) FROM custody_container JOIN LATERAL (
    SELECT balance FROM custody_entry WHERE custody_entry.container_id =
        custody_container.container_id ORDER BY number DESC LIMIT 1) AS newest ON true
JOIN LATERAL (
    SELECT sum(change) AS summed, min(balance) AS lowest, max(balance) AS highest
    FROM custody_entry WHERE custody_entry.container_id = custody_container.container_id
) AS whole ON true
WHERE balance <> summed OR lowest < 0 OR highest > capacity
"""
_TWICE = """
SELECT count(*) - count(DISTINCT (container_id, cause_id)) FROM custody_entry
"""
_OVERDOSED = """
SELECT count(*) FROM (SELECT -sum(change) AS given FROM custody_entry
    WHERE session_id IS NOT NULL GROUP BY session_id) AS session WHERE given > 35
"""


class Hand:
    """One person who does what the dice say, and repeats a request now and then."""

    def __init__(self, cabinet: Cabinet, dice: random.Random, sessions: Sequence[str]) -> None:
        self.cabinet, self.dice, self.sessions = cabinet, dice, sessions
        self.done, self.refused = 0, 0

    async def work(self, vials: Sequence[str], turns: int) -> None:
        """One move after the other; a refusal is an answer, anything else a failure."""
        for _ in range(turns):
            vial, once = self.dice.choice(vials), {"request_id": str(uuid4())}
            (move,) = self.dice.choices(
                [self._administer, self._waste, self._undo, self._send, self._count],
                weights=[6, 3, 2, 1, 2],
            )
            times = self.dice.choice([1, 1, 2])
            said = await asyncio.gather(*(self._try(move, vial, once) for _ in range(times)))
            self.done += said[0]
            self.refused += not said[0]

    async def _try(
        self, move: Callable[[str, dict[str, str]], Awaitable[Any]], vial: str, once: dict[str, str]
    ) -> bool:
        while True:
            try:
                await move(vial, once)
            except Refusal:
                return False
            except Exception as fault:
                if not is_conflict(fault):
                    raise
            else:
                return True

    async def _administer(self, vial: str, once: dict[str, str]) -> None:
        amount = Decimal(random.Random(once["request_id"]).randint(1, 9_000)) / 1000
        session = random.Random(once["request_id"]).choice(self.sessions)
        await self.cabinet.administer(vial, session, amount, ce.NETWORK, **once)

    async def _waste(self, vial: str, once: dict[str, str]) -> None:
        disposal = await self.cabinet.dispose(vial, 7, ce.NETWORK, **once)
        await self.cabinet.witness(disposal.disposal_id, ce.person("wim", "nurse", clinics=ALL))

    async def _undo(self, vial: str, once: dict[str, str]) -> None:
        entries = (await self.cabinet.get(vial, ce.NETWORK)).entries
        entry = random.Random(once["request_id"]).choice(entries[1:] or entries)
        await self.cabinet.reverse(entry, ce.NETWORK, **once)

    async def _send(self, vial: str, once: dict[str, str]) -> None:
        here = (await self.cabinet.get(vial, ce.NETWORK)).container.dea_number
        there = ce.OTHER_DEA if here == ce.DEA else ce.DEA
        await self.cabinet.transfer(vial, there, ce.NETWORK, **once)

    async def _count(self, vial: str, once: dict[str, str]) -> None:
        found = (await self.cabinet.get(vial, ce.NETWORK)).container
        off = random.Random(once["request_id"]).choice([0, 0, 1])
        counted = await self.cabinet.count(
            {vial: Decimal(found.balance.milligrams) + off},
            ce.NETWORK,
            dea_number=found.dea_number,
            **once,
        )
        for incident in counted.incidents:
            await self.cabinet.resolve(incident.incident_id, "RECONCILED")


@pytest.mark.parametrize("seed", range(3))
async def test_the_ledger_balances_after_any_interleaving(house: House, seed: int) -> None:
    dice, cabinet = random.Random(seed), Cabinet(house)
    await cabinet.open()
    await cabinet.open(ce.OTHER_DEA, eg.CHICAGO, "America/Chicago")
    labels = [f"A-{n}" for n in range(5)]
    await cabinet.receive(*labels)
    vials = [
        str(custody.container_id(dea, ce.KETAMINE, "L1", label))
        for dea in (ce.DEA, ce.DEA, ce.OTHER_DEA)
        for label in labels
    ]
    sessions = [await cabinet.infusing() for _ in range(12)]
    hands = [Hand(cabinet, random.Random(dice.random()), sessions) for _ in range(8)]
    await asyncio.gather(*(hand.work(vials, 20) for hand in hands))
    assert sum(hand.done for hand in hands) > 20
    assert sum(hand.refused for hand in hands) > 5
    for fault in (_UNBALANCED, _TWICE, _OVERDOSED):
        assert await house.count(fault) == 0, fault
    await _adds_up(cabinet)


async def _adds_up(cabinet: Cabinet) -> None:
    """Per container, per registration and in the network, by three roads."""
    moved = {row["kind"]: row["moved"] for row in await cabinet.house.db.fetch(_MOVED)}
    closing = Decimal(0)
    for dea in (ce.DEA, ce.OTHER_DEA):
        reply = await cabinet.balance(dea, ce.NETWORK, page_size=200)
        for one in reply.containers:
            assert _formula(one.balance) == Decimal(one.container.balance.milligrams)
        each = sum(Decimal(one.container.balance.milligrams) for one in reply.containers)
        assert _formula(reply.total) == Decimal(reply.total.closing) == each
        closing += each
    gone = sum(amount for kind, amount in moved.items() if kind not in ("received", "opening"))
    assert closing == moved["received"] - gone
    supplied = await cabinet.house.count(_SUPPLIED, ce.SUPPLIER)
    assert moved["received"] - moved.get("transferred", 0) == supplied > 0


def _formula(of: nouns.CustodyBalance) -> Decimal:
    came = Decimal(of.opening) + Decimal(of.received)
    went = (of.administered, of.wasted, of.transferred, of.destroyed, of.lost)
    assert came - sum(map(Decimal, went)) == Decimal(of.closing)
    return came - sum(map(Decimal, went))
