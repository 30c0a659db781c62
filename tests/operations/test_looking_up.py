"""One flow among millions is found by an index in every service, whatever of it is asked."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from chassis import inbox, outbox, parking, steps
from chassis.embedded import Servers
from chassis.flows import Flows
from chassis.testing import open_house
from clients.network.options import discovered

FLOW = "'11111111-1111-4111-8111-111111111111'::uuid"
SOME = f"ARRAY[{FLOW}]"


def asked(known: Flows) -> dict[str, str]:
    """The statements behind `halcyon flow show`."""
    return {
        "members": f"SELECT entity_id FROM ({known.members}) AS member WHERE flow_id = {FLOW}",
        "states": f"SELECT * FROM ({known.states}) AS flow WHERE flow_id = {FLOW}",
        "facts": outbox._OF.replace("$1", SOME),
        "handled": inbox._HANDLED.replace("$1", SOME),
        "aside": parking._OF_FLOW.replace("$1", FLOW).replace("$2", SOME),
        "owed": steps._OWED.replace("$1", SOME).replace("$2", FLOW),
    }


async def scans(line: "asyncpg.Connection[Any]", sql: str) -> list[str]:
    """Tables that are read whole, as the plan is once they are large."""
    await line.execute("SET enable_seqscan = off")
    (found,) = json.loads(await line.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))
    return [node["Relation Name"] for node in nodes(found["Plan"]) if whole(node)]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def whole(node: dict[str, Any]) -> bool:
    return "Relation Name" in node and not {"Index Cond", "Recheck Cond"} & node.keys()


@pytest.mark.parametrize("service", discovered())
async def test_a_flow_is_looked_up_by_indexes(servers: Servers, service: str) -> None:
    known: Flows = importlib.import_module(f"services.{service}.store.belonging").FLOWS
    async with open_house(servers, service) as house:
        database = (await house.db.fetch("SELECT current_database()"))[0][0]
        line = await asyncpg.connect(servers.postgres.url(database))
        try:
            read = {name: await scans(line, sql) for name, sql in asked(known).items()}
        finally:
            await line.close()
    assert {name: tables for name, tables in read.items() if tables} == {}
