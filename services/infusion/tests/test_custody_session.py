"""A session and its drug: an infusion that ends takes what was given out of the named container."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import NotAllowed, NotFound
from chassis.testing import House
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from services.infusion import domain, wire
from services.infusion.tests import custody_examples as ce
from services.infusion.tests import examples as eg
from services.infusion.tests.custody_examples import Cabinet
from services.infusion.tests.ward import SECOND, Ward

PRINTED = domain.Drug("0143-9509-10", "L1", date(2027, 6, 30))
"""The same as its label prints it."""
DRUG = domain.Drug(ce.KETAMINE, "L1", date(2027, 6, 30))


@pytest.fixture
async def cabinet(house: House) -> Cabinet:
    made = Cabinet(house)
    await made.open()
    return made


async def running(ward: Ward, drug: domain.Drug = DRUG) -> str:
    """A session whose pump runs with this drug."""
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    await ward.check(session_id, drug=drug)
    told = wire.told(eg.checklist(drug=drug))
    request = gating.ConfirmDoseRequest(
        session_id=session_id, drug=told.drug, programme=told.programme
    )
    await ward.house.call(ward.api.ConfirmDose, request, SECOND)
    await ward.start(session_id)
    ward.house.db.travel(timedelta(minutes=41))
    return session_id


async def test_the_dose_leaves_the_container_with_the_end(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await running(cabinet.ward, PRINTED)
    named: dict[str, Any] = {"container_id": vial.container_id}
    ended = await cabinet.ward.complete(session_id, **named)
    assert await cabinet.ward.complete(session_id, **named) == ended
    _, given = (await cabinet.get(vial.container_id)).entries
    assert (given.change_milligrams, given.session_id) == ("-35", session_id)
    assert given.occur_time == ended.end_time
    with pytest.raises(NotAllowed) as refused:
        await cabinet.administer(vial.container_id, session_id, "0.001")
    assert refused.value.reason == "DOSE_ABOVE_ORDER"


async def test_who_ends_it_by_a_clock_a_little_ahead_has_drawn_the_dose_by_now(
    cabinet: Cabinet,
) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await running(cabinet.ward)
    soon = Timestamp()
    soon.FromDatetime(cabinet.ward.now() + timedelta(seconds=30))
    ended = await cabinet.ward.complete(session_id, end_time=soon, container_id=vial.container_id)
    *_, given = (await cabinet.get(vial.container_id)).entries
    assert ended.end_time == soon
    assert (given.session_id, given.change_milligrams) == (session_id, "-35")
    assert given.occur_time.ToDatetime() < soon.ToDatetime()


async def test_what_was_not_given_is_wasted_before_a_witness(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await running(cabinet.ward)
    await cabinet.ward.complete(
        session_id,
        outcome=rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
        delivered_ml="40",
        stop_reason="patient_request",
        container_id=vial.container_id,
    )
    await cabinet.waste(vial.container_id, 21)
    balance = (await cabinet.get(vial.container_id)).balance
    assert (balance.administered, balance.wasted, balance.closing) == ("14", "21", "465")


async def test_nothing_given_is_no_entry(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await running(cabinet.ward)
    await cabinet.ward.complete(
        session_id,
        outcome=rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
        delivered_ml="0",
        stop_reason="patient_request",
        container_id=vial.container_id,
    )
    assert len((await cabinet.get(vial.container_id)).entries) == 1


@pytest.mark.parametrize("wrong", ["unchecked", "unknown", "empty", "accounted"])
async def test_a_container_that_cannot_be_keeps_the_infusion_open(
    cabinet: Cabinet, wrong: str
) -> None:
    (vial,) = await cabinet.receive("A-1")
    drug = domain.Drug(ce.KETAMINE, "L2", DRUG.expire_date) if wrong == "unchecked" else DRUG
    session_id = await running(cabinet.ward, drug)
    if wrong == "empty":
        await cabinet.waste(vial.container_id, 470)
    if wrong == "accounted":
        await cabinet.administer(vial.container_id, session_id, 1)
    container_id = str(uuid4()) if wrong == "unknown" else vial.container_id
    before = len((await cabinet.get(vial.container_id)).entries)
    with pytest.raises((NotAllowed, NotFound)):
        await cabinet.ward.complete(session_id, container_id=container_id)
    session = await cabinet.ward.get(session_id)
    assert session.status == nouns.SESSION_STATUS_INFUSING
    assert len((await cabinet.get(vial.container_id)).entries) == before
    completed = "SELECT count(*) FROM outbox WHERE entity_id = $1 AND subject LIKE '%Completed'"
    assert await cabinet.house.count(completed, UUID(session_id)) == 0


async def test_the_residue_belongs_to_the_session(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await running(cabinet.ward)
    await cabinet.ward.complete(session_id, container_id=vial.container_id)
    disposal = await cabinet.dispose(vial.container_id, session_id=session_id)
    assert disposal.session_id == session_id
    wasted = await cabinet.witness(disposal.disposal_id)
    assert wasted.session_id == session_id
    with pytest.raises(NotAllowed):
        await cabinet.administer(vial.container_id, session_id, 1)
    with pytest.raises(NotFound):
        await cabinet.dispose(vial.container_id, session_id=str(uuid4()))
