"""`python -m chassis.migrate <service>`: bring one service's database to its newest shape.

The service's own versions come first, then those of the chassis, which have a line of their own:
a change of mechanism is one file, and not one in each service.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from chassis import sight
from chassis.admitting import admit
from chassis.config import Settings
from chassis.faults import is_deadlock
from chassis.lines import engine
from chassis.residents import SERVICES
from chassis.tables import create_chassis_tables

__all__ = ["create_chassis_tables", "migrate", "upgrade"]

_CHASSIS = Path(__file__).resolve().parent / "migrations"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('halcyon.migrate'))")
_SEEING_ALL = text(f"SET LOCAL {sight.SETTING} = '{sight.EVERYTHING}'")
"""The owner is held to the policies too."""


@retry(
    retry=retry_if_exception(is_deadlock),
    wait=wait_random_exponential(multiplier=0.1, max=2),
    stop=stop_after_attempt(20),
    reraise=True,
)
async def upgrade(
    service: str | Path,
    url: str,
    authority: Path | None = None,
    service_url: str | None = None,
) -> None:
    """Run the migrations of a service (by name, or by the folder that holds them), all or none.

    Where the service runs meanwhile, its locks and ours may cross; then we begin again.
    """
    folder = service if isinstance(service, Path) else SERVICES / service / "migrations"
    way = engine(url, authority)
    try:
        async with way.begin() as connection:
            await connection.execute(_ONE_AT_A_TIME)
            await connection.execute(_SEEING_ALL)
            await connection.run_sync(_upgrade, folder, "alembic_version")
            await connection.run_sync(_upgrade, _CHASSIS, "chassis_version")
            if service_url:
                await admit(connection, make_url(service_url))
    finally:
        await way.dispose()


def migrate(
    service: str | Path,
    url: str,
    authority: Path | None = None,
    service_url: str | None = None,
) -> None:
    """The same, for callers without an event loop."""
    asyncio.run(upgrade(service, url, authority, service_url))


def _upgrade(connection: Connection, folder: Path, noted_in: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: Any) -> Iterable[Any]:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(config, script, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, version_table=noted_in)
        with environment.begin_transaction():
            environment.run_migrations()


def main() -> None:
    """One argument: the service."""
    settings = Settings()
    where = settings.database_url, settings.database_authority, settings.service_url
    migrate(sys.argv[1], *where)


if __name__ == "__main__":
    main()
