"""The platform in containers: PostgreSQL, three NATS nodes, two replicas of each service."""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from chassis import keys
from chassis.authority import Authority
from chassis.health import serving
from chassis.issuer import Issuer
from chassis.keyring import Keyring
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
_HELD = "/etc/halcyon"
_TAKE_KEY = f'install -m 600 {_HELD}/tls.key /tmp/tls.key && exec docker-entrypoint.sh "$@"'
"""As deploy/compose does: PostgreSQL wants a key that is its own."""
_IMPATIENT = {
    "HALCYON_LEASE_SECONDS": "5",
    "HALCYON_ERRAND_LEASE_SECONDS": "20",
    "HALCYON_ACK_WAIT_SECONDS": "15",
}
"""Shorter than in production, so that what a dead replica held is taken over within a test; not so
short that a busy machine takes living work for dead and does it twice."""


class Node(NamedTuple):
    """One node of the broker, and how we speak to it."""

    url: str
    credentials: Path
    papers: Papers


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
        self._authority = Authority(directory / "tls")
        self._papers = self._authority.papers("door/cli")
        self._keyring, self._lent = Keyring(directory / "seeds"), directory / "broker"
        self._keyring.deploy(SERVICES, self._lent, Path("/data/accounts"))
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
        return [f"tls://{node.address}" for node in self.nodes.values()]

    @property
    def broker(self) -> "Node":
        """A node to look at the stream through, once all are whole."""
        return Node(self.nats_urls[0], self._keyring.service_credentials, self._papers)

    def client(self, *roles: str, npi: str | None = None, timeout: float = 10) -> Halcyon:
        """The SDK in these roles, on both replicas of each service."""
        token = Minting(self.directory / "issuer", roles, npi=npi)
        return Halcyon(self.addresses, token, timeout=timeout, papers=self._papers)

    async def dial(self) -> Client:
        """A connection to any of the nodes."""
        tls, us = self._papers.dialling(), str(self._keyring.service_credentials)
        return await nats.connect(self.nats_urls, connect_timeout=2, tls=tls, user_credentials=us)

    def await_serving(self, boxes: Iterable[Box] | None = None) -> None:
        """Until each replica says that it serves."""
        for box in boxes or self.replicas.values():
            until = time.monotonic() + PATIENCE
            while not serving(box.address, patience=1, papers=self._papers):
                if time.monotonic() > until:
                    raise AssertionError(f"{box.name} does not serve:\n{box.tail()}")
                time.sleep(0.1)

    async def stream(self) -> StreamInfo:
        """The stream of facts, as the cluster sees it now."""
        client = await self.dial()
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
        self._make_streams()
        self.replicas = {
            (name, number): self._replica(name, number) for name in SERVICES for number in REPLICAS
        }
        _together([box.start for box in self.replicas.values()])
        self.await_serving()
        self._record()

    def _postgres(self) -> Box:
        box = Box(f"halcyon-postgres:{self._tag}", "postgres", self._network, 5432)
        settings = {
            "max_connections": "300",
            "timezone": "UTC",
            "ssl": "on",
            "ssl_cert_file": f"{_HELD}/tls.crt",
            "ssl_key_file": "/tmp/tls.key",
            "hba_file": f"{_HELD}/hba.conf",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        box.with_kwargs(**HARDENED, entrypoint=["sh", "-c", _TAKE_KEY, "postgres"])
        box.with_command(["postgres", *words])
        self._show(box, "postgres")
        box.with_volume_mapping(ROOT / "deploy/postgres/hba.conf", f"{_HELD}/hba.conf")
        passwords = ("POSTGRES_PASSWORD", "HALCYON_DATABASE_PASSWORD", "HALCYON_SERVICE_PASSWORD")
        box.with_envs(**dict.fromkeys(passwords, self._password))
        return box.with_volume_mapping(
            ROOT / "deploy/postgres/databases.sql", "/docker-entrypoint-initdb.d/databases.sql"
        )

    def _node(self, name: str) -> Box:
        box = Box(f"halcyon-nats:{self._tag}", name, self._network, 4222).with_env("NODE", name)
        self._show(box, name)
        box.with_envs(
            TLS_CERTIFICATE=f"{_HELD}/tls.crt",
            TLS_KEY=f"{_HELD}/tls.key",
            TLS_AUTHORITY=f"{_HELD}/ca.pem",
        )
        accounts = self._lent / "accounts.conf"
        box.with_volume_mapping(accounts, "/broker/accounts.conf")
        return box.with_volume_mapping(ROOT / "deploy/nats/nats.conf", "/etc/nats/nats.conf")

    def _replica(self, service: str, number: int) -> Box:
        box = Box(f"halcyon:{self._tag}", f"{service}-{number}", self._network, 50051)
        box.with_command(["python", "-m", f"services.{service}"]).with_envs(
            **self._environment(service)
        )
        self._show(box, service)
        self._lend(box, self._lent / f"{service}.creds")
        for file in (self.directory / "keys").iterdir():
            file.chmod(0o644)  # the service is another user in there
            box.with_volume_mapping(file, f"{_HELD}/{file.name}")
        return box.with_volume_mapping(self._issuer.jwks_file, "/etc/halcyon/jwks.json")

    def _show(self, box: DockerContainer, name: str) -> None:
        """Papers, and the authority that signed everybody's."""
        papers = self._authority.papers(name)
        papers.key.chmod(0o644)  # it is another user in there
        for file in (papers.certificate, papers.key, papers.authority):
            box.with_volume_mapping(file, f"{_HELD}/{file.name}")

    def _lend(self, box: DockerContainer, credentials: Path) -> None:
        credentials.chmod(0o644)  # it is another user in there
        box.with_volume_mapping(credentials, f"{_HELD}/nats.creds")

    def _migrate(self, service: str) -> None:
        """As the owner, who lets the service's role in."""
        places = self._environment(service)
        places["HALCYON_SERVICE_URL"] = places["HALCYON_DATABASE_URL"]
        places["HALCYON_DATABASE_URL"] = self._database(service, "postgres:5432")
        self._do(["python", "-m", "chassis.migrate", service], service, places)

    def _make_streams(self) -> None:
        """The deploy step: services only bind."""
        places = self._environment(SERVICES[0]) | {"HALCYON_BIND_ONLY": "false"}
        ours = self._keyring.service_credentials
        self._do(["python", "-m", "chassis.streams"], SERVICES[0], places, ours)

    def _do(
        self,
        command: list[str],
        name: str,
        places: dict[str, str],
        credentials: Path | None = None,
    ) -> None:
        """A container that does it and ends."""
        job = DockerContainer(f"halcyon:{self._tag}", network=self._network)
        job.with_command(command).with_envs(**places).with_kwargs(**HARDENED)
        self._show(job, name)
        self._lend(job, credentials or self._lent / f"{name}.creds")
        with job:
            ended = job.get_wrapped_container().wait(timeout=PATIENCE)
            assert ended["StatusCode"] == 0, job.get_logs()

    def _environment(self, service: str) -> dict[str, str]:
        return {
            "HALCYON_DATABASE_URL": self._database(service, "postgres:5432", "_service"),
            "HALCYON_NATS_URL": ",".join(f"tls://{name}:4222" for name in NODES),
            "HALCYON_TLS_CERTIFICATE": f"{_HELD}/tls.crt",
            "HALCYON_TLS_KEY": f"{_HELD}/tls.key",
            "HALCYON_TLS_AUTHORITY": f"{_HELD}/ca.pem",
            "HALCYON_DATABASE_AUTHORITY": f"{_HELD}/ca.pem",
            "HALCYON_STREAM_REPLICAS": "3",
            "HALCYON_NATS_CREDENTIALS": f"{_HELD}/nats.creds",
            "HALCYON_BIND_ONLY": "true",
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
        content = {
            "services": services,
            "issuer": str(self.directory / "issuer"),
            "papers": self._papers.named(),
        }
        (self.directory / "network.json").write_text(json.dumps(content))


def _together(work: Sequence[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: one(), work))
