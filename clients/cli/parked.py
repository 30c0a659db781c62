"""`halcyon parked`: facts that a service could not handle, listed, shown and replayed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from clients.cli.operating import span
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import tables
from clients.network import NetworkFailed
from clients.sdk import Halcyon, NotFound
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1.flow_calls_pb2 import (
    REPLAY_MODE_COMMIT,
    REPLAY_MODE_DRY_RUN,
    ParkedFilter,
    ReplayParkedFactsRequest,
    ReplayParkedFactsResponse,
)
from halcyon.operations.v1.operations_service_pb2 import ParkedFact

app = typer.Typer(help="See and replay facts that could not be handled.", no_args_is_help=True)

Service = Annotated[str | None, typer.Option("--service", help="One service; all when left out.")]
Event = Annotated[str, typer.Argument(help="The event's id.")]


@app.command("list")
def list_parked(service: Service = None, data: Data = DEFAULT) -> None:
    """List the facts that wait for a person, oldest first."""

    async def listing() -> list[tuple[str, ParkedFact]]:
        async with acting(data, "operator") as operator:
            return [
                (name, fact)
                for name in _chosen(operator, service)
                for fact in await _all(operator, name)
            ]

    found = run(listing())
    show(tables.parked(found) if found else "nothing is parked")


@app.command("show")
def show_parked(event_id: Event, service: Service = None, data: Data = DEFAULT) -> None:
    """Show one parked fact, without its content."""

    async def showing() -> tuple[str, ParkedFact]:
        async with acting(data, "operator") as operator:
            return await _find(operator, event_id, service)

    name, fact = run(showing())
    shown = tables.table(f"Parked in {name}", "what", "value")
    for field, value in fact.ListFields():
        told = value.ToJsonString() if field.message_type else str(value)
        shown.add_row(field.name.replace("_", " "), told)
    show(shown)


@app.command()
def replay(
    event_id: Annotated[str | None, typer.Argument(help="One event; else a filter.")] = None,
    service: Service = None,
    fact: Annotated[str, typer.Option(help="Full name of the facts to replay.")] = "",
    error: Annotated[str, typer.Option(help="Class of their error.")] = "",
    flow: Annotated[str, typer.Option(help="The referral they belong to.")] = "",
    within: Annotated[str, typer.Option(help="Parked so lately: 90s, 15m, 2h or 3d.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Without any filter.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only count them.")] = False,
    rate: Annotated[int, typer.Option(help="At most so many a second, up to 200.")] = 20,
    reason: Annotated[str, typer.Option(help="Why; for the operations log.")] = "",
    data: Data = DEFAULT,
) -> None:
    """Handle parked facts again, oldest first; replaying what was replayed changes nothing."""
    if event_id is not None:
        _replay_one(event_id, service, reason, data)
        return
    if not (everything or fact or error or flow or within):
        raise NetworkFailed("say which: an event, --fact, --error, --flow, --within or --all")
    wanted = ParkedFilter(subject=fact, error_class=error, referral_id=flow)
    if within:
        wanted.since_time.FromDatetime(datetime.now(UTC) - span(within))
    mode = REPLAY_MODE_DRY_RUN if dry_run else REPLAY_MODE_COMMIT
    request = ReplayParkedFactsRequest(
        filter=wanted, mode=mode, per_second=rate, reason=reason or "dry run" * dry_run
    )
    for name, done in run(_replay_many(data, service, request)):
        if dry_run:
            show(f"{name} would replay {done.replayed_count}")
        else:
            left = f"{done.failed_count} failed again, {done.blocked_count} wait for those"
            show(f"{name} has handled {done.replayed_count}; {left}")


async def _replay_many(
    data: Path, service: str | None, request: ReplayParkedFactsRequest
) -> list[tuple[str, ReplayParkedFactsResponse]]:
    """Page by page, so that each call has an end; the sums for each service."""
    totals = []
    async with acting(data, "operator") as operator:
        for name in _chosen(operator, service):
            total = ReplayParkedFactsResponse()
            request.after_sequence, request.after_event_id = 0, ""
            while True:
                page = await operator.operations(name).ReplayParkedFacts(request)
                total.replayed_count += page.replayed_count
                total.failed_count += page.failed_count
                total.blocked_count += page.blocked_count
                if not page.next_event_id:
                    break
                request.after_sequence = page.next_sequence
                request.after_event_id = page.next_event_id
            totals.append((name, total))
    return totals


def _replay_one(event_id: str, service: str | None, reason: str, data: Path) -> None:
    async def replaying() -> str:
        async with acting(data, "operator") as operator:
            name, _ = await _find(operator, event_id, service)
            request = rpc.ReplayParkedFactRequest(event_id=event_id, reason=reason)
            await operator.operations(name).ReplayParkedFact(request)
            return name

    show(f"{run(replaying())} has handled {event_id}")


def _chosen(operator: Halcyon, service: str | None) -> tuple[str, ...]:
    if service is None:
        return operator.services
    if service not in operator.services:
        raise NetworkFailed(f"no such service: {service}; there are {', '.join(operator.services)}")
    return (service,)


async def _all(operator: Halcyon, service: str) -> list[ParkedFact]:
    facts: list[ParkedFact] = []
    request = rpc.ListParkedFactsRequest()
    while True:
        page = await operator.operations(service).ListParkedFacts(request)
        facts += page.facts
        if not page.next_page_token:
            return facts
        request.page_token = page.next_page_token


async def _find(operator: Halcyon, event_id: str, service: str | None) -> tuple[str, ParkedFact]:
    """A fact may be parked in more than one service; the first one that has it answers."""
    missing: NotFound | None = None
    for name in _chosen(operator, service):
        try:
            request = rpc.GetParkedFactRequest(event_id=event_id)
            return name, (await operator.operations(name).GetParkedFact(request)).fact
        except NotFound as fault:
            missing = fault
    raise missing or NetworkFailed("no service is known")
