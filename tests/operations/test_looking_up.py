"""Among millions, one flow and all that are not over are found by an index in every service."""

import importlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from chassis import flows, inbox, outbox, parking, steps
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


def listed(known: Flows) -> dict[str, str]:
    """The statements behind `halcyon flow list` and the flows' gauge."""
    return {
        "listing": flows.listing(known),
        "overdue": flows.listing_overdue(known),
        "counting": flows.counting(known),
    }


async def scans(line: "asyncpg.Connection[Any]", sql: str) -> list[str]:
    """Tables that are read whole, as the plan is once they are large."""
    await line.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await line.execute(f"PREPARE asked AS {sql}")
    nulls = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", sql))))
    told = await line.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{nulls and f'({nulls})'}")
    await line.execute("DEALLOCATE asked")
    (found,) = json.loads(told)
    return [node["Relation Name"] for node in nodes(found["Plan"]) if whole(node)]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def whole(node: dict[str, Any]) -> bool:
    return "Relation Name" in node and not {"Index Cond", "Recheck Cond"} & node.keys()


@asynccontextmanager
async def database(servers: Servers, service: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    async with open_house(servers, service) as house:
        name = (await house.db.fetch("SELECT current_database()"))[0][0]
        line = await asyncpg.connect(servers.postgres.service_url(name, service))
        try:
            yield line
        finally:
            await line.close()


def flows_of(service: str) -> Flows:
    known: Flows = importlib.import_module(f"services.{service}.store.belonging").FLOWS
    return known


@pytest.mark.parametrize("statements", [asked, listed])
@pytest.mark.parametrize("service", discovered())
async def test_flows_are_found_by_indexes(
    servers: Servers, service: str, statements: Callable[[Flows], dict[str, str]]
) -> None:
    async with database(servers, service) as line:
        read = {name: await scans(line, sql) for name, sql in statements(flows_of(service)).items()}
    assert {name: tables for name, tables in read.items() if tables} == {}


async def test_a_list_of_the_whole_history_would_be_seen(servers: Servers) -> None:
    known = flows_of("referral")
    async with database(servers, "referral") as line:
        assert await scans(line, flows.listing(replace(known, open=known.states))) == ["referral"]
