"""Beside a leaf node: takes what the clinic published to Halcyon, each once and in order.

`forward.py LEAF CLINIC_PASSWORD`; needs `pip install nats-py`.
"""

import asyncio
import sys

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

STREAM, SUBJECT, TARGET = "OUTBOX", "outbox.referrals", "halcyon.in"
PATIENCE = 5.0


async def forward(clinic: Client, link: Client) -> None:
    """For ever; the next message waits until this one is in Halcyon's stream."""
    local = clinic.jetstream()
    await local.add_stream(
        StreamConfig(name=STREAM, subjects=[SUBJECT], retention=RetentionPolicy.WORK_QUEUE)
    )
    one_by_one = ConsumerConfig(
        durable_name="forwarder", ack_policy=AckPolicy.EXPLICIT, max_ack_pending=1, ack_wait=15
    )
    taking = await local.pull_subscribe(SUBJECT, durable="forwarder", config=one_by_one)
    while True:
        try:
            (message,) = await taking.fetch(1, timeout=PATIENCE)
        except TimeoutError:
            continue
        await _until_taken(link, message)
        await message.ack_sync()


async def _until_taken(link: Client, message: Msg) -> None:
    """As long as it lives it keeps the message; when it dies, another has it in 15 seconds."""
    while True:
        await message.in_progress()
        headers = dict(message.headers or {})
        try:
            await link.jetstream().publish(TARGET, message.data, headers=headers, timeout=PATIENCE)
        except (nats.errors.Error, TimeoutError):
            await asyncio.sleep(0.5)
        else:
            return


async def main(leaf: str, password: str) -> None:
    """Two users of the leaf: one sees the outbox, the other the link."""
    for_ever = {"max_reconnect_attempts": -1, "reconnect_time_wait": 0.5}
    clinic = await nats.connect(leaf, user="clinic", password=password, **for_ever)
    link = await nats.connect(leaf, user="forwarder", password=password, **for_ever)
    await forward(clinic, link)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
