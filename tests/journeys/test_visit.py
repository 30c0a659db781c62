"""One visit by the people of a clinic, over real processes: held, started, watched, sent home."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import uuid4

import pytest

from clients import journey
from clients.network import Network
from clients.network.seed import SEATTLE
from clients.sdk import FailedPrecondition, Halcyon
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionDischarged, SessionPlanned
from halcyon.infusion.v1 import infusion_pb2 as infusion
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1.infusion_service_pb2 import ListSessionsRequest
from tests.flows import NPI, application, submit

pytestmark = pytest.mark.xdist_group("network")


@pytest.fixture
async def nurse(network: Network) -> AsyncIterator[Halcyon]:
    async with network.client("nurse", "coordinator") as nurse:
        yield nurse


@pytest.fixture
async def second(network: Network) -> AsyncIterator[Halcyon]:
    async with network.client("nurse") as second:
        yield second


async def first_session(network: Network, nurse: Halcyon) -> tuple[str, infusion.Session]:
    async with network.client("referrer", npi=NPI) as doctor:
        referral_id = await submit(doctor, application(1, SEATTLE, uuid4()))
        await journey.until(doctor, referral_id, [SessionPlanned])
    network.settle()
    request = ListSessionsRequest(page_size=200)
    found = (await nurse.infusion.ListSessions(request)).sessions
    mine = [one for one in found if one.referral_id == referral_id]
    return referral_id, min(mine, key=lambda one: one.number)


async def command(network: Network, *words: str) -> str:
    program = sys.executable, "-m", "clients.cli", *words, "--data", str(network.directory)
    process = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, env=os.environ | {"COLUMNS": "200"}
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


async def alarms(watcher: Halcyon, session_id: str) -> set[str]:
    """Every alert that a screen showed until the patient was gone."""
    async with aclosing(journey.alerts(watcher, session_id)) as alerts:
        return {one.rule_id async for one in alerts}


async def test_a_visit_from_the_gate_to_the_way_home(
    network: Network, nurse: Halcyon, second: Halcyon
) -> None:
    referral_id, session = await first_session(network, nurse)
    session_id = session.session_id
    high = journey.vitals(172, 104, minutes_ago=120)
    await journey.check_in(nurse, session, minutes_ago=120, reading=high)
    await journey.confirm(second, session, minutes_ago=119)
    with pytest.raises(FailedPrecondition) as refused:
        await journey.begin(nurse, session_id, minutes_ago=119)
    assert refused.value.reason == "GATE_NOT_PASSED"
    assert set(refused.value.metadata) == {"systolic", "diastolic"}
    assert not (await journey.check_in(nurse, session, minutes_ago=112)).findings
    await journey.begin(nurse, session_id, minutes_ago=110)

    watching = asyncio.create_task(alarms(nurse, session_id))
    message = monitoring.StreamVitalsRequest(
        session_id=session_id,
        sequence=7,
        readings=[
            journey.vitals(*pressure, minutes_ago=110 - 10 * count)
            for count, pressure in enumerate([(131, 84), (186, 99), (140, 88), (133, 82)], 1)
        ],
    )
    (answer,) = [one async for one in nurse.infusion.StreamVitals(iter([message]))]
    assert (answer.sequence, answer.recorded_count, answer.refusal_reason) == (7, 4, "")
    ended = await journey.finish(nurse, session_id, minutes_ago=70)
    assert ended.running_minutes == 40
    gone = await journey.go_home(nurse, session_id, rest_minutes=69)
    assert gone.status == infusion.SESSION_STATUS_DISCHARGED
    assert "systolic_very_high" in await asyncio.wait_for(watching, 20)
    async with network.client("referrer", npi=NPI) as doctor:
        await journey.until(doctor, referral_id, [SessionDischarged])
    shown = await command(network, "infusion", "show", session_id)
    assert "discharged" in shown
    assert "systolic_very_high" in shown
    assert "Escort" not in shown
    assert "discharged" in await command(network, "infusion", "list", session.series_id)
