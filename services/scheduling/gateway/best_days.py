"""The best days of a clinic by CP-SAT; a script that runs alone, where ortools is installed.

It reads one problem as JSON from stdin: sessions with the starts that each may have, the parts of a
visit by kind of resource, and how many of each kind there are in each unit. It answers with the
start of each session, or null. Best is, in this order: the least time from each day's first start
to its last end, the fewest sessions moved, the least they are moved by.
"""

import json
import sys
from typing import Any

from ortools.sat.python import cp_model


def best(problem: dict[str, Any]) -> list[int] | None:
    """The start of each session."""
    model = cp_model.CpModel()
    sessions, count = problem["sessions"], len(problem["sessions"])
    starts = [
        model.new_int_var_from_domain(cp_model.Domain.from_values(one["allowed"]), f"start{n}")
        for n, one in enumerate(sessions)
    ]
    moved = [model.new_bool_var(f"moved{n}") for n in range(count)]
    away = [model.new_int_var(0, 10_000, f"away{n}") for n in range(count)]
    for one, start, flag, far in zip(sessions, starts, moved, away, strict=True):
        model.add(start == one["start"]).only_enforce_if(flag.negated())
        model.add(far >= start - one["start"])
        model.add(far >= one["start"] - start)
        model.add_hint(start, one["start"])
    for before, after, gap in problem["gaps"]:
        model.add(starts[after] >= starts[before] + gap)
    if problem["most_moves"]:
        model.add(sum(moved) <= problem["most_moves"])
    _share(model, problem, starts)
    spans = _spans(model, problem, starts)
    far, many = 1 + 1_000 * count, 1 + 1_000 * count
    model.minimize(sum(spans) * far * (count + 1) + sum(moved) * many + sum(away))
    return _solved(model, starts, problem["seconds"])


def _share(model: cp_model.CpModel, problem: dict[str, Any], starts: list[Any]) -> None:
    """At no time more of a kind than there are; what is taken or away besides is there to stay."""
    for kind in problem["kinds"]:
        intervals, demands = list[Any](), list[int]()
        for n, one in enumerate(problem["sessions"]):
            if kind["name"] in one["parts"]:
                offset, length = one["parts"][kind["name"]]
                name = f"{kind['name']}{n}"
                intervals.append(
                    model.new_fixed_size_interval_var(starts[n] + offset, length, name)
                )
                demands.append(1)
        for unit, length, taken in kind["taken"]:
            name = f"{kind['name']}@{unit}"
            intervals.append(model.new_fixed_size_interval_var(unit, length, name))
            demands.append(taken)
        model.add_cumulative(intervals, demands, kind["count"])


def _spans(model: cp_model.CpModel, problem: dict[str, Any], starts: list[Any]) -> list[Any]:
    found = []
    for number, day in enumerate(problem["days"]):
        first = model.new_int_var(day["first"], day["last"], f"first{number}")
        last = model.new_int_var(day["first"], day["last"], f"last{number}")
        for n in day["sessions"]:
            model.add(first <= starts[n])
            model.add(last >= starts[n] + problem["sessions"][n]["length"])
        for start, end in day["fixed"]:
            model.add(first <= start)
            model.add(last >= end)
        found.append(last - first)
    return found


def _solved(model: cp_model.CpModel, starts: list[Any], seconds: float) -> list[int] | None:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [int(solver.value(one)) for one in starts]


if __name__ == "__main__":
    json.dump(best(json.load(sys.stdin)), sys.stdout)
