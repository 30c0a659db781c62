"""The question that a container's health check asks."""

import asyncio
from pathlib import Path

from chassis.health import serving
from chassis.issuer import Issuer
from chassis.ports import free_port
from chassis.server import serve
from chassis.tests.echo import SERVICE, Echo
from chassis.tests.edge import edge_settings


async def test_it_is_well_while_it_serves_and_not_while_it_drains(tmp_path: Path) -> None:
    server = await serve(edge_settings(Issuer(tmp_path)), Echo().add_to, [SERVICE])
    assert await asyncio.to_thread(serving, server.address)
    await server.drain(0)
    assert not await asyncio.to_thread(serving, server.address, 0.5)


def test_nobody_is_no_answer() -> None:
    assert not serving(f"127.0.0.1:{free_port()}", patience=0.5)
