"""Databases are made in a running server."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress


def create(url: str, name: str) -> None:
    """Create a database in the server at `url` unless it exists."""
    _to_end(_create(url, name))


async def _create(url: str, name: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("select true from pg_database where datname = $1", name):
            quoted = name.replace('"', '""')
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'create database "{quoted}"')
    finally:
        await connection.close()


def _to_end(work: Coroutine[None, None, None]) -> None:
    """Run to the end on a loop of its own, also when the caller is inside one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
