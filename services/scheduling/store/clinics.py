"""Clinics and their resources."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select

from chassis.database import Tx
from chassis.ids import named
from chassis.refusal import NotFound
from services.scheduling import wire
from services.scheduling.domain import Clinic, ClinicUpdated, Closure, Hours, Kind, Resource
from services.scheduling.store.closures import closures_of
from services.scheduling.store.rows import ClinicRow, DeskRow, ResourceRow
from services.scheduling.store.waiting import wake_waitlist

_OWNED = "SELECT resource_id, clinic_id, kind FROM resource WHERE resource_id = ANY($1::uuid[])"


async def lock_clinic(tx: Tx, clinic_id: UUID) -> Clinic | None:
    """The clinic, for change: its desk first, as everyone who changes anything of it does."""
    await tx.find(DeskRow, clinic_id)
    return await find_clinic(tx, clinic_id)


async def get_clinic(tx: Tx, clinic_id: UUID) -> Clinic:
    """The clinic, or a refusal."""
    if clinic := await find_clinic(tx, clinic_id):
        return clinic
    raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")


async def find_clinic(tx: Tx, clinic_id: UUID) -> Clinic | None:
    """The clinic, if it is known."""
    found = await tx.rows(select(ClinicRow).where(col(ClinicRow.clinic_id) == clinic_id))
    return (await _clinics(tx, found))[0] if found else None


async def owned(tx: Tx, clinic: Clinic) -> Mapping[UUID, tuple[UUID, Kind]]:
    """Whose the wanted resources are already, and of what kind."""
    wanted = [one.resource_id for one in clinic.resources]
    found = await tx.driver.fetch(_OWNED, wanted)
    return {row[0]: (row[1], Kind(row[2])) for row in found}


async def list_clinics(
    tx: Tx, limit: int, after: tuple[str, UUID] | None, only: Iterable[UUID] | None
) -> list[Clinic]:
    """By name; all of them, or only these."""
    key = (col(ClinicRow.name), col(ClinicRow.clinic_id))
    query = select(ClinicRow).order_by(*key).limit(limit)
    if only is not None:
        query = query.where(col(ClinicRow.clinic_id).in_(list(only)))
    if after is not None:
        query = query.where(tuple_(*key) > after)
    return await _clinics(tx, await tx.rows(query))


async def record_clinic(tx: Tx, clinic: Clinic, events: Iterable[ClinicUpdated]) -> None:
    """Keep the clinic and its facts together; a clinic that did not change is not written."""
    for event in events:
        tx.emit(wire.event(event))
        tx.put(_row(clinic))
        await _keep_resources(tx, clinic)
        desk = await tx.find(DeskRow, clinic.clinic_id)
        tx.put(_desk_row(clinic, await closures_of(tx, clinic.clinic_id), desk))
        wake_waitlist(tx, clinic.clinic_id)


async def _keep_resources(tx: Tx, clinic: Clinic) -> None:
    mine = col(ResourceRow.clinic_id) == clinic.clinic_id
    known = {one.resource_id: one for one in await tx.rows(select(ResourceRow).where(mine))}
    for one in clinic.resources:
        known.pop(one.resource_id, None)
        tx.put(
            ResourceRow(
                resource_id=one.resource_id,
                clinic_id=clinic.clinic_id,
                kind=one.kind.value,
                label=one.label,
                retired=False,
                patients=one.patients,
                skills=list(one.skills),
                shifts=_flat(one.shifts),
            )
        )
    for gone in known.values():
        gone.retired = True
        tx.put(gone)


async def _clinics(tx: Tx, rows: Sequence[ClinicRow]) -> list[Clinic]:
    ids = [row.clinic_id for row in rows]
    query = select(ResourceRow).where(
        col(ResourceRow.clinic_id).in_(ids), col(ResourceRow.retired).is_(False)
    )
    resources: dict[UUID, list[ResourceRow]] = {}
    for one in await tx.rows(query):
        resources.setdefault(one.clinic_id, []).append(one)
    return [_clinic(row, resources.get(row.clinic_id, ())) for row in rows]


def resource_of(row: ResourceRow) -> Resource:
    """A row as a resource."""
    return Resource(
        row.resource_id,
        Kind(row.kind),
        row.label,
        row.patients,
        tuple(row.skills),
        _hours(row.shifts),
    )


def _clinic(row: ClinicRow, resources: Iterable[ResourceRow]) -> Clinic:
    kinds = list(Kind)
    found = [resource_of(one) for one in resources]
    return Clinic(
        clinic_id=row.clinic_id,
        revision=row.revision,
        name=row.name,
        time_zone=row.time_zone,
        latitude=row.latitude,
        longitude=row.longitude,
        indications=tuple(row.indications),
        hours=_hours(row.hours),
        resources=tuple(
            sorted(found, key=lambda one: (kinds.index(one.kind), one.label, one.resource_id))
        ),
        hold_seconds=row.hold_seconds,
        series_capacity=row.series_capacity,
        holidays=tuple(row.holidays),
    )


def _row(clinic: Clinic) -> ClinicRow:
    return ClinicRow(
        clinic_id=clinic.clinic_id,
        revision=clinic.revision,
        name=clinic.name,
        time_zone=clinic.time_zone,
        latitude=clinic.latitude,
        longitude=clinic.longitude,
        indications=list(clinic.indications),
        hours=_flat(clinic.hours),
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
        holidays=list(clinic.holidays),
    )


def _hours(numbers: Sequence[int]) -> tuple[Hours, ...]:
    groups = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return tuple(Hours(*one) for one in groups)


def _flat(hours: Iterable[Hours]) -> list[int]:
    return [number for one in hours for number in (one.weekday, one.open_minute, one.close_minute)]


def _desk_row(clinic: Clinic, closures: Sequence[Closure], known: DeskRow | None) -> DeskRow:
    """The print names all that makes the calendar: another print, another layout of the agenda."""
    return DeskRow(
        clinic_id=clinic.clinic_id,
        clinic_print=named(clinic.clinic_id, repr((clinic, closures))),
        layout=known.layout if known else None,
        patterns=[],
        reached=[],
    )
