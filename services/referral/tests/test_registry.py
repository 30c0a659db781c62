"""Identifiers at rest: sealed in every column, rewrapped by a rotation, gone with their key."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from chassis import vault
from chassis.refusal import NotFound
from chassis.testing import House, somebody
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral import api, domain
from services.referral.store import registry
from services.referral.tests import examples as eg

TOLD = ("Jane", "Doe", "Evanston", "60201", "jane", "1984")


@pytest.fixture
def keys() -> Iterator[vault.Vault]:
    before = vault.vault()
    yield before
    vault.use(before)


async def registered(house: House) -> UUID:
    reply = await house.call(api.Referrals(house.db).CreateReferral, eg.asked())
    return UUID(reply.referral.patient.patient_id)


async def named(house: House, patient_id: UUID) -> Any:
    request = rpc.GetPatientRequest(patient_id=str(patient_id))
    reply = await house.call(api.Referrals(house.db).GetPatient, request, somebody("coordinator"))
    return reply.patient


async def at_rest(house: House) -> str:
    rows = await house.db.fetch("SELECT p::text, encode(sealed, 'escape') FROM patient AS p")
    return " ".join(str(value) for row in rows for value in row)


async def test_no_column_tells_who_it_is(house: House) -> None:
    patient_id = await registered(house)
    told = await at_rest(house)
    assert str(patient_id) in told
    assert [word for word in TOLD if word in told] == []
    assert (await named(house, patient_id)).given_name == "Jane"


async def test_the_index_is_not_the_digest_that_anybody_can_make(house: House) -> None:
    patient_id = await registered(house)
    async with house.db.read() as tx:
        kept = await tx.driver.fetchrow("SELECT * FROM patient WHERE patient_id = $1", patient_id)
    person = registry.person(kept)
    assert person is not None
    assert bytes(kept["match_key"]) != domain.match_key(person)


async def test_a_rotation_rewraps_and_everything_still_opens(
    house: House, keys: vault.Vault
) -> None:
    patient_id = await registered(house)
    vault.use(vault.rotated(keys))
    async with house.db.transaction() as tx:
        assert await registry.rotate(tx) == 1
        assert await registry.rotate(tx) == 0
    newest = vault.vault()
    vault.use(vault.Vault({2: newest.masters[2]}, newest.index))
    assert (await named(house, patient_id)).given_name == "Jane"


async def test_a_shredded_patient_is_nobody_and_may_come_anew(house: House) -> None:
    patient_id = await registered(house)
    async with house.db.transaction() as tx:
        await registry.shred(tx, patient_id)
    with pytest.raises(NotFound):
        await named(house, patient_id)
    async with house.db.read() as tx:
        kept = await tx.driver.fetchrow("SELECT * FROM patient WHERE patient_id = $1", patient_id)
    assert kept["wrapped_key"] is None
