"""The role a service connects as: it reads and writes rows, and owns nothing."""

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database

_KNOWN = text("SELECT true FROM pg_roles WHERE rolname = :role")
_QUOTED = text("SELECT quote_ident(:role), quote_literal(:words), quote_ident(current_database())")
_TABLES = text(
    """SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        AND NOT relispartition AND relname NOT IN ('alembic_version', 'chassis_version')"""
)
"""Parts of a table are reached through the whole of it, which has the policy."""

_FREE = """
SELECT rolsuper OR rolbypassrls OR EXISTS (
    SELECT FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER')) AS free
FROM pg_roles WHERE rolname = current_user
"""


class Unbound(Exception):
    """No policy holds this role, or it can take the policies away."""


async def admit(connection: AsyncConnection, who: URL) -> None:
    """Make the role unless it is there, and give it the rows of every table."""
    about = {"role": who.username, "words": who.password or ""}
    role, words, database = (await connection.execute(_QUOTED, about)).one()
    if not await connection.scalar(_KNOWN, about):
        await connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD {words}")
    tables = await connection.scalar(_TABLES)
    for what in (
        f"CONNECT ON DATABASE {database}",
        "USAGE ON SCHEMA public",
        f"SELECT, INSERT, UPDATE, DELETE ON {tables}",
        "USAGE ON ALL SEQUENCES IN SCHEMA public",
    ):
        await connection.exec_driver_sql(f"GRANT {what} TO {role}")


async def be_bound(db: Database) -> None:
    """Refuse to serve as a superuser, as the owner of the tables, or as who may become one."""
    if (await db.fetch(_FREE))[0]["free"]:
        raise Unbound
