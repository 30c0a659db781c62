"""A partner's system in one file: send a FHIR referral, follow what becomes of it.

Needs Python 3.11 and `pip install "nats-py[nkeys]"`; copy it, it knows nothing else of Halcyon.
"""

import argparse
import asyncio
import base64
import json
import sys
import uuid
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg

SUBMIT = "halcyon.referral.v1.CreateReferralRequest"
SOURCE = "urn:example:partner-system"


def identity(credentials: Path) -> tuple[str, str]:
    """Our name and our account: both stand in the credentials."""
    lines = credentials.read_text().splitlines()
    body = lines[lines.index("-----BEGIN NATS USER JWT-----") + 1].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims["name"], claims["iss"]


async def send(client: Client, document: Path, message_id: str) -> None:
    """One CloudEvent in binary mode; the same id again is the same message."""
    headers = {
        "Nats-Msg-Id": message_id,
        "ce-specversion": "1.0",
        "ce-id": message_id,
        "ce-source": SOURCE,
        "ce-type": SUBMIT,
        "ce-datacontenttype": "application/fhir+json",
    }
    stored = await client.jetstream().publish(
        "halcyon.in", document.read_bytes(), headers=headers, timeout=10
    )
    print(f"sent {message_id} as position {stored.seq}", flush=True)


async def follow(client: Client, credentials: Path, until: str, start: int) -> None:
    """Print every message of our feed, oldest first, until a status is reached."""
    name, account = identity(credentials)
    stream = f"PARTNER-OUT-{name}"
    if start:
        subject = f"halcyon.CONSUMER.RESET.{stream}.{account}"
        await client.request(subject, json.dumps({"seq": start}).encode())
    feed = await client.jetstream(prefix="halcyon").pull_subscribe_bind(account, stream)
    while True:
        try:
            (message,) = await feed.fetch(1, timeout=30)
        except TimeoutError:
            continue
        reached = show(message, until)
        await message.ack_sync()
        if reached:
            return


def show(message: Msg, until: str) -> bool:
    """One line for a person; whether it is what we wait for."""
    headers, told = message.headers or {}, json.loads(message.data)
    position = message.metadata.sequence.stream
    if headers["ce-type"].endswith(".MessageAnswered"):
        outcome = told["outcome"].removeprefix("MESSAGE_OUTCOME_").lower()
        reasons = [one["reason"] for one in told.get("reasons", [])]
        about = told.get("messageId", ""), outcome, told.get("referralId", ""), *reasons
        print(position, *about, flush=True)
        if outcome == "rejected":
            sys.exit(1)
        return False
    status = told["status"].removeprefix("REFERRAL_STATUS_").lower()
    codes = told["transaction"], told["taskStatus"], told["businessStatus"], told["bserStatus"]
    print(position, told["referralId"], f"#{told['number']}", status, *codes, flush=True)
    return bool(status == until)


async def main() -> None:
    """`partner.py CREDS BROKER send FILE` or `... follow [--until STATUS] [--from POSITION]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("credentials", type=Path)
    parser.add_argument("broker")
    verbs = parser.add_subparsers(dest="verb", required=True)
    sending = verbs.add_parser("send")
    sending.add_argument("document", type=Path)
    sending.add_argument("--id", default=str(uuid.uuid4()))
    following = verbs.add_parser("follow")
    following.add_argument("--until", default="completed")
    following.add_argument("--from", dest="start", type=int, default=0)
    asked = parser.parse_args()
    client = Client()
    try:
        await client.connect(
            asked.broker,
            user_credentials=str(asked.credentials),
            allow_reconnect=asked.verb == "follow",
        )
        if asked.verb == "send":
            await send(client, asked.document, asked.id)
        else:
            await follow(client, asked.credentials, asked.until, asked.start)
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
