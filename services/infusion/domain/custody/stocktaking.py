"""The inventories of a registered place: the first on its first day, then every so many months."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.ids import named
from services.infusion.domain.custody.registration import Registration
from services.infusion.domain.custody.rules import Rules, next_inventory


class Stage(Enum):
    """How near the next inventory is."""

    AHEAD = "ahead"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Stocktaking:
    """When the next inventory must be taken; its revision counts the facts that it stated."""

    stocktaking_id: UUID
    dea_number: str
    clinic_id: UUID
    time_zone: str
    due_date: date
    stage: Stage = Stage.AHEAD
    revision: int = 0

    def midnight(self, day: date) -> datetime:
        """When a day begins at the place."""
        return datetime.combine(day, time(), ZoneInfo(self.time_zone))


@dataclass(frozen=True, slots=True)
class InventoryDue:
    """The next inventory must be taken soon."""

    stocktaking: Stocktaking
    remind_time: datetime


@dataclass(frozen=True, slots=True)
class InventoryOverdue:
    """None was taken in time."""

    stocktaking: Stocktaking
    lapse_time: datetime


Stated: TypeAlias = tuple[InventoryDue | InventoryOverdue, ...]


def first(place: Registration, now: datetime) -> Stocktaking:
    """On the day it opens; a place that opened before it was told of takes it today."""
    identity = named(place.clinic_id, f"stocktaking/{place.dea_number}")
    day = max(place.open_date, place.day(now))
    return Stocktaking(identity, place.dea_number, place.clinic_id, place.time_zone, day)


def taken(known: Stocktaking, rules: Rules, moment: datetime) -> Stocktaking:
    """The next one is due so many months after this one; an older count changes nothing."""
    day = moment.astimezone(ZoneInfo(known.time_zone)).date()
    following = next_inventory(rules, day)
    return replace(known, due_date=max(following, known.due_date), stage=Stage.AHEAD)


def look(known: Stocktaking, rules: Rules, now: datetime) -> tuple[Stocktaking, Stated]:
    """Told when it comes near and when it is late, each once."""
    wake = wake_time(known, rules)
    if wake is None or now < wake:
        return known, ()
    late = now >= known.midnight(known.due_date + timedelta(days=1))
    stage = Stage.OVERDUE if late else Stage.DUE
    after = replace(known, stage=stage, revision=known.revision + 1)
    return after, (InventoryOverdue(after, now) if late else InventoryDue(after, now),)


def wake_time(known: Stocktaking, rules: Rules) -> datetime | None:
    """When to look again; nobody waits for what is late already."""
    match known.stage:
        case Stage.AHEAD:
            return known.midnight(known.due_date - timedelta(days=rules.inventory_warning_days))
        case Stage.DUE:
            return known.midnight(known.due_date + timedelta(days=1))
        case Stage.OVERDUE:
            return None
