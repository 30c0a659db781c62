"""The platform in containers: PostgreSQL, three NATS nodes, two replicas of each service."""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nats
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from chassis import keys
from chassis.health import serving
from chassis.issuer import Issuer
from chassis.papers import Papers
from clients.network.options import discovered
from clients.network.process import ROOT
from clients.network.tokens import Minting
from clients.sdk import Halcyon
from tests.containers.boxes import HARDENED, Box

SERVICES = discovered()
NODES = ("nats-1", "nats-2", "nats-3")
REPLICAS = (1, 2)
PATIENCE = 120.0
_IMPATIENT = {
    "HALCYON_LEASE_SECONDS": "5",
    "HALCYON_ERRAND_LEASE_SECONDS": "20",
    "HALCYON_ACK_WAIT_SECONDS": "15",
}
"""Shorter than in production, so that what a dead replica held is taken over within a test; not so
short that a busy machine takes living work for dead and does it twice."""


class Anonymous(NamedTuple):
    """A broker that asks for nobody's name."""

    url: str
    credentials: Path | None = None
    papers: Papers | None = None


class Fleet:
    """Everything in one network of the engine's; a context manager."""

    def __init__(self, directory: Path, tag: str = "dev") -> None:
        self.directory, self._tag = directory, tag
        self._network = Network()
        self._password = secrets.token_urlsafe(16)
        self._issuer = Issuer(directory / "issuer")
        held = directory / "keys"
        held.mkdir()
        keys.prepare(held / keys.KEYRING, held / keys.AUDIT_KEY)
        self.postgres: Box
        self.nodes: dict[str, Box] = {}
        self.replicas: dict[tuple[str, int], Box] = {}

    def __enter__(self) -> "Fleet":
        self._network.create()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _together([lambda box=box: box.stop() for box in self.boxes])  # type: ignore[misc]
        self._network.remove()

    @property
    def boxes(self) -> Sequence[Box]:
        """Every container that was started."""
        servers = [self.postgres] if hasattr(self, "postgres") else []
        return [*self.replicas.values(), *self.nodes.values(), *servers]

    @property
    def addresses(self) -> dict[str, str]:
        """Both replicas of each service, for a client that balances."""
        return {
            name: "ipv4:" + ",".join(self.replicas[name, number].address for number in REPLICAS)
            for name in SERVICES
        }

    @property
    def databases(self) -> dict[str, str]:
        """Each service's database, as its owner, who asks to see everything."""
        server, all_of_it = self.postgres.address, "?halcyon.sees=*"
        return {name: self._database(name, server) + all_of_it for name in SERVICES}

    @property
    def nats_urls(self) -> list[str]:
        """All three nodes."""
        return [f"nats://{node.address}" for node in self.nodes.values()]

    @property
    def broker(self) -> "Anonymous":
        """A node to look at the stream through, once all are whole."""
        return Anonymous(self.nats_urls[0])

    def client(self, *roles: str, npi: str | None = None, timeout: float = 10) -> Halcyon:
        """The SDK in these roles, on both replicas of each service."""
        return Halcyon(
            self.addresses, Minting(self.directory / "issuer", roles, npi=npi), timeout=timeout
        )

    def await_serving(self, boxes: Iterable[Box] | None = None) -> None:
        """Until each replica says that it serves."""
        for box in boxes or self.replicas.values():
            until = time.monotonic() + PATIENCE
            while not serving(box.address, patience=1):
                if time.monotonic() > until:
                    raise AssertionError(f"{box.name} does not serve:\n{box.tail()}")
                time.sleep(0.1)

    async def stream(self) -> StreamInfo:
        """The stream of facts, as the cluster sees it now."""
        client = await nats.connect(self.nats_urls, connect_timeout=2)
        try:
            return await client.jetstream().stream_info("HALCYON", subjects_filter=None)
        finally:
            await client.close()

    async def leader(self) -> str:
        """The node that leads the stream."""
        cluster = (await self.stream()).cluster
        return (cluster.leader if cluster else None) or ""

    async def whole(self) -> bool:
        """Whether the stream has a leader and two followers that have caught up."""
        try:
            cluster = (await self.stream()).cluster
        except (NatsError, OSError, TimeoutError):
            return False
        followers = (cluster.replicas if cluster else None) or []
        return len(followers) == 2 and all(one.current and not one.offline for one in followers)

    def _start(self) -> None:
        self.postgres = self._postgres()
        self.nodes = {name: self._node(name) for name in NODES}
        _together([box.start for box in self.boxes])
        self._await_postgres()
        _together([lambda name=name: self._migrate(name) for name in SERVICES])  # type: ignore[misc]
        self.replicas = {
            (name, number): self._replica(name, number) for name in SERVICES for number in REPLICAS
        }
        _together([box.start for box in self.replicas.values()])
        self.await_serving()
        self._record()

    def _postgres(self) -> Box:
        box = Box(f"halcyon-postgres:{self._tag}", "postgres", self._network, 5432)
        box.with_command(["postgres", "-c", "max_connections=300", "-c", "timezone=UTC"])
        words = ("POSTGRES_PASSWORD", "HALCYON_DATABASE_PASSWORD", "HALCYON_SERVICE_PASSWORD")
        box.with_envs(**dict.fromkeys(words, self._password))
        return box.with_volume_mapping(
            ROOT / "deploy/postgres/databases.sql", "/docker-entrypoint-initdb.d/databases.sql"
        )

    def _node(self, name: str) -> Box:
        box = Box(f"halcyon-nats:{self._tag}", name, self._network, 4222).with_env("NODE", name)
        return box.with_volume_mapping(ROOT / "deploy/nats/nats.conf", "/etc/nats/nats.conf")

    def _replica(self, service: str, number: int) -> Box:
        box = Box(f"halcyon:{self._tag}", f"{service}-{number}", self._network, 50051)
        box.with_command(["python", "-m", f"services.{service}"]).with_envs(
            **self._environment(service)
        )
        for file in (self.directory / "keys").iterdir():
            file.chmod(0o644)  # the service is another user in there
            box.with_volume_mapping(file, f"/etc/halcyon/{file.name}")
        return box.with_volume_mapping(self._issuer.jwks_file, "/etc/halcyon/jwks.json")

    def _migrate(self, service: str) -> None:
        """A container that does it and ends."""
        job = DockerContainer(f"halcyon:{self._tag}", network=self._network)
        job.with_command(["python", "-m", "chassis.migrate", service])
        places = self._environment(service)
        places["HALCYON_SERVICE_URL"] = places["HALCYON_DATABASE_URL"]
        places["HALCYON_DATABASE_URL"] = self._database(service, "postgres:5432")
        job.with_envs(**places).with_kwargs(**HARDENED)
        with job:
            ended = job.get_wrapped_container().wait(timeout=PATIENCE)
            assert ended["StatusCode"] == 0, job.get_logs()

    def _environment(self, service: str) -> dict[str, str]:
        return {
            "HALCYON_DATABASE_URL": self._database(service, "postgres:5432", "_service"),
            "HALCYON_NATS_URL": ",".join(f"nats://{name}:4222" for name in NODES),
            "HALCYON_STREAM_REPLICAS": "3",
            "HALCYON_JWKS": "/etc/halcyon/jwks.json",
            "HALCYON_TRACE_RATIO": "0.01",
            "HALCYON_VAULT_KEYS": "/etc/halcyon/keyring.json",
            "HALCYON_AUDIT_KEY": "/etc/halcyon/audit.key",
            "HALCYON_AUDIT_ANCHORS": "/tmp/anchors.jsonl",
            **_IMPATIENT,
        }

    def _database(self, service: str, server: str, role: str = "") -> str:
        return f"postgresql://halcyon_{service}{role}:{self._password}@{server}/halcyon_{service}"

    def _await_postgres(self) -> None:
        until = time.monotonic() + PATIENCE
        while self.postgres.exec(["pg_isready", "-q", "-h", "127.0.0.1"]).exit_code:
            assert time.monotonic() < until, self.postgres.tail()
            time.sleep(0.1)

    def _record(self) -> None:
        """For the command line: `halcyon --data`."""
        services = {name: {"address": address} for name, address in self.addresses.items()}
        content = {"services": services, "issuer": str(self.directory / "issuer")}
        (self.directory / "network.json").write_text(json.dumps(content))


def _together(work: Sequence[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: one(), work))
