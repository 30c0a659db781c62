"""A network in a folder, for the CLI, for tests and for the bench: start, crash, restart, stop."""

import asyncio
import os
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TypeVar

from chassis import keys
from chassis.authority import Authority
from chassis.embedded import Nats, ServerFailed, Servers, embedded
from chassis.issuer import Issuer
from chassis.papers import Papers
from clients.network import record, seed
from clients.network.options import Options
from clients.network.process import PATIENCE, ROOT, NetworkFailed, ServiceProcess, migrate_from
from clients.network.supervisor import Supervisor
from clients.network.tokens import Minting
from clients.sdk import Halcyon
from clients.sdk.client import DEFAULT_TIMEOUT

DOOR = "door/cli"
"""The name in the papers of the command line and of the SDK."""

Result = TypeVar("Result")


class Network:
    """Real servers and real processes under one directory; a context manager."""

    def __init__(self, directory: Path, options: Options | None = None) -> None:
        self.directory = directory.resolve()
        self.options = options or Options()
        self.processes: dict[str, ServiceProcess] = {}
        self._stack = ExitStack()
        self._recording = Lock()
        self._servers: Servers | None = None
        self._supervisor: Supervisor | None = None

    def start(self) -> "Network":
        """Everything up, migrated, seeded; or nothing left running and NetworkFailed raised."""
        try:
            self._start()
        except ServerFailed as fault:
            self.stop()
            raise NetworkFailed(str(fault)) from None
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """All services calmly and together, then the servers; what they kept stays on disk."""
        if self._supervisor:
            self._supervisor.stop()
        for process in self.processes.values():
            process.begin_stop()
        for process in self.processes.values():
            process.stop()
        if self._servers:
            record.remove(self.directory)
        self._stack.close()

    def __enter__(self) -> "Network":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def servers(self) -> Servers:
        """PostgreSQL and NATS, to be killed and restarted by tests."""
        if self._servers is None:
            raise NetworkFailed("the network is not started")
        return self._servers

    @property
    def addresses(self) -> dict[str, str]:
        """Who listens where."""
        return {name: process.address for name, process in self.processes.items()}

    @property
    def traces(self) -> Path:
        """The folder of finished spans, for chassis.traces.read_spans."""
        return self.directory / "traces"

    @property
    def issuer(self) -> Path:
        """The folder of the development issuer."""
        return self.directory / "issuer"

    @property
    def keyring(self) -> Path:
        """The keys that seal identifiers; they belong nowhere near the database."""
        return self.directory / keys.KEYRING

    def papers(self, name: str) -> Papers | None:
        """What that one shows of itself, where the network speaks TLS."""
        return Authority(self.directory / "tls").papers(name) if self.options.tls else None

    def database_url(self, service: str) -> str:
        """Where one service keeps what it knows, as the owner of it all sees it."""
        return self.servers.postgres.url(f"halcyon_{service}")

    def service_url(self, service: str) -> str:
        """The same as the service sees it: under a role that owns nothing."""
        return self.servers.postgres.service_url(f"halcyon_{service}", service)

    def token(self, *roles: str, clinics: Iterable[str] = ("*",), npi: str | None = None) -> str:
        """A token for an hour."""
        return Minting(self.issuer, roles, clinics=clinics, npi=npi).mint()

    def client(
        self,
        *roles: str,
        clinics: Iterable[str] = ("*",),
        npi: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Halcyon:
        """The SDK, acting in these roles; close it, or use it as an async context manager."""
        token = Minting(self.issuer, roles, clinics=clinics, npi=npi)
        return Halcyon(self.addresses, token, timeout=timeout, papers=self.papers(DOOR))

    def pid(self, service: str) -> int:
        """The process id of a service."""
        return self.processes[service].pid

    def kill(self, service: str) -> None:
        """SIGKILL a service; it stays down until `restart`."""
        self.processes[service].kill()

    def restart(self, service: str, env: Mapping[str, str] | None = None) -> None:
        """Stop a service when it runs, start it (with more environment), wait until it answers."""
        process = self.processes[service]
        process.stop()
        process.start(env)
        process.wait()
        self._record()

    def wait_restarted(self, service: str, times: int = 1) -> None:
        """Wait until the supervisor has started a crashed service again so often."""
        self.processes[service].wait_restarted(times)

    def settle(self, patience: float = 30) -> None:
        """Wait until nothing is in motion anywhere; fails when the patience ends."""
        from clients.network import quiet

        databases = {name: self.database_url(name) for name in self.processes}
        if not to_end(quiet.settle(databases, self.servers.nats, patience)):
            raise NetworkFailed(f"the network did not come to rest in {patience:g} seconds")

    def _start(self) -> None:
        for folder in ("logs", "run", "traces", "issuer", "audit"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        Issuer(self.issuer)
        keys.prepare(self.keyring, self.directory / "audit" / keys.AUDIT_KEY)
        self.options.say("starting PostgreSQL and NATS")
        self._servers = self._stack.enter_context(embedded(self.directory, self.papers("nats")))
        self._migrate(self._servers)
        if self.options.tls:
            self._deploy(self._servers.nats)
        self._launch()
        self._supervisor = Supervisor(
            self.options, self._servers, self.processes.values(), self._record
        )
        self._supervisor.start()
        if self.options.seed:
            self._seed()
        self._record()

    def _migrate(self, servers: Servers) -> None:
        from chassis.migrate import upgrade

        self.options.say("migrating the databases")
        for name in self.options.services:
            servers.postgres.create_database(f"halcyon_{name}")
            if root := self.options.roots.get(name):
                migrate_from(root, name, self.database_url(name))
            else:
                url, service_url = self.database_url(name), self.service_url(name)
                to_end(upgrade(name, url, service_url=service_url))

    def _deploy(self, broker: Nats) -> None:
        """Services that have permits find the stream and their consumers."""
        from chassis import streams
        from chassis.bus import Bus

        broker.keyring.deploy(self.options.services, self.directory / "tls" / "broker")

        async def deploying() -> None:
            ours = self.papers("deploy")
            bus = Bus(broker.url, "deploy", credentials=broker.credentials, papers=ours)
            try:
                await streams.make(bus, self.options.services)
            finally:
                await bus.close()

        to_end(deploying())

    def _launch(self) -> None:
        self.options.say(f"starting {', '.join(self.options.services)}")
        for name in self.options.services:
            root = self.options.roots.get(name, ROOT)
            process = ServiceProcess(name, self._environment(name), self.directory, root)
            self.processes[name] = process
            process.start()
        for process in self.processes.values():
            process.wait()

    def _environment(self, service: str) -> dict[str, str]:
        url = self.database_url if service in self.options.roots else self.service_url
        places = {
            "HALCYON_DATABASE_URL": url(service),
            "HALCYON_NATS_URL": self.servers.nats.url,
            "HALCYON_NATS_CREDENTIALS": str(self.servers.nats.credentials),
            "HALCYON_JWKS": str(self.issuer / "jwks.json"),
            "HALCYON_TRACE_FILE": str(self.traces / f"{service}.jsonl"),
            "HALCYON_TRACE_RATIO": str(self.options.trace_ratio),
            "HALCYON_VAULT_KEYS": str(self.keyring),
            "HALCYON_AUDIT_KEY": str(self.directory / "audit" / keys.AUDIT_KEY),
            "HALCYON_AUDIT_ANCHORS": str(self.directory / "audit" / "anchors.jsonl"),
        }
        if papers := self.papers(service):
            own = self.directory / "tls" / "broker" / f"{service}.creds"
            places |= {"HALCYON_NATS_CREDENTIALS": str(own), "HALCYON_BIND_ONLY": "true"}
            places |= papers.environment()
        return {**places, **self.options.env, **self.options.service_env.get(service, {})}

    def _seed(self) -> None:
        async def seeding() -> bool:
            async with self.client("medical_director", timeout=PATIENCE) as director:
                return await seed.seed(director)

        if to_end(seeding()):
            self.options.say("three clinics are on the network")
            self.settle()

    def _record(self) -> None:
        """Also called by the supervisor's thread: the last to look is the last to write."""
        with self._recording:
            record.write(self.directory, self._content())

    def _content(self) -> dict[str, object]:
        services = {
            name: {"address": process.address, "pid": process.pid, "restarts": process.restarts}
            for name, process in self.processes.items()
        }
        ours = self.papers(DOOR)
        return {
            "pid": os.getpid(),
            "directory": str(self.directory),
            "services": services,
            "nats": self.servers.nats.url,
            "nats_keys": str(self.servers.nats.keyring.folder),
            "issuer": str(self.issuer),
            "jwks": str(self.issuer / "jwks.json"),
            "traces": str(self.traces),
            "logs": str(self.directory / "logs"),
            "audit": str(self.directory / "audit"),
            "papers": ours.named() if ours else None,
        }


def to_end(work: Coroutine[None, None, Result]) -> Result:
    """Run to the end on a loop of its own, also when the caller is inside one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
