"""`python -m bench.vitals`: readings into durable storage, alerts on the screen, what they cost.

Monitor gateways stream to one infusion service over gRPC (tokens, validation, alert rules on); a
reading counts when its answer came, which is after the commit. Some sessions go in and out of
alerts all the time. The floor copies the same rows into the same table and does nothing else.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from bench.usage import Meter
from chassis.embedded import remove
from clients.network import Network, Options
from clients.sdk import Halcyon
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls

OUT = Path(__file__).parent / "out" / "vitals.json"
_WINDOW = 32
_COURSES = """INSERT INTO course SELECT id, 1, 1, id, id, id, id, $2, 1, 40, 1
    FROM unnest($1::uuid[]) AS id"""
_SESSIONS = """INSERT INTO session (session_id, course_id, clinic_id, number, planned_start_time,
    status, revision) SELECT id, id, $2, 1, now(), 'recovery', 0 FROM unnest($1::uuid[]) AS id"""
_DAYS = """INSERT INTO attendance (session_id, arrive_time, latest_time, pack, leave_reason)
    SELECT id, now() - interval '1 hour', now(), 'halcyon-default@2', '' FROM unnest($1::uuid[]) AS id"""  # noqa: E501
_COLUMNS = (
    "session_id", "measure_time", "oxygen_saturation", "heart_rate", "respiratory_rate", "artefact",
)  # fmt: skip


async def admit(line: asyncpg.Connection, count: int) -> list[UUID]:
    """Patients who are here; their referrals are not measured."""
    ids, clinic = [uuid4() for _ in range(count)], uuid4()
    async with line.transaction():
        await line.execute(_COURSES, ids, clinic)
        await line.execute(_SESSIONS, ids, clinic)
        await line.execute(_DAYS, ids)
    return ids


class Gateway:
    """One stream of many sessions: sends ahead of the answers, and counts what is answered."""

    def __init__(self, nurse: Halcyon, sessions: Sequence[UUID], plan: argparse.Namespace) -> None:
        self._nurse, self._sessions, self._plan = nurse, sessions, plan
        self._slots = asyncio.Semaphore(_WINDOW)
        self._sent: dict[int, float] = {}
        self._loud = set(sessions[: round(len(sessions) * plan.loud)])
        self.kept, self.took = 0, list[float]()

    async def run(self, seconds: float, each: int) -> None:
        self._until, self._each = time.perf_counter() + seconds, each
        async for answer in self._nurse.infusion.StreamVitals(self._messages()):
            self._slots.release()
            assert not answer.refusal_reason, answer.refusal_reason
            self.kept += answer.recorded_count
            self.took.append(time.perf_counter() - self._sent.pop(answer.sequence))

    async def _messages(self) -> AsyncIterator[calls.StreamVitalsRequest]:
        sequence, moment = 0, datetime.now(UTC) - timedelta(minutes=80)
        while time.perf_counter() < self._until:
            for session_id in self._sessions:
                await self._slots.acquire()
                sequence += 1
                self._sent[sequence] = time.perf_counter()
                loud = session_id in self._loud
                readings = [self._reading(moment, n, loud) for n in range(self._each)]
                yield calls.StreamVitalsRequest(
                    session_id=str(session_id), sequence=sequence, readings=readings
                )
            moment += timedelta(seconds=self._each)

    def _reading(self, moment: datetime, number: int, loud: bool) -> nouns.Vitals:
        at = moment + timedelta(seconds=number)
        return reading(at, 88 if loud and at.minute % 2 else 97)


def reading(at: datetime, saturation: int = 97, **more: int) -> nouns.Vitals:
    """One line of a monitor."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    told: dict[str, Any] = {"heart_rate": 72, "respiratory_rate": 14, **more}
    return nouns.Vitals(measure_time=stamp, oxygen_saturation=saturation, **told)


async def sustained(network: Network, plan: argparse.Namespace, each: int) -> dict[str, Any]:
    """Closed loops of several gateways; what is in the table afterwards is counted."""
    line = await asyncpg.connect(network.database_url("infusion"))
    ids = await admit(line, plan.sessions)
    pids = [network.servers.postgres.pid, network.pid("infusion")]
    async with network.client("nurse") as nurse:
        parts = [ids[n :: plan.gateways] for n in range(plan.gateways)]
        gateways = [Gateway(nurse, part, plan) for part in parts]
        began = time.perf_counter()
        with Meter(pids) as used:
            await asyncio.gather(*(one.run(plan.seconds, each) for one in gateways))
        took = time.perf_counter() - began
    kept = sum(one.kept for one in gateways)
    stored = await line.fetchval("SELECT count(*) FROM vitals WHERE session_id = ANY($1)", ids)
    alerts = await line.fetchval("SELECT count(*) FROM alert WHERE session_id = ANY($1)", ids)
    await line.close()
    answers = sorted(each for one in gateways for each in one.took)
    return {
        "readings_per_s": round(kept / took),
        "answer_p50_ms": round(1000 * statistics.median(answers), 1),
        "answer_p99_ms": round(1000 * answers[int(len(answers) * 0.99)], 1),
        "cpu_us_per_reading": round(1e6 * used.cpu_s / kept, 1),
        "readings": kept,
        "answered_but_not_stored": kept - stored,
        "alerts": alerts,
    }


async def on_screen(network: Network, rounds: int) -> dict[str, float]:
    """From the nurse's call to the screen, on a machine that does nothing else."""
    line = await asyncpg.connect(network.database_url("infusion"))
    (session_id,) = map(str, await admit(line, 1))
    await line.close()
    seen: dict[str, list[float]] = {"reading": [], "alert": []}
    async with network.client("nurse") as nurse:
        screen: Any = nurse.infusion.WatchSession(calls.WatchSessionRequest(session_id=session_id))
        assert (await screen.read()).HasField("session")
        for number in range(rounds):
            told = reading(
                datetime.now(UTC), systolic=185 if number % 2 else 120, diastolic=80, moaas=5
            )
            sent = time.perf_counter()
            request = rpc.RecordVitalsRequest(session_id=session_id, readings=[told])
            call = asyncio.create_task(_call(nurse, request))
            wanted = {"reading", "alert"} if number else {"reading"}
            while wanted:
                kind = (await screen.read()).WhichOneof("news")
                if kind in wanted:
                    wanted.discard(kind)
                    seen[kind].append(1000 * (time.perf_counter() - sent))
            await call
            await asyncio.sleep(0.05)
        screen.cancel()
    figures = {}
    for kind, took in seen.items():
        took.sort()
        figures[f"{kind}_p50_ms"] = round(statistics.median(took), 1)
        figures[f"{kind}_p99_ms"] = round(took[int(len(took) * 0.99)], 1)
        figures[f"{kind}_max_ms"] = round(took[-1], 1)
    return figures


async def _call(nurse: Halcyon, request: rpc.RecordVitalsRequest) -> None:
    await nurse.infusion.RecordVitals(request)


async def floor(network: Network, seconds: float) -> dict[str, int]:
    """The table and nothing else: COPY of 5,120 rows from one process, each committed."""
    line = await asyncpg.connect(network.database_url("infusion"))
    ids, began, kept = [uuid4() for _ in range(512)], time.perf_counter(), 0
    moment = datetime.now(UTC) - timedelta(minutes=50)
    while (took := time.perf_counter() - began) < seconds:
        moments = [moment + timedelta(seconds=n) for n in range(10)]
        rows = [(one, at, 97, 72, 14, False) for one in ids for at in moments]
        await line.copy_records_to_table("vitals", records=rows, columns=_COLUMNS)
        moment += timedelta(seconds=10)
        kept += len(rows)
    await line.close()
    return {"floor_readings_per_s": round(kept / took)}


async def measure(network: Network, plan: argparse.Namespace) -> dict[str, Any]:
    """Latency first, on an idle machine; then throughput, then the floor."""
    return {
        "on_screen": await on_screen(network, plan.rounds),
        "spooled_10": await sustained(network, plan, 10),
        "live_1": await sustained(network, plan, 1),
        **await floor(network, plan.seconds / 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--gateways", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument(
        "--loud", type=float, default=0.05, help="share of sessions in and out of alerts"
    )
    plan = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="halcyon-bench-"))
    try:
        options = Options(services=("infusion",), seed=False)
        with Network(directory, options) as network:
            figures = asyncio.run(measure(network, plan))
    finally:
        remove(directory)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
