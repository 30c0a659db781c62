"""A service small enough to see the chassis through: things are made, and then polished."""

import os
import signal
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.database import Database, Tx
from chassis.deadlines import Deadlines
from chassis.errands import Errand, Errands
from chassis.flows import Flows
from chassis.refusal import Reject
from chassis.subscriptions import Subscriptions

PACKAGE = "halcyon.toy.events.v1"


def _facts(*names: str) -> list[Any]:
    file = FileDescriptorProto(name="toy_events.proto", package=PACKAGE, syntax="proto3")
    for name in names:
        fact = file.message_type.add(name=name)
        for number, field, kind in (
            (1, "thing_id", FieldDescriptorProto.TYPE_STRING),
            (2, "revision", FieldDescriptorProto.TYPE_INT64),
            (3, "label", FieldDescriptorProto.TYPE_STRING),
            (4, "referral_id", FieldDescriptorProto.TYPE_STRING),
            (5, "clinic_id", FieldDescriptorProto.TYPE_STRING),
        ):
            fact.field.add(name=field, number=number, type=kind, label=1)
    Default().AddSerializedFile(file.SerializeToString())
    found = [Default().FindMessageTypeByName(f"{PACKAGE}.{name}") for name in names]
    return [GetMessageClass(one) for one in found]


ThingMade, ThingPolished = _facts("ThingMade", "ThingPolished")


class Status(StrEnum):
    MADE = "made"
    POLISHED = "polished"


class Row(SQLModel, registry=registry()):
    pass


class ThingRow(Row, table=True):
    __tablename__ = "thing"
    thing_id: UUID = Field(primary_key=True)
    revision: int = 1
    status: str = Status.MADE
    price: Decimal | None = Field(default=None, max_digits=12, decimal_places=2)
    seen_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    span: Any = Field(default=None, sa_column=Column(TSTZRANGE))
    notes: Any = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class PartRow(Row, table=True):
    __tablename__ = "part"
    thing_id: UUID = Field(primary_key=True, foreign_key="thing.thing_id")
    number: int = Field(primary_key=True)
    label: str


class TickRow(Row, table=True):
    __tablename__ = "tick"
    id: int | None = Field(default=None, primary_key=True)
    label: str


class WardRow(Row, table=True):
    __tablename__ = "ward"
    ward_id: UUID = Field(primary_key=True)
    clinic_id: UUID


class BedRow(Row, table=True):
    __tablename__ = "bed"
    ward_id: UUID = Field(primary_key=True, foreign_key="ward.ward_id")
    number: int = Field(primary_key=True)


on, due, errands = Subscriptions(), Deadlines(), Errands()


async def load(facts: Sequence[Any], tx: Tx) -> None:
    await tx.load(ThingRow, [UUID(fact.thing_id) for fact in facts])


@on(ThingMade, prefetch=load)
async def polish(fact: Any, tx: Tx) -> None:
    """A made thing is kept, polished and said to be so; each hearing that counts adds a tick."""
    if fact.label == "reject":
        raise Reject("label")
    if fact.label == "poison":
        raise RuntimeError("secret")
    if fact.label == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    thing_id = UUID(fact.thing_id)
    thing = await tx.find(ThingRow, thing_id)
    tx.put(TickRow(label=fact.label))
    if thing is None:
        tx.put(ThingRow(thing_id=thing_id, status=Status.POLISHED))
        tx.emit(ThingPolished(thing_id=str(thing_id), revision=1, label=fact.label))


@due("dull")
async def dull(entity_id: UUID, tx: Tx) -> None:
    """Time dulls what is kept; what is not there cannot be dulled."""
    thing = await tx.find(ThingRow, entity_id)
    if thing is None:
        raise RuntimeError("no such thing")
    thing.status = "dull"
    tx.put(thing)


collected: list[UUID] = []
"""Calls made; a test clears it."""
failing: set[UUID] = set()


@errands("collect")
async def collect(asked: Sequence[Errand], db: Database) -> None:
    collected.extend(one.entity_id for one in asked)
    if failing.intersection(one.entity_id for one in asked):
        raise RuntimeError("declined")
    async with db.transaction() as tx:
        for one in asked:
            with one.working():
                tx.put(TickRow(label="collected"))
                tx.done(one.name, one.entity_id)


CLINIC = UUID("c1121c00-0000-4000-8000-000000000000")
_STATES = f"""SELECT thing_id AS flow_id, '{CLINIC}'::uuid AS clinic_id, status AS state,
    coalesce(seen_at, '2026-01-01') AS since FROM thing"""
FLOWS = Flows(
    members="SELECT thing_id AS flow_id, NULL::uuid AS clinic_id, thing_id AS entity_id FROM thing",
    states=_STATES,
    open=f"{_STATES} WHERE status <> 'over'",
)
"""Each thing is a flow of its own."""


def made(
    label: str = "", thing_id: UUID | None = None, revision: int = 1, clinic: UUID | None = None
) -> Any:
    about = str(thing_id or uuid4())
    more = {"clinic_id": str(clinic)} if clinic else {}
    return ThingMade(thing_id=about, revision=revision, label=label, referral_id=about, **more)


def span(start: datetime, end: datetime) -> Range[datetime]:
    return Range(start, end)


def serve(server: object, db: Database) -> None:
    """The toy answers nothing."""


if __name__ == "__main__":
    from chassis.service import Service, run

    assert os.environ["HALCYON_DATABASE_URL"]
    run(Service("toy", answers=serve, listens=on, due=due, errands=errands, flows=FLOWS))
