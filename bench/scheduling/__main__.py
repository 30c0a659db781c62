"""What finding a series costs: `python -m bench.scheduling`.

A clinic with 10 rooms whose next 90 days are 80 % full, asked for series of 8 sessions by patients
with and without windows of their own. Each request starts from the packed agenda, as a call does.
With HALCYON_CPSAT_PYTHON (an interpreter that has ortools) the same requests are solved to proven
optimality in a process of its own, and the makespans are compared.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from uuid import UUID, uuid5

from services.scheduling.domain import (
    Agenda,
    Bound,
    Clinic,
    Day,
    Hours,
    Kind,
    Patient,
    Plan,
    Preferences,
    Resource,
    Shelf,
    Spot,
    Wish,
    allocate,
    wish,
)
from services.scheduling.packs import policy

NAME = UUID("5b0c3b0e-0000-4000-8000-000000000001")
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEKS = (3, 2, 1, 1, 1)
FULL, DAYS, PLACES = 0.8, 90, 10


@dataclass
class Answer:
    """One request: what it cost, and when its last session starts."""

    wanted: Wish
    agenda: Agenda
    milliseconds: float
    spots: tuple[Spot, ...] | Bound


def clinic() -> Clinic:
    counts = {Kind.ROOM: 10, Kind.PUMP: 10, Kind.NURSE: 5, Kind.CHAIR: 10}
    resources = tuple(
        Resource(uuid5(NAME, f"{kind}/{n}"), kind, f"{kind} {n}", 2 if kind == Kind.NURSE else 1)
        for kind, count in counts.items()
        for n in range(count)
    )
    hours = tuple(Hours(day, 480, 1080) for day in range(1, 6))
    return Clinic(NAME, 1, "Bench", "America/Denver", 0, 0, (), hours, resources, 3600, 1000)


def plan(weeks: tuple[int, ...] = WEEKS) -> Plan:
    return Plan(NAME, NAME, NAME, NAME, "F33", weeks, 48, 45, 60)


def filled(shelf: Shelf, choice: random.Random) -> Agenda:
    """Visits back to back, as holds leave them, and four of five kept: 90 days 80 % full."""
    agenda = Agenda(shelf)
    agenda.complete = True
    fitting = shelf.fitting(wish(plan((1,)), policy(), agenda, NOW).visit)
    first = shelf.calendar.ordinal(shelf.calendar.unit(NOW))
    for ordinal in range(first, first + DAYS):
        opened = shelf.calendar.day(ordinal).opened
        begin = (opened & -opened).bit_length() - 1
        for turn in range(opened.bit_count() // fitting.length):
            for _ in range(PLACES):
                spot = agenda.spot(ordinal, begin + turn * fitting.length, fitting)
                if spot and choice.random() < FULL:
                    agenda.take([spot], fitting)
    return agenda


def answers(count: int, seed: int) -> Iterator[Answer]:
    choice, shelf = random.Random(seed), Shelf(clinic(), policy().unit_minutes)
    packed = {one: day.packed() for one, day in filled(shelf, choice).days.items()}
    for _ in range(count):
        agenda = Agenda(shelf)
        agenda.days = {one: Day(day) for one, day in packed.items()}
        agenda.complete = True
        begin = NOW + timedelta(hours=choice.randrange(24 * 30))
        asked = wish(plan(), policy(), agenda, begin, patient(choice))
        before = process_time()
        spots = allocate(asked, agenda, 0)
        spent = (process_time() - before) * 1000
        assert not isinstance(spots, Exception)
        yield Answer(asked, agenda, spent, spots)


def patient(choice: random.Random) -> Patient:
    """A third come any time, a third mornings or afternoons, a third on some days only."""
    kind = choice.randrange(3)
    if kind == 0:
        return Patient()
    begin = choice.choice([480, 720])
    days = range(1, 6) if kind == 1 else choice.sample(range(1, 6), 4)
    hours = tuple(Hours(day, begin, begin + 360) for day in sorted(days))
    return Patient(Preferences(windows=hours))


def last(agenda: Agenda, spot: Spot) -> int:
    return agenda.shelf.calendar.day(spot.ordinal).first + spot.at


def problem(one: Answer) -> dict[str, object]:
    """The request in plain numbers: every start that is free, and the rules."""
    agenda, wanted = one.agenda, one.wanted
    fitting, calendar = agenda.shelf.fitting(wanted.visit), agenda.shelf.calendar
    begin = calendar.ordinal(wanted.earliest)
    free: list[tuple[int, int]] = []
    for ordinal in range(begin, begin + 70):
        day = calendar.day(ordinal)
        bits = agenda.learn_starts(ordinal, fitting)
        if wanted.preferences.windows:
            bits &= wanted.starts_allowed(day, fitting.length)
        for at in range(day.units):
            wished = bits >> at & 1 and day.first + at >= wanted.earliest
            if wished and agenda.spot(ordinal, at, fitting):
                free.append((day.first + at, ordinal))
    return {
        "free": free, "weeks": wanted.weeks, "gap": wanted.gap, "limits": wanted.binding,
        "found": last(agenda, one.spots[-1]) if isinstance(one.spots, tuple) else None,
        "earliest": wanted.earliest,
    }  # fmt: skip


def compared(problems: Sequence[dict[str, object]], python: str) -> dict[str, object]:
    script = Path(__file__).with_name("best.py")
    told = subprocess.run(
        [python, str(script)],
        input=json.dumps(problems),
        capture_output=True,
        text=True,
        check=True,
    )
    best: list[int | None] = json.loads(told.stdout)
    ratios = [
        (one["found"] - one["earliest"] + 9) / (value - one["earliest"] + 9)  # type: ignore[operator]
        for one, value in zip(problems, best, strict=True)
        if value is not None and one["found"] is not None
    ]
    missed = sum(b is not None and p["found"] is None for p, b in zip(problems, best, strict=True))
    return {
        "compared": len(ratios),
        "mean_makespan_ratio": round(statistics.mean(ratios), 4),
        "worst_makespan_ratio": round(max(ratios), 4),
        "share_within_5_percent": round(sum(one <= 1.05 for one in ratios) / len(ratios), 3),
        "missed": missed,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--compared", type=int, default=40)
    chosen = arguments.parse_args()
    found = list(answers(chosen.requests, 1))
    spent = sorted(one.milliseconds for one in found)
    report: dict[str, object] = {
        "requests": len(found),
        "without_times": sum(isinstance(one.spots, Bound) for one in found),
        "p50_ms": round(statistics.median(spent), 2),
        "p99_ms": round(spent[int(0.99 * len(spent))], 2),
        "max_ms": round(spent[-1], 2),
        "under_20_ms": round(sum(one < 20 for one in spent) / len(spent), 4),
    }
    if python := os.environ.get("HALCYON_CPSAT_PYTHON"):
        report["cp_sat"] = compared([problem(one) for one in found[: chosen.compared]], python)
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
