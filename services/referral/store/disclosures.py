"""What a partner changed or was told by name: on record in the same commit, or before."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from chassis.audit.access import Access
from chassis.database import Database, Tx
from chassis.principal import Principal
from services.referral.domain import Partner, Person
from services.referral.store import registry
from services.referral.store.partners import Step
from services.referral.store.reading import log_access

FEED: Final = "PartnerFeed"
_PATIENTS = """
SELECT referral_id, clinic_id, patient.* FROM referral JOIN patient USING (patient_id)
WHERE referral_id = ANY($1::uuid[]) AND partner = $2
"""


def put_on_record(tx: Tx, who: Partner, kind: str) -> None:
    """A message of the partner's has changed what was put since."""
    tx.tell(Access(f"PartnerMessage/{kind}", reads=False, principal=_caller(tx, who)))


def _caller(tx: Tx, who: Partner) -> Principal:
    return Principal(f"partner:{who.name}", frozenset(), who.clinics, None, tx.now)


async def named(db: Database, who: Partner, steps: Sequence[Step]) -> Mapping[UUID, Person]:
    """The patients of these steps, by referral; nobody where the contract names no field."""
    referrals = list({step.line.referral_id for step in steps})
    if not (who.fields and referrals):
        return {}
    people: dict[UUID, Person] = {}
    async with db.transaction() as tx:
        reader = _caller(tx, who)
        for row in await tx.driver.fetch(_PATIENTS, referrals, who.name):
            referral_id = row["referral_id"]
            if person := registry.person(row):
                people[referral_id] = person
                log_access(tx, reader, FEED, row["patient_id"], referral_id)
                tx.tell(Access(FEED, reads=True, principal=reader, clinic_id=row["clinic_id"]))
    return people
