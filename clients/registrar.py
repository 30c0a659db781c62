"""Partners on the broker: their accounts, credentials, streams; added, rotated, revoked, live."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from time import time
from typing import Any

from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StreamConfig,
)

from chassis import accounts, claims
from chassis.accounts import Partner, Quotas
from chassis.claims import Seed
from chassis.consumers import hearing
from chassis.keyring import Keyring
from chassis.papers import Papers

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
RECEPTION = "referral"
"""The service that reads what partners say, and its consumer."""
_DAY = 24 * 3600.0
_REPLAY = 30 * _DAY
"""How far back a partner can go in its feed."""


class RegistrarFailed(RuntimeError):
    """The broker or the keyring refused."""


@dataclass(frozen=True)
class Entry:
    """One partner in the keyring: its key, whom it was given out to, and what no longer holds."""

    name: str
    seed: Seed
    quotas: Quotas = field(default_factory=Quotas)
    users: dict[str, int] = field(default_factory=dict)
    """Public keys of credentials given out, and when."""
    revoked: dict[str, int] = field(default_factory=dict)

    @property
    def partner(self) -> Partner:
        """As the broker knows it."""
        return Partner(self.name, claims.public(self.seed), self.quotas)

    @property
    def closed(self) -> bool:
        """Whether nobody can connect any more."""
        return "*" in self.revoked


class Registrar:
    """Whoever holds the keyring; the services never do."""

    def __init__(self, url: str, keyring: Keyring, papers: Papers | None = None) -> None:
        self._url, self._keyring, self._papers = url, keyring, papers

    def all(self) -> list[Entry]:
        """Every partner there ever was, by name."""
        found = sorted(self._keyring.folder.glob("partner-*.json"))
        return [_read(path.read_text()) for path in found]

    def get(self, name: str) -> Entry:
        """One partner."""
        if (path := self._keyring.folder / f"partner-{name}.json").exists():
            return _read(path.read_text())
        raise RegistrarFailed(f"no partner is called {name}")

    async def add(self, name: str, quotas: Quotas | None = None) -> tuple[Entry, str]:
        """A new account with its streams; gives the text of the first .creds file."""
        if not _NAME.fullmatch(name):
            raise RegistrarFailed("a name is 2 to 31 of a-z, 0-9 and -, and begins with a letter")
        if any(entry.name == name for entry in self.all()):
            raise RegistrarFailed(f"there is a partner called {name}; rotate gives new credentials")
        new = Entry(name, claims.account_seed(), quotas or Quotas())
        entry, credentials = self._issue(new)
        await self._provision(entry.partner)
        await self._push(entry)
        return entry, credentials

    async def rotate(self, name: str, *, keep_old: bool = False) -> tuple[Entry, str]:
        """New credentials; the old ones end at once, unless kept for the change-over."""
        before = self.get(name)
        if before.closed:
            raise RegistrarFailed(f"{name} is revoked")
        now = int(time())
        ended = {} if keep_old else dict.fromkeys(before.users, now)
        kept = replace(before, revoked={**before.revoked, **ended})
        entry, credentials = self._issue(kept)
        await self._push(entry)
        return entry, credentials

    async def revoke(self, name: str) -> Entry:
        """Nobody of this partner stays connected or connects again; what it said is kept."""
        entry = self.get(name)
        entry = replace(entry, revoked={**entry.revoked, "*": int(time())})
        await self._push(entry)
        return entry

    async def backlog(self, name: str) -> int:
        """How much of its feed a partner has yet to read."""
        partner = self.get(name).partner
        async with self._connected(services=True) as client:
            found = await client.jsm().consumer_info(partner.feed_stream, partner.account)
        return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def waiting(self, name: str) -> int:
        """How much of what a partner said nobody has answered yet."""
        async with self._connected(services=True) as client:
            found = await client.jsm().stream_info(self.get(name).partner.inbound_stream)
        return int(found.state.messages)

    def _issue(self, entry: Entry) -> tuple[Entry, str]:
        user = claims.user_seed()
        jwt = accounts.partner_user(entry.seed, claims.public(user), entry.partner)
        users = {**entry.users, claims.public(user): int(time())}
        return replace(entry, users=users), claims.credentials(jwt, user)

    async def _push(self, entry: Entry) -> None:
        """Kept first: a claim that the broker has and we forgot could never be taken back."""
        self._keyring.keep(f"partner-{entry.name}.json", json.dumps(asdict(entry), indent=2))
        halcyon = claims.public(self._keyring.halcyon)
        jwt = accounts.partner_account(
            self._keyring.operator, halcyon, entry.partner, entry.revoked
        )
        async with self._connected(services=False) as client:
            answer = await client.request("$SYS.REQ.CLAIMS.UPDATE", jwt.encode(), timeout=5)
        said: dict[str, Any] = json.loads(answer.data)
        if said.get("data", {}).get("code") != 200:
            raise RegistrarFailed(f"the broker refused the account: {said.get('error')}")

    async def _provision(self, partner: Partner) -> None:
        quotas = partner.quotas
        inbound = StreamConfig(
            name=partner.inbound_stream,
            subjects=[partner.inbound_subject],
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            max_msgs=quotas.messages,
            max_bytes=quotas.bytes,
            max_msg_size=quotas.message_bytes,
            duplicate_window=120,
        )
        feed = StreamConfig(
            name=partner.feed_stream,
            subjects=[partner.feed_subject],
            discard=DiscardPolicy.NEW,
            max_msgs=quotas.feed_messages,
            max_bytes=quotas.feed_bytes,
            max_age=_REPLAY,
            duplicate_window=120,
        )
        reader = ConsumerConfig(
            durable_name=partner.account,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=30,
            max_deliver=-1,
            max_ack_pending=256,
        )
        async with self._connected(services=True) as client:
            await client.jsm().add_stream(inbound)
            await client.jsm().add_stream(feed)
            gate = hearing(RECEPTION, [partner.inbound_subject])
            await client.jsm().add_consumer(partner.inbound_stream, gate)
            await client.jsm().add_consumer(partner.feed_stream, reader)

    @asynccontextmanager
    async def _connected(self, *, services: bool) -> AsyncIterator[Client]:
        ring = self._keyring
        path = ring.service_credentials if services else ring.system_credentials
        client = Client()
        try:
            await client.connect(
                self._url,
                user_credentials=str(path),
                tls=self._papers.dialling() if self._papers else None,
                allow_reconnect=False,
                connect_timeout=5,
            )
            yield client
        finally:
            await client.close()


def _read(text: str) -> Entry:
    kept = json.loads(text)
    return Entry(**{**kept, "quotas": Quotas(**kept["quotas"])})
