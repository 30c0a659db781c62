"""The patient registry: identifiers only ever stand here sealed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.audit.access import NETWORK
from chassis.database import Tx
from chassis.plans import made
from chassis.vault import Sealed, vault
from services.referral.domain import Address, Day, Person, Position, Registered, Sex, match_key
from services.referral.store.rows import PatientRow

_OLD = """
SELECT patient_id, key_clinic_id, key_version, wrapped_key, sealed FROM patient
WHERE wrapped_key IS NOT NULL AND key_version < $1 ORDER BY patient_id LIMIT $2 FOR UPDATE
"""
_REWRAP = "UPDATE patient SET key_version = $2, wrapped_key = $3 WHERE patient_id = $1"
_SHRED = "UPDATE patient SET wrapped_key = NULL, match_key = $2 WHERE patient_id = $1"


def blind(person: Person) -> bytes:
    """Who is the same patient, for the index: a digest that needs our key."""
    return vault().blind(match_key(person))


def patient_row(new: Registered, clinic_id: UUID | None, now: datetime) -> PatientRow:
    """A new entry, under a key of its own."""
    sealed = vault().seal(clinic_id or NETWORK, _about(new.patient_id), _told(new.person))
    return made(
        PatientRow,
        patient_id=new.patient_id,
        match_key=new.match_key,
        key_clinic_id=sealed.clinic_id,
        key_version=sealed.version,
        wrapped_key=sealed.wrapped,
        sealed=sealed.content,
        register_time=now,
    )


def person(kept: Mapping[str, Any]) -> Person | None:
    """A patient's identifiers; none when their key was shredded."""
    if kept["wrapped_key"] is None:
        return None
    told = json.loads(vault().open(_about(kept["patient_id"]), _sealed(kept)))
    sex, address = told["sex_at_birth"], told["address"]
    return Person(
        told["given_name"],
        told["family_name"],
        Day(*told["birth_date"]),
        Sex(sex) if sex else None,
        told["phone"],
        told["email"],
        _address(address) if address else None,
    )


async def rotate(tx: Tx, most: int = 500) -> int:
    """Wrap keys under the newest master; how many were left, for whoever calls again."""
    old = await tx.driver.fetch(_OLD, vault().version, most)
    for row in old:
        new = vault().rewrap(_sealed(row), row["key_clinic_id"])
        await tx.driver.execute(_REWRAP, row["patient_id"], new.version, new.wrapped)
    return len(old)


async def shred(tx: Tx, patient_id: UUID) -> None:
    """Delete the patient's key: what is sealed under it says nothing any more."""
    await tx.driver.execute(_SHRED, patient_id, vault().blind(patient_id.bytes))


def _told(person: Person) -> bytes:
    address = person.address
    place = address.position if address else None
    return json.dumps(
        {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "birth_date": list(person.birth_date),
            "sex_at_birth": person.sex_at_birth and person.sex_at_birth.value,
            "phone": person.phone,
            "email": person.email,
            "address": address
            and [address.line, address.city, address.state, address.postal_code, place],
        }
    ).encode()


def _address(told: list[Any]) -> Address:
    *lines, place = told
    line, city, state, postal_code = lines
    return Address(line, city, state, postal_code, Position(*place) if place else None)


def _sealed(kept: Mapping[str, Any]) -> Sealed:
    names = ("key_clinic_id", "key_version", "wrapped_key", "sealed")
    return Sealed(*(kept[name] for name in names))


def _about(patient_id: UUID) -> str:
    return f"patient/{patient_id}"
