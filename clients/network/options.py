"""How to run a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis.residents import discovered

__all__ = ["Options", "discovered"]


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True)
class Options:
    """How to run a network; the defaults suit tests."""

    services: tuple[str, ...] = field(default_factory=discovered)
    trace_ratio: float = 0.1
    env: Mapping[str, str] = field(default_factory=dict)
    """For every service, such as HALCYON_BATCH."""
    service_env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For one service; a HALCYON_FAILPOINT is dropped once it has ended a process."""
    roots: Mapping[str, Path] = field(default_factory=dict)
    """Where another version of a service lies, to be migrated and run from there."""
    tls: bool = False
    """As a deployment has it: papers of an authority of the network's own for every service, the
    broker and us; and permits for each service, which binds to what a deploy step has made."""
    seed: bool = True
    restart: bool = True
    """Start a crashed service again."""
    heal_servers: bool = False
    """Start a crashed PostgreSQL or nats-server again."""
    say: Callable[[str], None] = _silent
