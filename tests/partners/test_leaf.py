"""A clinic goes on publishing while Halcyon is out of reach; all arrives once, in order."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from chassis.children import Child
from chassis.embedded import Nats
from chassis.testing import eventually
from clients.registrar import Registrar

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "synthetic"
SUBJECT = "outbox.referrals"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def connected(url: str, **options) -> AsyncIterator[Client]:
    client = Client()
    try:
        await client.connect(url, allow_reconnect=False, **options)
        yield client
    finally:
        await client.close()


async def answers(url: str) -> bool:
    try:
        async with connected(url, user="clinic", password=PASSWORD):
            return True
    except (NatsError, OSError):
        return False


async def publish(leaf: str, numbers: range, twice: bool = False) -> None:
    """The clinic's own system; a nervous one says everything twice."""
    async with connected(leaf, user="clinic", password=PASSWORD) as clinic:
        js = clinic.jetstream()
        for number in numbers:
            for _ in range(1 + twice):
                head = {"Nats-Msg-Id": f"order-{number}", "ce-id": f"order-{number}"}
                await js.publish(SUBJECT, b"%d" % number, headers=head)


async def arrived(hub: Nats, stream: str) -> list[int]:
    async with connected(hub.url, user_credentials=str(hub.credentials)) as halcyon:
        js = halcyon.jetstream()
        try:
            state = (await js.stream_info(stream)).state
        except NotFoundError:
            return []
        found = [await js.get_msg(stream, seq) for seq in range(1, state.last_seq + 1)]
        return [int(one.data or b"") for one in found]


@pytest.mark.kill
async def test_what_is_published_while_the_hub_is_down_arrives_once_and_in_order(
    tmp_path: Path,
) -> None:
    port, leaf_port = free_port(), free_port()
    (tmp_path / "hub").mkdir()
    hub = Nats(tmp_path / "hub", more=f'leafnodes {{ listen: "127.0.0.1:{port}" }}\n')
    await asyncio.to_thread(hub.start)
    entry, credentials = await Registrar(hub.url, hub.keyring).add("rural")
    (tmp_path / "rural.creds").write_text(credentials)
    leaf = f"nats://127.0.0.1:{leaf_port}"
    environment = os.environ | {
        "LEAF_LISTEN": f"127.0.0.1:{leaf_port}",
        "LEAF_STORE": str(tmp_path / "leaf"),
        "HUB": f"nats-leaf://127.0.0.1:{port}",
        "CREDENTIALS": str(tmp_path / "rural.creds"),
        "CLINIC_PASSWORD": PASSWORD,
    }
    server = shutil.which("nats-server", path=Path(sys.executable).parent)
    assert server
    commands: dict[str, list[str | Path]] = {
        "leaf": [server, "-c", ROOT / "deploy/nats/leaf.conf"],
        "forward": [sys.executable, ROOT / "clients/partner/forward.py", leaf, PASSWORD],
    }
    children = {}
    for name, command in commands.items():
        child = Child(command, log=tmp_path / f"{name}.log", env=environment, cwd=tmp_path)
        children[name] = child.start()
        await eventually(lambda: answers(leaf))
    try:
        stream = entry.partner.inbound_stream
        await outbox_ready(leaf)
        await publish(leaf, range(20))
        await eventually(lambda: holds(hub, stream, 20))
        await asyncio.to_thread(hub.kill)
        await publish(leaf, range(20, 120), twice=True)
        children["forward"].kill()
        await asyncio.to_thread(hub.start)
        command = commands["forward"]
        log = tmp_path / "again.log"
        children["again"] = Child(command, log=log, env=environment, cwd=tmp_path).start()
        await publish(leaf, range(120, 140))
        await eventually(lambda: holds(hub, stream, 140), within=90)
        assert await arrived(hub, stream) == list(range(140))
    finally:
        for child in children.values():
            child.kill()
        await asyncio.to_thread(hub.stop)


async def outbox_ready(leaf: str) -> None:
    async def there() -> bool:
        async with connected(leaf, user="clinic", password=PASSWORD) as clinic:
            try:
                await clinic.jetstream().stream_info("OUTBOX")
            except NotFoundError:
                return False
            return True

    await eventually(there)


async def holds(hub: Nats, stream: str, messages: int) -> bool:
    return len(await arrived(hub, stream)) >= messages
