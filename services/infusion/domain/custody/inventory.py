"""The inventory report: per finished form, how many containers and how much is in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from services.infusion.domain.custody.amount import ZERO, plain
from services.infusion.domain.custody.container import Container
from services.infusion.domain.custody.counting import Count
from services.infusion.domain.custody.registration import Registration
from services.infusion.domain.custody.rules import Rules, next_inventory


@dataclass(frozen=True, slots=True)
class Form:
    """One finished form of one substance, as counted."""

    container: Container
    """Any of them: code, drug, schedule and capacity are the same in all."""
    sealed: int
    opened: int
    opened_amount: Decimal

    @property
    def total(self) -> Decimal:
        """All there is of it."""
        return plain(self.container.capacity * self.sealed + self.opened_amount)


@dataclass(frozen=True, slots=True)
class Inventory:
    """One day's inventory of one registration."""

    registration: Registration
    count: Count
    count_date: date
    next_date: date
    forms: tuple[Form, ...]
    pack: str


def report(
    registration: Registration, count: Count, containers: Mapping[UUID, Container], rules: Rules
) -> Inventory:
    """What an inspector reads; empty containers are no stock."""
    day = registration.day(count.count_time)
    there = [(containers[line.container_id], line.counted) for line in count.lines if line.counted]
    there.sort(key=lambda pair: pair[0].ndc)
    forms = [_form(group) for _, group in groupby(there, key=lambda pair: pair[0].ndc)]
    return Inventory(
        registration, count, day, next_inventory(rules, day), tuple(forms), rules.title
    )


def _form(counted: Iterable[tuple[Container, Decimal]]) -> Form:
    pairs = list(counted)
    container = pairs[0][0]
    opened = [amount for one, amount in pairs if amount != one.capacity]
    return Form(container, len(pairs) - len(opened), len(opened), plain(sum(opened, ZERO)))
