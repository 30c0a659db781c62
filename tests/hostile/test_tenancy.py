"""Two clinics, and an application that forgets to ask: PostgreSQL keeps them apart all the same."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import sight, telemetry
from chassis.config import Settings
from chassis.principal import Principal, act_as
from chassis.tenancy import OPEN
from chassis.testing import House, open_house, somebody
from services.referral.domain import Viewer
from tests.hostile.besieged import Besieged, besieged, methods
from tests.hostile.test_clinics import OTHER_NPI, PEOPLE, SAID, STRANGER, Told, told_apart, twins
from tools.factmap import SERVICES

_TABLES = """
SELECT relname, relrowsecurity AND relforcerowsecurity AS forced,
    coalesce(obj_description(oid), '') AS why
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname NOT IN ('alembic_version', 'chassis_version')
"""
_ROLE = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
    EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owns,
    EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid) AS belongs
FROM pg_roles WHERE rolname = current_user
"""
_VIEWS = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
    AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'
"""
_PARTS = """
SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'
    AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE')
"""


@pytest.fixture(params=SERVICES)
async def house(servers: Any, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with open_house(servers, request.param) as opened:
        yield opened


async def test_every_table_has_a_policy_or_a_reason(house: House) -> None:
    tables = await house.db.fetch(_TABLES)
    assert tables
    assert [t["relname"] for t in tables if t["forced"] == t["why"].startswith(OPEN)] == []
    assert all(len(t["why"]) > len(OPEN) + 20 for t in tables if not t["forced"])


async def test_a_new_table_without_either_is_found(house: House) -> None:
    await house.as_owner("CREATE TABLE chart (clinic_id uuid)")
    with pytest.raises(AssertionError, match="chart"):
        await test_every_table_has_a_policy_or_a_reason(house)


async def test_the_service_owns_nothing_and_is_above_nothing(house: House) -> None:
    (role,) = await house.db.fetch(_ROLE)
    assert not any(role.values())
    assert not await house.db.fetch(_VIEWS)
    assert not await house.db.fetch(_PARTS)


async def rows(house: House) -> dict[str, int]:
    """What a transaction finds in each guarded table when it asks without any condition."""
    async with house.db.transaction() as tx:
        tables = [row["relname"] for row in await tx.driver.fetch(_TABLES) if row["forced"]]
        return {
            name: count
            for name in tables
            if (count := await tx.driver.fetchval(f'SELECT count(*) FROM "{name}"'))
        }


@contextmanager
def of(*clinics: UUID) -> Iterator[None]:
    with sight.nothing():
        act_as(somebody("nurse", clinics=frozenset(clinics)))
        yield


@pytest.mark.parametrize("service", SERVICES)
async def test_a_query_without_a_condition_finds_what_is_of_the_clinic(
    servers: Any, service: str, tmp_path: Path
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        everything = await rows(target.house)
        assert everything
        ids = await target.ids()
        with of(*ids["clinic_id"]):
            own = await rows(target.house)
        with of(UUID(STRANGER[0])):
            assert await rows(target.house) == {}
        assert own == {name: n for name, n in everything.items() if name not in _NOT_FOR_NURSES}


TOGETHER = {
    # Callers that wait together share a transaction, which is the process's: only we ask for whom.
    "halcyon.infusion.v1.InfusionService.RecordVitals",
    "halcyon.infusion.v1.InfusionService.StreamVitals",
}
_NOT_FOR_NURSES = ("partner", "partner_message", "partner_answer", "webhook", "access_log", "audit")


async def test_a_line_that_says_nothing_has_nothing(servers: Any, tmp_path: Path) -> None:
    async with besieged(servers, "intake", tmp_path) as target:
        ((database,),) = await target.house.db.fetch("SELECT current_database()")
        line = await asyncpg.connect(servers.postgres.service_url(database, "intake"))
        try:
            assert await line.fetchval("SELECT count(*) FROM intake") == 0
            assert await line.execute("UPDATE intake SET revision = 9") == "UPDATE 0"
        finally:
            await line.close()


async def told_unasked(target: Besieged) -> AsyncIterator[Told]:
    """What a stranger is told where the rows are all that could keep it back."""
    async for told in told_apart(target, STRANGER):
        if told.method not in SAID | TOGETHER:
            yield told


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """No decision asks any more whose something is."""
    monkeypatch.setattr(Principal, "sees", lambda self, clinic_id: True)
    monkeypatch.setattr(Viewer, "may_see", lambda self, referral: True)
    monkeypatch.setattr(Viewer, "serves", lambda self, clinic_id: True)


@pytest.mark.parametrize("service", SERVICES)
async def test_an_application_that_forgets_tells_nothing(
    servers: Any, service: str, tmp_path: Path, forgetful: None
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        assert [told async for told in told_unasked(target)] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_the_judge_sees_when_the_policies_are_gone(
    servers: Any, service: str, tmp_path: Path, forgetful: None
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        tables = [row for row in await target.house.db.fetch(_TABLES) if row["forced"]]
        for name, *_ in tables:
            await target.house.as_owner(f'ALTER TABLE "{name}" DISABLE ROW LEVEL SECURITY')
        assert await anext(told_unasked(target), None)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_trace_tells_what_another_clinic_has(
    servers: Any, service: str, tmp_path: Path
) -> None:
    assert await traced_apart(servers, service, tmp_path) == []


async def test_the_judge_sees_a_trace_that_tells(
    servers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def telling(who: Principal, clinic_id: UUID) -> bool:
        trace.get_current_span().set_attribute("halcyon.flow.state", "known")
        return False

    monkeypatch.setattr(Principal, "sees", telling)
    monkeypatch.setattr(Principal, "words", None)
    assert await traced_apart(servers, "intake", tmp_path)


async def traced_apart(servers: Any, service: str, directory: Path) -> list[str]:
    """Methods whose spans depend on whether somebody else has the thing."""
    kept = InMemorySpanExporter()
    settings = Settings(database_url="", nats_url="", jwks="", trace_ratio=1)
    telemetry.start(settings, service, exporters=[kept], readers=[])
    asked = {}
    async with besieged(servers, service, directory) as target:
        token, ids = target.token(*PEOPLE, clinics=STRANGER, npi=OTHER_NPI), await target.ids()
        unary = [one for one in methods(service) if not one.server_streaming]
        for method in (one for one in unary if not one.client_streaming):
            for pair in twins(method, ids, 6):
                traces = uuid4().hex, uuid4().hex
                for trace_id, data in zip(traces, (pair.true, pair.false), strict=True):
                    header = (("traceparent", f"00-{trace_id}-{trace_id[:16]}-01"),)
                    await target.call(method, data, token=token, headers=header)
                asked[traces] = method.full_name
    telemetry.stop()
    spans = defaultdict(list)
    for span in kept.get_finished_spans():
        about = sorted((name, str(value)) for name, value in (span.attributes or {}).items())
        spans[f"{span.context.trace_id:032x}"].append((span.name, about, len(span.events)))
    assert len(spans) == 2 * len(asked)
    told = {name for (true, false), name in asked.items() if spans[true] != spans[false]}
    return sorted(told - SAID)
