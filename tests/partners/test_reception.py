"""Partners beside each other, loud, absent or broken: none holds up another."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson
from nats.aio.client import Client

from chassis import pauses
from chassis.accounts import Partner as Place
from chassis.bus import Bus
from chassis.embedded import Servers
from chassis.principal import act_as
from chassis.testing import House, eventually, open_house, somebody
from clients.registrar import Registrar
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral import store
from services.referral.domain import Partner
from services.referral.partners.feed import Feed
from services.referral.partners.reception import Reception, consumers
from services.referral.tests import examples

SUBMIT = rpc.CreateReferralRequest.DESCRIPTOR.full_name


class Town:
    """A house with its reception open, and partners in front of it."""

    def __init__(self, house: House, servers: Servers, reception: Reception, bus: Bus) -> None:
        self.house, self.servers, self.reception, self.bus = house, servers, reception, bus
        self.registrar = Registrar(servers.nats.url, servers.nats.keyring)

    async def admit(self, prefix: str, *, on_broker: bool = True) -> Partner:
        """Names are new in each test: the broker is shared."""
        name = f"{prefix}-{uuid4().hex[:8]}"
        account = "A" + "B" * 55
        if on_broker:
            account = (await self.registrar.add(name))[0].partner.account
        who = Partner(name, account, frozenset({examples.CHICAGO}), "json")
        async with self.house.db.transaction() as tx:
            await store.keep_partner(tx, who)
        return who

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[Client]:
        client, nats = Client(), self.servers.nats
        await client.connect(nats.url, user_credentials=str(nats.credentials))
        try:
            yield client
        finally:
            await client.close()

    async def said(self, who: Partner) -> list[dict[str, object]]:
        """Everything in a partner's feed."""
        stream = Place(who.name, who.account).feed_stream
        async with self.broker() as client:
            js = client.jetstream()
            last = (await js.stream_info(stream)).state.last_seq
            found = [await js.get_msg(stream, seq) for seq in range(1, last + 1)]
        return [json.loads(one.data or b"") for one in found]


@pytest.fixture
async def town(servers: Servers) -> AsyncIterator[Town]:
    async with open_house(servers, "referral") as house:
        await house.given(examples.clinic(examples.CHICAGO))
        bus = Bus(servers.nats.url, "partners", credentials=servers.nats.credentials)
        reception = Reception(house.db, bus)
        running = asyncio.create_task(reception.run())
        yield Town(house, servers, reception, bus)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await bus.close()


async def send(client: Client, who: Partner, data: str, number: int = 0) -> None:
    head = {"ce-specversion": "1.0", "ce-id": f"m{number}", "ce-source": "urn:x", "ce-type": SUBMIT}
    subject = Place(who.name, who.account).inbound_subject
    await client.jetstream().publish(subject, data.encode(), headers=head)


def a_referral(number: int = 0) -> str:
    return MessageToJson(examples.asked(patient=examples.somebody_else(number)))


async def test_a_loud_partner_does_not_hold_up_a_quiet_one(town: Town) -> None:
    loud, quiet = await town.admit("loud"), await town.admit("quiet")
    count = 600

    async def answered(who: Partner) -> int:
        sql = "SELECT count(*) FROM partner_answer WHERE partner = $1"
        return await town.house.count(sql, who.name)

    async with town.broker() as client:
        await asyncio.gather(*(send(client, loud, "{}", n) for n in range(count)))
        await send(client, quiet, a_referral())
        await eventually(lambda: at_least(answered(quiet), 1))
        assert await answered(loud) < count
        await eventually(lambda: at_least(answered(loud), count), within=60)


async def at_least(count: Awaitable[int], wanted: int) -> bool:
    return await count >= wanted


async def test_an_absent_partner_finds_everything_in_order_and_its_backlog_is_known(
    town: Town,
) -> None:
    who = await town.admit("absent")
    async with town.broker() as client:
        for number in range(3):
            await send(client, who, a_referral(number), number)
    await eventually(lambda: at_least(length(town, who), 9))
    told = await town.said(who)
    ids = {str(one["referralId"]) for one in told}
    assert len(ids) == 3
    for referral_id in ids:
        own = [one for one in told if one["referralId"] == referral_id]
        assert "outcome" in own[0], "the answer comes before the steps"
        assert [one["number"] for one in own[1:]] == ["1", "2"]
    behind = [(9, {"halcyon.partner": who.name})]
    await eventually(lambda: asyncio.sleep(0, town.reception.backlog() == behind))


async def length(town: Town, who: Partner) -> int:
    return len(await town.said(who))


async def test_a_partner_without_streams_holds_up_nobody(town: Town) -> None:
    await town.admit("broken", on_broker=False)
    who = await town.admit("whole")
    async with town.broker() as client:
        await send(client, who, a_referral())
    await eventually(lambda: at_least(length(town, who), 3))


async def test_a_crash_between_telling_and_noting_tells_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await town.admit("crash")
    noted, failed = store.told, list[object]()

    async def crash_once(*about: object) -> None:
        if about[1] == who.name and not failed:
            failed.append(about)
            raise ConnectionError
        await noted(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "told", crash_once)
    async with town.broker() as client:
        await send(client, who, a_referral())
    feed = Feed(town.house.db, town.bus, who)
    await eventually(lambda: asyncio.sleep(0, bool(failed)))

    async def all_noted() -> bool:
        return not await store.untold(feed._db, who.name)

    await eventually(all_noted)
    assert await length(town, who) == 3


async def test_a_paused_partner_is_answered_at_once_when_the_pause_ends(town: Town) -> None:
    """What came meanwhile was not given to a listener that had left."""
    who, other = await town.admit("paused"), await town.admit("other")
    act_as(somebody("operator"))
    async with town.house.db.transaction() as tx:
        await pauses.pause(tx, "consumer", f"partner-{who.name}", "test", "it floods us")
    assert f"partner-{who.name}" in await consumers(town.house.db)
    await eventually(lambda: asyncio.sleep(0, who not in town.reception._open))
    async with town.broker() as client:
        await send(client, who, a_referral())
        await send(client, other, a_referral(1), 1)
    await eventually(lambda: at_least(length(town, other), 3))
    assert await length(town, who) == 0
    async with town.house.db.transaction() as tx:
        await pauses.resume(tx, "consumer", f"partner-{who.name}", "over")
    await eventually(lambda: at_least(length(town, who), 3), within=15)
