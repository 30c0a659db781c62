"""The least makespan of each request, proved by CP-SAT; runs alone, where ortools is installed.

It reads problems as JSON from stdin and answers with the start of the last session of the best
series of each, or null where there is none. A week is 672 units: the bench has no clock change.
"""

import json
import sys
from typing import Any

from ortools.sat.python import cp_model

WEEK = 7 * 96


def best(problem: dict[str, Any]) -> int | None:
    model = cp_model.CpModel()
    free = cp_model.Domain.from_values([unit for unit, _ in problem["free"]])
    days = cp_model.Domain.from_values(sorted({day for _, day in problem["free"]}))
    weeks = [week for week, count in enumerate(problem["weeks"]) for _ in range(count)]
    starts = [model.new_int_var_from_domain(free, f"start{n}") for n in range(len(weeks))]
    dates = [model.new_int_var_from_domain(days, f"day{n}") for n in range(len(weeks))]
    for start, date in zip(starts, dates, strict=True):
        model.add_allowed_assignments([start, date], problem["free"])
    for n, week in enumerate(weeks):
        if n:
            model.add(starts[n] >= starts[n - 1] + problem["gap"])
        model.add(starts[n] >= starts[0] + week * WEEK)
        model.add(starts[n] < starts[0] + (week + 1) * WEEK)
        for most, span in problem["limits"]:
            if n >= most:
                model.add(dates[n] >= dates[n - most] + span)
    model.minimize(starts[-1])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return int(solver.value(starts[-1])) if found else None


if __name__ == "__main__":
    json.dump([best(one) for one in json.load(sys.stdin)], sys.stdout)
