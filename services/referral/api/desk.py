"""Where referrals are taken in: those that wait together are looked up and kept together."""

from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple, TypeAlias

from chassis.database import Database, Tx
from chassis.together import Together
from services.referral import domain, store


class Asked(NamedTuple):
    """A new referral, and who asks for it."""

    application: domain.Application
    viewer: domain.Viewer


Desk: TypeAlias = Together[Asked, domain.Known, domain.Referral]


def desk(db: Database) -> Desk:
    """One for each process."""
    return Together(db, load=_look_up, handle=_receive, apart=_apart)


async def _look_up(tx: Tx, asked: Sequence[Asked]) -> Sequence[domain.Known]:
    return await store.look_up(tx, [one.application for one in asked])


async def _receive(asked: Asked, known: domain.Known, tx: Tx) -> domain.Referral:
    referral, events = domain.receive(asked.application, known, asked.viewer, tx.now)
    await store.record(tx, referral, events)
    return referral


def _apart(asked: Asked) -> Collection[Hashable]:
    """The same request, and another for the same patient, must see what the first one made."""
    return asked.application.request_id, domain.match_key(asked.application.patient)
