"""referral is killed while partners speak: each message has one effect and one answer."""

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from google.protobuf.json_format import MessageToJson
from nats.aio.client import Client

from chassis.accounts import Partner as Place
from chassis.testing import eventually
from clients.network import Network, Options
from clients.registrar import Registrar
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1.partner_pb2 import Partner
from halcyon.referral.v1.partner_service_pb2 import UpdatePartnerRequest
from services.referral.tests import examples

SUBMIT = rpc.CreateReferralRequest.DESCRIPTOR.full_name
MESSAGES = 60


async def send(client: Client, place: Place, number: int) -> None:
    head = {"ce-specversion": "1.0", "ce-id": f"m{number}", "ce-source": "urn:x", "ce-type": SUBMIT}
    body = MessageToJson(examples.asked(patient=examples.somebody_else(number)))
    await client.jetstream().publish(place.inbound_subject, body.encode(), headers=head)


async def feed(client: Client, place: Place) -> list[dict[str, str]]:
    js = client.jetstream()
    last = (await js.stream_info(place.feed_stream)).state.last_seq
    found = [await js.get_msg(place.feed_stream, seq) for seq in range(1, last + 1)]
    return [json.loads(one.data or b"") for one in found]


@pytest.mark.kill
async def test_every_message_has_one_effect_and_one_answer(tmp_path: Path) -> None:
    options = Options(services=("referral",), seed=False)
    failpoint = {"HALCYON_FAILPOINT": "before-commit@20"}
    with Network(tmp_path, options) as network:
        nats = network.servers.nats
        entry, _ = await Registrar(nats.url, nats.keyring).add("acme")
        place = entry.partner
        told = Partner(name="acme", account=place.account, clinic_ids=[str(uuid4())])
        async with network.client("operator") as operator:
            await operator.partners.UpdatePartner(UpdatePartnerRequest(partner=told))
        await asyncio.to_thread(network.restart, "referral", failpoint)
        client = Client()
        await client.connect(nats.url, user_credentials=str(nats.credentials))
        database = await asyncpg.connect(network.database_url("referral"))
        try:
            for number in range(MESSAGES):
                await send(client, place, number)
            await asyncio.to_thread(network.wait_restarted, "referral")
            for times in (2, 3):
                os.kill(network.pid("referral"), signal.SIGKILL)
                await asyncio.to_thread(network.wait_restarted, "referral", times)

            async def all_told() -> bool:
                return len(await feed(client, place)) >= 2 * MESSAGES

            await eventually(all_told, within=90)
            said = await feed(client, place)
            answers = Counter(one["messageId"] for one in said if "outcome" in one)
            assert answers == Counter({f"m{number}": 1 for number in range(MESSAGES)})
            assert all(one["outcome"].endswith("ACCEPTED") for one in said if "outcome" in one)
            steps = Counter(one["referralId"] for one in said if "number" in one)
            assert sorted(steps.values()) == [1] * MESSAGES
            assert await database.fetchval("SELECT count(*) FROM referral") == MESSAGES
        finally:
            await database.close()
            await client.close()
