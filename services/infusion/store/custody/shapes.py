"""The controlled-drug record as rows, and rows as the record."""

from dataclasses import fields
from typing import Any

from chassis.plans import made
from services.infusion.domain import custody
from services.infusion.domain.custody import plain
from services.infusion.store.custody.rows import (
    ContainerRow,
    CountLineRow,
    CountRow,
    DisposalRow,
    EntryRow,
    IncidentRow,
    RegistrationRow,
    StocktakingRow,
)


def _columns(entity: Any) -> dict[str, Any]:
    """A row's columns bear the names of the entity's fields."""
    return {field.name: getattr(entity, field.name) for field in fields(entity)}


def registration(row: RegistrationRow) -> custody.Registration:
    """The registration that a row tells of."""
    return custody.Registration(row.dea_number, row.clinic_id, row.time_zone, row.open_date)


def registration_row(registration: custody.Registration) -> RegistrationRow:
    """The row of a registration."""
    return made(RegistrationRow, **_columns(registration))


def container(row: ContainerRow) -> custody.Container:
    """The container that a row tells of."""
    return custody.Container(
        row.container_id,
        row.dea_number,
        row.clinic_id,
        row.ndc,
        row.lot,
        row.label,
        row.expiry_date,
        row.drug,
        row.schedule,
        plain(row.strength),
        plain(row.capacity),
        row.pack,
    )


def container_row(container: custody.Container) -> ContainerRow:
    """The row of a container."""
    return made(ContainerRow, **_columns(container))


def entry(row: EntryRow) -> custody.Entry:
    """The entry that a row tells of."""
    act = custody.Act(
        row.cause_id,
        row.recorder,
        row.occur_time,
        row.record_time,
        row.witness,
        row.session_id,
        row.counterparty,
        row.reference,
    )
    change, balance = plain(row.change), plain(row.balance)
    kind = custody.Kind(row.kind)
    return custody.Entry(row.container_id, row.number, kind, change, balance, act, row.reversed_id)


def entry_row(entry: custody.Entry) -> EntryRow:
    """The row of an entry."""
    return made(
        EntryRow,
        container_id=entry.container_id,
        number=entry.number,
        entry_id=entry.entry_id,
        kind=entry.kind.value,
        change=entry.change,
        balance=entry.balance,
        reversed_id=entry.reversed_id,
        **_columns(entry.act),
    )


def disposal(row: DisposalRow) -> custody.Disposal:
    """The disposal that a row tells of."""
    return custody.Disposal(
        row.disposal_id,
        row.container_id,
        custody.Kind(row.kind),
        plain(row.amount),
        row.recorder,
        row.occur_time,
        row.reference,
        custody.DisposalStatus(row.status),
        row.witness,
        row.session_id,
        row.due_time,
        row.escalate_time,
    )


def stocktaking(row: StocktakingRow) -> custody.Stocktaking:
    """The inventories that a row tells of."""
    return custody.Stocktaking(
        row.stocktaking_id,
        row.dea_number,
        row.clinic_id,
        row.time_zone,
        row.due_date,
        custody.Stage(row.stage),
        row.revision,
    )


def stocktaking_row(known: custody.Stocktaking) -> StocktakingRow:
    """The row of a place's inventories."""
    return made(StocktakingRow, **_columns(known) | {"stage": known.stage.value})


def disposal_row(disposal: custody.Disposal) -> DisposalRow:
    """The row of a disposal."""
    told = {"kind": disposal.kind.value, "status": disposal.status.value}
    return made(DisposalRow, **_columns(disposal) | told)


def count(row: CountRow, lines: list[CountLineRow]) -> custody.Count:
    """The count that its rows tell of."""
    return custody.Count(
        row.count_id,
        row.dea_number,
        custody.Scope(row.scope),
        custody.Moment(row.moment),
        row.counter,
        row.count_time,
        tuple(map(line, lines)),
    )


def line(row: CountLineRow) -> custody.Line:
    """One container as counted."""
    book, counted = plain(row.book), plain(row.counted)
    return custody.Line(row.container_id, row.number, book, counted, row.incident_id)


def count_rows(count: custody.Count) -> tuple[CountRow, list[CountLineRow]]:
    """The rows of a count."""
    told = _columns(count) | {"scope": count.scope.value, "moment": count.moment.value}
    del told["lines"]
    lines = [
        made(CountLineRow, count_id=count.count_id, place=place, **_columns(one))
        for place, one in enumerate(count.lines)
    ]
    return made(CountRow, **told), lines


def incident(row: IncidentRow) -> custody.Incident:
    """The incident that a row tells of."""
    return custody.Incident(
        row.incident_id,
        row.container_id,
        row.dea_number,
        row.clinic_id,
        row.ndc,
        plain(row.book),
        plain(row.counted),
        row.counter,
        row.find_time,
        row.due_time,
        row.pack,
        row.revision,
        custody.IncidentStatus(row.status),
        custody.Resolution(row.resolution) if row.resolution else None,
        row.resolver,
        row.reference,
    )


def incident_row(incident: custody.Incident) -> IncidentRow:
    """The row of an incident."""
    resolution = incident.resolution.value if incident.resolution else None
    told = {"status": incident.status.value, "resolution": resolution}
    return made(IncidentRow, **_columns(incident) | told)
