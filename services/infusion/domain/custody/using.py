"""Giving a patient what is in a container."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.refusal import NotAllowed
from services.infusion.domain.custody.amount import ZERO, Told, above_zero
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.ledger import Holding, post, repeats


@dataclass(frozen=True, slots=True)
class Need:
    """What the ledger may say that one session was given, and what it says so far."""

    clinic_id: UUID
    most: Decimal
    """What was ordered, or once ended what was given; zero before the start."""
    given: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Use:
    """What is told of a drug given."""

    told: Told
    day: date
    """Where it was given."""
    act: Act


def administer(holding: Holding, need: Need, use: Use, known: Entry | None) -> Entry:
    """What a session was given out of a container; told again, it is the entry that is there."""
    amount = above_zero(use.told, holding.container.strength)
    if known and repeats(known, Kind.ADMINISTERED, amount, use.act):
        return known
    if need.clinic_id != holding.container.clinic_id or not need.most:
        raise NotAllowed("SESSION_NOT_INFUSED", "The session's infusion has not started here.")
    if use.day > holding.container.expiry_date:
        raise NotAllowed("CONTAINER_EXPIRED", "The container is past its expiry date.")
    if need.given + amount > need.most:
        raise NotAllowed("DOSE_ABOVE_ORDER", "More would be given than the session took.")
    return post(holding, Kind.ADMINISTERED, amount, use.act)
