"""Flows, their steps and reasons, pauses, and the log of operators, as tables."""

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import COLOURS, fact, moment, plain
from clients.flows import Picture, Reason
from halcyon.operations.v1 import flow_pb2 as said


def flows(found: Iterable[tuple[str, said.Flow]]) -> Table:
    """Flows that are longest in their state first."""
    made = table("Flows", "referral", "state", "since", "clinic")
    for _, one in found:
        clinic = one.clinic_id or "not routed yet"
        made.add_row(one.referral_id, one.state, moment(one.since_time), clinic)
    return made


def facts(known: Picture) -> Table:
    """What was stated, and which of its listeners have handled it."""
    made = table("Facts", "recorded", "stated by", "fact", "stream", "handled by", "trace")
    for service, one in known.facts:
        listeners = [name for name, seen in known.seen.items() if one.subject in seen.hears]
        marks = [_mark(known, name, one.event_id) for name in listeners]
        stream = "yes" if one.HasField("publish_time") else "[red]no[/]"
        shown = moment(one.record_time), _named(service), fact(one.subject), stream
        made.add_row(*shown, " ".join(marks), one.trace_id)
    _fold(made, "handled by")
    return made


def steps(owed: Sequence[tuple[str, said.Step]]) -> Table:
    """Steps by the name that retry and skip take."""
    made = table("Steps owed", "step", "state", "tries", "error", "at", right=("tries",))
    for service, one in owed:
        state = plain(said.StepState.Name(one.state), "STEP_STATE_")
        at = moment(one.step_time) if one.HasField("step_time") else ""
        error = one.error_class or one.held_by
        made.add_row(step_name(service, one.name), state, str(one.attempts), error, at)
    _fold(made, "step", "error")
    return made


def reasons(found: Sequence[Reason]) -> str:
    """Why it does not move."""
    if not found:
        return "[green]nothing is stuck[/]: it waits for its time, or for a person"
    lines = [f"  {_named(one.service)} {escape(one.what)}" for one in found]
    return "\n".join(["[bold red]stuck[/]", *lines])


def step_name(service: str, name: said.StepName) -> str:
    """One word for a step: service/kind/name/id."""
    kind = plain(said.StepKind.Name(name.kind), "STEP_KIND_")
    return f"{service}/{kind}/{name.name}/{name.id}"


def pauses(found: Iterable[tuple[str, said.PauseState]]) -> Table:
    """What is held back, by whom and why."""
    made = table("Pauses", "service", "what", "by", "since", "held", "reason", right=("held",))
    for service, one in found:
        kind = plain(said.PauseKind.Name(one.name.kind), "PAUSE_KIND_")
        since = "resuming" if one.HasField("resume_time") else moment(one.pause_time)
        about = f"{kind} {escape(one.name.name)}", escape(one.actor), since, str(one.held_count)
        made.add_row(_named(service), *about, escape(one.reason))
    _fold(made, "what", "reason")
    return made


def operations(found: Iterable[tuple[str, said.Operation]]) -> Table:
    """Who did what to what, and why."""
    made = table("Operations", "when", "service", "who", "did", "to", "because")
    for service, one in found:
        about = escape(one.actor), one.action, escape(one.target), escape(one.reason)
        made.add_row(moment(one.operate_time), _named(service), *about)
    _fold(made, "to", "because")
    return made


def _mark(known: Picture, listener: str, event_id: str) -> str:
    done = event_id in known.handled[listener]
    return f"[{'green' if done else 'red'}]{listener}[/]" + ("" if done else "?")


def _named(service: str) -> str:
    return f"[{COLOURS.get(service, 'white')}]{service}[/]"


def _fold(made: Table, *columns: str) -> None:
    for column in made.columns:
        if column.header in columns:
            column.no_wrap, column.overflow = False, "fold"
