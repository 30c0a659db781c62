"""One trace as a tree: who did what because of what, and how long it took."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.tree import Tree

from chassis.traces import SpanLine
from clients.cli.views.words import COLOURS


def of_trace(spans: Sequence[SpanLine], trace_id: str) -> list[SpanLine]:
    """The spans of one trace, oldest first."""
    return [span for span in spans if span["trace_id"] == trace_id]


def services(spans: Sequence[SpanLine]) -> list[str]:
    """The services a trace has touched."""
    return sorted({span["service"] for span in spans} & COLOURS.keys() - {"terminal"})


def trace(spans: Sequence[SpanLine], trace_id: str) -> Tree:
    """The tree of a trace; repeated twins are shown once."""
    found = of_trace(spans, trace_id)
    known = {span["span_id"] for span in found}
    below: dict[str, list[SpanLine]] = {}
    for span in found:
        parent = span["parent_span_id"] if span["parent_span_id"] in known else ""
        below.setdefault(parent, []).append(span)
    touched = ", ".join(f"[{COLOURS[name]}]{name}[/]" for name in services(found))
    tree = Tree(f"[bold]Trace {trace_id}[/], {len(found)} spans in {touched}")
    start = min((span["start_unix_nano"] for span in found), default=0)
    _grow(tree, "", below, start)
    return tree


def _grow(branch: Tree, parent: str, below: Mapping[str, list[SpanLine]], start: int) -> None:
    for _, group in groupby(below.get(parent, ()), key=lambda span: _shape(span, below)):
        twins = list(group)
        grown = branch.add(_line(twins, start))
        _grow(grown, twins[0]["span_id"], below, start)


def _shape(span: SpanLine, below: Mapping[str, list[SpanLine]]) -> object:
    """Twins follow one another, are called the same and caused nothing more."""
    return span["span_id"] if span["span_id"] in below else (span["service"], span["name"])


def _line(twins: Sequence[SpanLine], start: int) -> str:
    first, last = twins[0], twins[-1]
    at = (first["start_unix_nano"] - start) / 1e6
    took = (last["end_unix_nano"] - first["start_unix_nano"]) / 1e6
    service = first["service"]
    name = _short(first["name"])
    times = f" ×{len(twins)}" if len(twins) > 1 else ""
    failed = " [red]failed[/]" if first["status"] == "ERROR" else ""
    colour = COLOURS.get(service, "white")
    return f"[{colour}]{service}[/] {name}{times}{failed} [dim]+{at:.0f} ms, took {took:.1f}[/]"


def _short(name: str) -> str:
    """A contract's full name is long; its own part says enough beside the service."""
    verb, _, subject = name.rpartition(" ")
    own = re.split(r"[./]", subject)[-1] if subject.startswith("halcyon.") else subject
    return f"{verb} {own}".strip()
