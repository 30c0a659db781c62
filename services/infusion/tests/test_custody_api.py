"""What callers may ask of the controlled-drug record, on a real database."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.type.date_pb2 import Date

from chassis.refusal import AlreadyExists, Denied, Invalid, NotAllowed, NotFound
from chassis.testing import House
from halcyon.infusion.events.v1 import custody_events_pb2 as facts
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_movements_pb2 as movements
from halcyon.infusion.v1 import custody_pb2 as nouns
from services.infusion.store.custody import EXPLAIN
from services.infusion.tests import custody_examples as ce
from services.infusion.tests import examples as eg
from services.infusion.tests.custody_examples import Cabinet


@pytest.fixture
async def cabinet(house: House) -> Cabinet:
    made = Cabinet(house)
    await made.open()
    return made


async def test_a_vial_from_its_arrival_to_its_end(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    assert (vial.balance.milligrams, vial.balance.millilitres) == ("500", "5")
    session_id = await cabinet.infusing()
    given = await cabinet.administer(vial.container_id, session_id, 35)
    assert (given.change_milligrams, given.change_millilitres) == ("-35", "-0.35")
    assert (given.recorder, given.session_id) == ("nina", session_id)
    wasted = await cabinet.waste(vial.container_id)
    assert (wasted.recorder, wasted.witness) == ("nina", "noah")
    assert wasted.balance.milligrams == "0"
    whole = await cabinet.get(vial.container_id)
    assert [entry.number for entry in whole.entries] == [1, 2, 3]
    assert whole.balance == nouns.CustodyBalance(
        opening="0",
        received="500",
        administered="35",
        wasted="465",
        transferred="0",
        destroyed="0",
        lost="0",
        closing="0",
    )
    assert (await cabinet.balance()).total == whole.balance


async def test_what_is_told_twice_is_recorded_once(cabinet: Cabinet) -> None:
    coming, giving, pouring, counting, undoing = [ce.once() for _ in range(5)]
    (vial,) = await cabinet.receive("A-1", **coming)
    session_id = await cabinet.infusing()
    given = await cabinet.administer(vial.container_id, session_id, 35, **giving)
    assert await cabinet.administer(vial.container_id, session_id, 35, **giving) == given
    again = await cabinet.receive("A-1", **coming)
    assert [one.balance.milligrams for one in again] == ["465"]
    disposal = await cabinet.dispose(vial.container_id, **pouring)
    assert await cabinet.dispose(vial.container_id, **pouring) == disposal
    wasted = await cabinet.witness(disposal.disposal_id)
    assert await cabinet.witness(disposal.disposal_id) == wasted
    counted = await cabinet.count({vial.container_id: 3}, **counting)
    assert await cabinet.count({vial.container_id: 3}, **counting) == counted
    back = await cabinet.reverse(wasted, **undoing)
    assert await cabinet.reverse(wasted, **undoing) == back
    assert len((await cabinet.get(vial.container_id)).entries) == 4


async def test_a_request_id_means_one_thing(cabinet: Cabinet) -> None:
    once = ce.once()
    first, second = await cabinet.receive("A-1", "A-2")
    session_id = await cabinet.infusing()
    await cabinet.administer(first.container_id, session_id, 10, **once)
    with pytest.raises(AlreadyExists):
        await cabinet.administer(first.container_id, session_id, 11, **once)
    with pytest.raises(AlreadyExists):
        await cabinet.receive("A-2")
    with pytest.raises(AlreadyExists):
        await cabinet.reverse((await cabinet.get(first.container_id)).entries[0], **once)
    await cabinet.dispose(first.container_id, 5, **once)
    with pytest.raises(AlreadyExists):
        await cabinet.dispose(first.container_id, 6, **once)
    await cabinet.count({first.container_id: 490}, **once)
    with pytest.raises(AlreadyExists):
        await cabinet.count({second.container_id: 500}, **once)
    with pytest.raises(AlreadyExists):
        await cabinet.count({first.container_id: 489}, **once)


async def test_a_waste_needs_another_person(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    disposal = await cabinet.dispose(vial.container_id, 15)
    assert disposal.status == nouns.DISPOSAL_STATUS_PENDING
    with pytest.raises(Denied) as refused:
        await cabinet.witness(disposal.disposal_id, ce.NURSE)
    assert refused.value.reason == "WITNESS_REQUIRED"
    before = await cabinet.get(vial.container_id)
    assert (len(before.entries), list(before.pending_disposals)) == (1, [disposal])
    await cabinet.witness(disposal.disposal_id)
    assert not (await cabinet.get(vial.container_id)).pending_disposals
    with pytest.raises(NotAllowed) as closed:
        await cabinet.witness(disposal.disposal_id, ce.PHARMACIST)
    assert closed.value.reason == "DISPOSAL_CLOSED"


async def test_a_withdrawn_disposal_has_no_effect(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    disposal = await cabinet.dispose(vial.container_id, 15)
    withdrawn = await cabinet.cancel(disposal.disposal_id)
    assert withdrawn.status == nouns.DISPOSAL_STATUS_CANCELLED
    assert await cabinet.cancel(disposal.disposal_id) == withdrawn
    with pytest.raises(NotAllowed):
        await cabinet.witness(disposal.disposal_id)
    assert len((await cabinet.get(vial.container_id)).entries) == 1


async def test_two_wastes_of_the_same_residue_cannot_both_be_witnessed(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    first, second = [await cabinet.dispose(vial.container_id) for _ in range(2)]
    await cabinet.witness(first.disposal_id)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.witness(second.disposal_id)
    assert refused.value.reason == "INSUFFICIENT_BALANCE"


async def test_no_more_is_given_than_ordered_or_held(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await cabinet.infusing(35000)
    await cabinet.administer(vial.container_id, session_id, 30)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.administer(vial.container_id, session_id, "5.001")
    assert refused.value.reason == "DOSE_ABOVE_ORDER"
    await cabinet.administer(vial.container_id, session_id, 5)
    await cabinet.waste(vial.container_id, 440)
    other = await cabinet.infusing(35000)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.administer(vial.container_id, other, 26)
    assert refused.value.metadata == {"balance_milligrams": "25"}


async def test_a_session_that_has_not_started_is_given_nothing(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    case = eg.Case()
    await cabinet.house.given(case.approved(), case.confirmed())
    with pytest.raises(NotAllowed) as refused:
        await cabinet.administer(vial.container_id, case.session_id(1), 35)
    assert refused.value.reason == "SESSION_NOT_INFUSED"
    with pytest.raises(NotFound):
        await cabinet.administer(vial.container_id, str(uuid4()), 35)


async def test_volume_and_amount_must_agree(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await cabinet.infusing()
    agreeing = nouns.DrugAmount(milligrams="35", millilitres="0.35")
    assert (await cabinet.administer(vial.container_id, session_id, 0, amount=agreeing)).number == 2
    for wrong in ({"milligrams": "35", "millilitres": "0.36"}, {"millilitres": "0.000001"}, {}):
        with pytest.raises(Invalid) as refused:
            amount = nouns.DrugAmount(**wrong)
            await cabinet.administer(vial.container_id, session_id, 0, amount=amount)
        assert refused.value.reason == "INVALID_AMOUNT"


async def test_an_expired_vial_is_destroyed_and_not_given(cabinet: Cabinet) -> None:
    cabinet.house.db.travel(timedelta(days=-400))
    (vial,) = await cabinet.receive(
        "A-1", expiry_date=Date(year=2026, month=1, day=31), who=ce.PHARMACIST
    )
    cabinet.house.db.travel(timedelta(days=400))
    session_id = await cabinet.infusing()
    with pytest.raises(NotAllowed) as refused:
        await cabinet.administer(vial.container_id, session_id, 35)
    assert refused.value.reason == "CONTAINER_EXPIRED"
    disposal = await cabinet.dispose(
        vial.container_id, kind=nouns.CUSTODY_KIND_DESTROYED, reference="Form 41/7"
    )
    destroyed = await cabinet.witness(disposal.disposal_id)
    assert (destroyed.kind, destroyed.reference) == (nouns.CUSTODY_KIND_DESTROYED, "Form 41/7")
    assert (await cabinet.balance()).total.destroyed == "500"


async def test_a_sealed_vial_moves_between_two_ledgers_and_back(cabinet: Cabinet) -> None:
    await cabinet.open(ce.OTHER_DEA, eg.CHICAGO, "America/Chicago")
    (vial,) = await cabinet.receive("A-1")
    once = ce.once()
    moved = await cabinet.transfer(vial.container_id, ce.OTHER_DEA, **once)
    assert moved.entry.counterparty_dea_number == ce.OTHER_DEA
    assert (moved.arrived.dea_number, moved.arrived.balance.milligrams) == (ce.OTHER_DEA, "500")
    assert await cabinet.transfer(vial.container_id, ce.OTHER_DEA, **once) == moved
    assert (await cabinet.balance()).total.closing == "0"
    chicago = await cabinet.balance(ce.OTHER_DEA, ce.CHICAGO_PHARMACIST)
    assert (chicago.total.received, chicago.total.closing) == ("500", "500")
    with pytest.raises(NotAllowed) as refused:
        await cabinet.reverse(moved.entry)
    assert refused.value.reason == "ENTRY_NOT_REVERSIBLE"
    back = await cabinet.transfer(moved.arrived.container_id, ce.DEA, ce.CHICAGO_PHARMACIST)
    assert (back.arrived.container_id, back.arrived.revision) == (vial.container_id, 3)
    total = (await cabinet.balance()).total
    assert (total.received, total.transferred, total.closing) == ("1000", "500", "500")


async def test_an_opened_vial_does_not_travel(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    with pytest.raises(Invalid):
        await cabinet.transfer(vial.container_id, ce.DEA)
    with pytest.raises(Invalid):
        await cabinet.transfer(vial.container_id, "RH1111118")
    await cabinet.waste(vial.container_id, 1)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.transfer(vial.container_id, ce.SUPPLIER)
    assert refused.value.reason == "CONTAINER_OPENED"


async def test_a_wrong_entry_is_taken_back_by_another(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    session_id = await cabinet.infusing()
    wrong = await cabinet.administer(vial.container_id, session_id, 35)
    reversal = await cabinet.reverse(wrong)
    assert (reversal.change_milligrams, reversal.reversed_entry_id) == ("35", wrong.entry_id)
    for entry in (wrong, reversal):
        with pytest.raises(NotAllowed) as refused:
            await cabinet.reverse(entry)
        assert refused.value.reason == "ENTRY_NOT_REVERSIBLE"
    await cabinet.administer(vial.container_id, session_id, 30)
    total = (await cabinet.balance()).total
    assert (total.administered, total.closing) == ("30", "470")


async def test_what_was_used_cannot_be_unreceived(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    await cabinet.waste(vial.container_id, 1)
    received = (await cabinet.get(vial.container_id)).entries[0]
    with pytest.raises(NotAllowed) as refused:
        await cabinet.reverse(received)
    assert refused.value.reason == "INSUFFICIENT_BALANCE"


async def test_a_difference_opens_an_incident_and_a_recount_closes_it(cabinet: Cabinet) -> None:
    first, second = await cabinet.receive("A-1", "A-2")
    counted = await cabinet.count({first.container_id: 485, second.container_id: 500})
    assert counted.agreed_count == 1
    (incident,) = counted.incidents
    assert (incident.book.milligrams, incident.counted.milligrams) == ("500", "485")
    (found,) = await cabinet.house.stated()
    assert found == facts.CustodyDiscrepancyFound(
        incident_id=incident.incident_id,
        revision=1,
        clinic_id=str(eg.BOSTON),
        container_id=first.container_id,
        ndc=ce.KETAMINE,
        book_milligrams="500",
        counted_milligrams="485",
        due_time=incident.due_time,
        find_time=incident.find_time,
    )
    again = await cabinet.count({first.container_id: 485})
    assert list(again.incidents) == [incident]
    with pytest.raises(NotAllowed) as refused:
        await cabinet.resolve(incident.incident_id, "RECONCILED")
    assert refused.value.reason == "RECOUNT_REQUIRED"
    await cabinet.waste(first.container_id, 15)
    assert (await cabinet.count({first.container_id: 485})).agreed_count == 1
    with pytest.raises(Denied):
        await cabinet.resolve(incident.incident_id, "RECONCILED", ce.NURSE)
    closed = await cabinet.resolve(incident.incident_id, "RECONCILED")
    assert (closed.status, closed.resolver) == (nouns.INCIDENT_STATUS_RESOLVED, "paul")
    assert await cabinet.resolve(incident.incident_id, "RECONCILED") == closed
    (resolved,) = await cabinet.house.stated()
    assert (resolved.resolution, resolved.lost_milligrams) == ("reconciled", "0")
    waiting = "SELECT count(*) FROM due WHERE name = $1"
    assert await cabinet.house.count(waiting, EXPLAIN) == 0


async def test_a_loss_is_reported_and_written_off(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    (incident,) = (await cabinet.count({vial.container_id: 450})).incidents
    with pytest.raises(Invalid):
        await cabinet.resolve(incident.incident_id, "LOSS_REPORTED")
    await cabinet.resolve(incident.incident_id, "LOSS_REPORTED", reference="Form 106/3")
    total = (await cabinet.balance()).total
    assert (total.lost, total.closing) == ("50", "450")
    assert (await cabinet.count({vial.container_id: 450})).agreed_count == 1


async def test_a_surplus_is_no_loss(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    (incident,) = (await cabinet.count({vial.container_id: 510})).incidents
    with pytest.raises(NotAllowed):
        await cabinet.resolve(incident.incident_id, "LOSS_REPORTED", reference="Form 106/3")


async def test_what_nobody_explains_in_time_is_overdue(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    (incident,) = (await cabinet.count({vial.container_id: 450})).incidents
    due = await cabinet.house.db.fetch("SELECT entity_id FROM due WHERE name = $1", EXPLAIN)
    assert [str(row["entity_id"]) for row in due] == [incident.incident_id]
    await cabinet.house.stated()
    await cabinet.house.meet(EXPLAIN, due[0]["entity_id"])
    await cabinet.house.meet(EXPLAIN, due[0]["entity_id"])
    (overdue,) = await cabinet.house.stated()
    assert isinstance(overdue, facts.CustodyDiscrepancyOverdue)
    assert overdue.revision == 2
    late = nouns.INCIDENT_STATUS_OVERDUE
    (listed,) = (await cabinet.incidents(status=late)).incidents
    assert listed.status == late
    assert not (await cabinet.incidents(status=nouns.INCIDENT_STATUS_OPEN)).incidents


async def test_an_inventory_counts_everything_and_says_when_the_next_is_due(
    cabinet: Cabinet,
) -> None:
    first, second, empty = await cabinet.receive("A-1", "A-2", "A-3")
    (weak,) = await cabinet.receive("B-1", ndc="42023-0113-10")
    await cabinet.waste(second.container_id, 100)
    await cabinet.waste(empty.container_id)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.inventory()
    assert refused.value.reason == "NO_INVENTORY"
    whole: dict[str, Any] = {"scope": counts.COUNT_SCOPE_INVENTORY}
    with pytest.raises(NotAllowed) as refused:
        await cabinet.count({first.container_id: 500, weak.container_id: 200}, **whole)
    assert refused.value.metadata == {"missing_1": second.container_id}
    found = {first.container_id: 500, second.container_id: 400, weak.container_id: 200}
    assert (await cabinet.count(found, **whole)).agreed_count == 3
    report = await cabinet.inventory()
    strong, thin = report.lines
    assert (strong.ndc, strong.schedule) == (ce.KETAMINE, "CIII")
    assert (strong.sealed_count, strong.opened_count) == (1, 1)
    assert (strong.opened_milligrams, strong.total_milligrams) == ("400", "900")
    assert (thin.sealed_count, thin.total_milligrams) == (1, "200")
    assert report.moment == counts.COUNT_MOMENT_CLOSE
    assert report.next_date.year == report.count_date.year + 2
    assert (report.next_date.month, report.next_date.day) == (
        report.count_date.month,
        report.count_date.day,
    )


async def test_the_first_day_may_find_opened_vials(cabinet: Cabinet) -> None:
    arrivals = [
        movements.Arrival(label="X-1", amount=nouns.DrugAmount(millilitres="2.5")),
        movements.Arrival(label="X-2"),
    ]
    stock: dict[str, Any] = {"supplier_dea_number": "", "arrivals": arrivals}
    opened, sealed = await cabinet.receive(**stock)
    assert (opened.balance.milligrams, sealed.balance.milligrams) == ("250", "500")
    assert (await cabinet.balance()).total.opening == "750"
    for wrong in (
        {"arrivals": [movements.Arrival(label="Y", amount=nouns.DrugAmount(milligrams="501"))]}
        | {"supplier_dea_number": ""},
        {"arrivals": [movements.Arrival(label="Y", amount=nouns.DrugAmount(milligrams="5"))]},
        {"arrivals": [movements.Arrival(label="Y")] * 2},
        {"supplier_dea_number": "RH1111118"},
        {"expiry_date": Date(year=2026, month=2, day=30)},
        {"expiry_date": Date(year=2020, month=2, day=3)},
    ):
        with pytest.raises(Invalid):
            await cabinet.receive("Y", **wrong)
    with pytest.raises(NotAllowed) as refused:
        await cabinet.receive("Y", ndc="99999-9999-99")
    assert refused.value.reason == "DRUG_NOT_LISTED"


async def test_balances_come_in_pages_that_add_up(cabinet: Cabinet) -> None:
    await cabinet.receive(*[f"A-{n}" for n in range(5)])
    seen, token = [], ""
    while True:
        page = await cabinet.balance(page_size=2, page_token=token)
        seen += [one.container.label for one in page.containers]
        assert page.total.closing == "2500"
        if not (token := page.next_page_token):
            break
    assert seen == [f"A-{n}" for n in range(5)]


async def test_incidents_come_in_pages(cabinet: Cabinet) -> None:
    vials = await cabinet.receive(*[f"A-{n}" for n in range(3)])
    await cabinet.count({vial.container_id: 1 for vial in vials})
    first = await cabinet.incidents(page_size=2)
    rest = await cabinet.incidents(page_size=2, page_token=first.next_page_token)
    ids = {one.container_id for one in (*first.incidents, *rest.incidents)}
    assert ids == {vial.container_id for vial in vials}
    assert not rest.next_page_token


async def test_a_stranger_sees_and_moves_nothing(cabinet: Cabinet) -> None:
    (vial,) = await cabinet.receive("A-1")
    disposal = await cabinet.dispose(vial.container_id, 1)
    (incident,) = (await cabinet.count({vial.container_id: 450})).incidents
    entry = (await cabinet.get(vial.container_id)).entries[0]
    who: dict[str, Any] = {"who": ce.CHICAGO_PHARMACIST}
    asked = [
        cabinet.get(vial.container_id, **who),
        cabinet.balance(**who),
        cabinet.inventory(**who),
        cabinet.incidents(**who),
        cabinet.receive("A-2", **who),
        cabinet.dispose(vial.container_id, 1, **who),
        cabinet.witness(disposal.disposal_id, **who),
        cabinet.cancel(disposal.disposal_id, **who),
        cabinet.transfer(vial.container_id, ce.SUPPLIER, **who),
        cabinet.reverse(entry, **who),
        cabinet.count({vial.container_id: 500}, **who),
        cabinet.resolve(incident.incident_id, "RECONCILED", **who),
        cabinet.get(str(uuid4())),
        cabinet.witness(str(uuid4())),
        cabinet.resolve(str(uuid4()), "RECONCILED"),
        cabinet.balance("RH1111119"),
        cabinet.reverse(nouns.CustodyEntry(container_id=vial.container_id, entry_id=str(uuid4()))),
        cabinet.count({str(uuid4()): 1}),
    ]
    for one in asked:
        with pytest.raises(NotFound):
            await one
    assert len((await cabinet.get(vial.container_id)).entries) == 1


async def test_a_number_is_registered_once(cabinet: Cabinet) -> None:
    known = await cabinet.open()
    assert await cabinet.open() == known
    with pytest.raises(AlreadyExists):
        await cabinet.open(clinic=eg.CHICAGO)
    with pytest.raises(Invalid):
        await cabinet.open("AB1234564")
    with pytest.raises(Invalid):
        await cabinet.open(ce.OTHER_DEA, zone="Mars/Olympus")
