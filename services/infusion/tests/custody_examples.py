"""Named test data for the controlled-drug record: people, places, vials."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from google.type.date_pb2 import Date

from chassis.auth import Principal
from chassis.testing import House, somebody
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_movements_pb2 as movements
from halcyon.infusion.v1 import custody_pb2 as nouns
from halcyon.infusion.v1 import custody_service_pb2 as lookups
from services.infusion.api.custody import CustodyService
from services.infusion.domain import custody
from services.infusion.packs.custody import current
from services.infusion.tests import examples as eg
from services.infusion.tests.ward import Ward

DEA, OTHER_DEA, SUPPLIER = "AB1234563", "BH7654329", "RH1111119"
KETAMINE = "00143-9509-10"
"""500 mg in 5 mL."""
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
RULES = current()
BOSTON = custody.Registration(DEA, eg.BOSTON, "America/New_York", date(2026, 1, 5))
CHICAGO = custody.Registration(OTHER_DEA, eg.CHICAGO, "America/Chicago", date(2026, 1, 5))


def person(name: str, *roles: str, clinics: Any = frozenset({eg.BOSTON})) -> Principal:
    return replace(somebody(*roles, clinics=clinics), subject=name)


NURSE, SECOND_NURSE = person("nina", "nurse"), person("noah", "nurse")
PHARMACIST = person("paul", "pharmacist")
DIRECTOR = person("dora", "medical_director", "pharmacist")
CHICAGO_PHARMACIST = person("petra", "pharmacist", clinics=frozenset({eg.CHICAGO}))
NETWORK = replace(somebody(), subject="olga")


def act(cause_id: UUID | None = None, by: str = "nina", **about: Any) -> custody.Act:
    return custody.Act(cause_id or uuid4(), by, NOON, NOON, **about)


def once() -> dict[str, Any]:
    """The same request, whenever it is sent."""
    return {"request_id": str(uuid4())}


def mg(amount: object) -> custody.Told:
    return custody.Told(Decimal(str(amount)), None)


def delivery(*labels: str, act: custody.Act | None = None) -> custody.Delivery:
    arrivals = tuple(custody.Arrival(label, None) for label in labels)
    about = act or globals()["act"](counterparty=SUPPLIER, reference="INV-1")
    return custody.Delivery(KETAMINE, "L1", date(2027, 6, 30), arrivals, about)


def vial(label: str = "A-1", place: custody.Registration = BOSTON) -> custody.Holding:
    ((container, entry),) = custody.receive(place, delivery(label), {}, RULES)
    return custody.Holding(container, entry)


class Cabinet:
    """The custody service, asked by its calls' names."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, CustodyService(house.db)
        self.ward = Ward(house)

    async def open(self, dea: str = DEA, clinic: UUID = eg.BOSTON, zone: str = "America/New_York"):
        request = movements.CreateRegistrationRequest(
            dea_number=dea,
            clinic_id=str(clinic),
            time_zone=zone,
            open_date=Date(year=2026, month=1, day=5),
        )
        reply = await self.house.call(self.api.CreateRegistration, request, NETWORK)
        return reply.registration

    async def receive(
        self, *labels: str, who: Principal = PHARMACIST, **changes: Any
    ) -> list[nouns.Container]:
        told: dict[str, Any] = {
            "request_id": str(uuid4()),
            "dea_number": DEA,
            "ndc": KETAMINE,
            "lot": "L1",
            "expiry_date": Date(year=2027, month=6, day=30),
            "arrivals": [movements.Arrival(label=label) for label in labels],
            "supplier_dea_number": SUPPLIER,
            "invoice_number": "INV-1",
        }
        request = movements.ReceiveContainersRequest(**told | changes)
        return list((await self.house.call(self.api.ReceiveContainers, request, who)).containers)

    async def infusing(self, dose: int = 35000) -> str:
        """A session whose pump runs."""
        case = eg.Case()
        await self.house.given(case.approved(dose), case.confirmed())
        session_id = case.session_id(1)
        await self.ward.ready(session_id, dose)
        await self.ward.start(session_id)
        await self.house.stated()
        return session_id

    async def administer(
        self,
        container_id: str,
        session_id: str,
        milligrams: object,
        who: Principal = NURSE,
        **more: Any,
    ) -> nouns.CustodyEntry:
        told: dict[str, Any] = {
            "request_id": str(uuid4()),
            "container_id": container_id,
            "session_id": session_id,
            "amount": nouns.DrugAmount(milligrams=str(milligrams)),
        }
        request = movements.AdministerDrugRequest(**told | more)
        return (await self.house.call(self.api.AdministerDrug, request, who)).entry

    async def dispose(
        self, container_id: str, milligrams: object = None, who: Principal = NURSE, **more: Any
    ) -> nouns.Disposal:
        told: dict[str, Any] = {
            "request_id": str(uuid4()),
            "container_id": container_id,
            "kind": nouns.CUSTODY_KIND_WASTED,
        }
        if milligrams is not None:
            told["amount"] = nouns.DrugAmount(milligrams=str(milligrams))
        request = movements.CreateDisposalRequest(**told | more)
        return (await self.house.call(self.api.CreateDisposal, request, who)).disposal

    async def witness(self, disposal_id: str, who: Principal = SECOND_NURSE) -> nouns.CustodyEntry:
        request = movements.WitnessDisposalRequest(disposal_id=disposal_id)
        return (await self.house.call(self.api.WitnessDisposal, request, who)).entry

    async def cancel(self, disposal_id: str, who: Principal = NURSE) -> nouns.Disposal:
        request = movements.CancelDisposalRequest(disposal_id=disposal_id)
        return (await self.house.call(self.api.CancelDisposal, request, who)).disposal

    async def waste(self, container_id: str, milligrams: object = None) -> nouns.CustodyEntry:
        return await self.witness((await self.dispose(container_id, milligrams)).disposal_id)

    async def transfer(
        self, container_id: str, to: str, who: Principal = PHARMACIST, **more: Any
    ) -> movements.TransferContainerResponse:
        told = once() | more
        request = movements.TransferContainerRequest(
            container_id=container_id, recipient_dea_number=to, **told
        )
        return await self.house.call(self.api.TransferContainer, request, who)

    async def reverse(
        self, entry: nouns.CustodyEntry, who: Principal = PHARMACIST, **more: Any
    ) -> nouns.CustodyEntry:
        told = once() | more
        request = movements.ReverseEntryRequest(
            container_id=entry.container_id,
            entry_id=entry.entry_id,
            reason=movements.REVERSAL_REASON_WRONG_AMOUNT,
            **told,
        )
        return (await self.house.call(self.api.ReverseEntry, request, who)).entry

    async def count(
        self, found: Mapping[str, object], who: Principal = NURSE, **more: Any
    ) -> counts.CountContainersResponse:
        told: dict[str, Any] = {
            "request_id": str(uuid4()),
            "dea_number": DEA,
            "scope": counts.COUNT_SCOPE_SPOT,
            "moment": counts.COUNT_MOMENT_CLOSE,
            "containers": [
                counts.CountedContainer(
                    container_id=key, amount=nouns.DrugAmount(milligrams=str(amount))
                )
                for key, amount in found.items()
            ],
        }
        request = counts.CountContainersRequest(**told | more)
        return await self.house.call(self.api.CountContainers, request, who)

    async def resolve(
        self, incident_id: str, resolution: str, who: Principal = PHARMACIST, reference: str = ""
    ) -> nouns.Incident:
        request = counts.ResolveIncidentRequest(
            incident_id=incident_id,
            resolution=nouns.IncidentResolution.Value(f"INCIDENT_RESOLUTION_{resolution}"),
            reference=reference,
        )
        return (await self.house.call(self.api.ResolveIncident, request, who)).incident

    async def get(self, container_id: str, who: Principal = NURSE) -> lookups.GetContainerResponse:
        request = lookups.GetContainerRequest(container_id=container_id)
        return await self.house.call(self.api.GetContainer, request, who)

    async def balance(
        self, dea: str = DEA, who: Principal = PHARMACIST, **more: Any
    ) -> lookups.GetBalanceResponse:
        request = lookups.GetBalanceRequest(dea_number=dea, **more)
        return await self.house.call(self.api.GetBalance, request, who)

    async def inventory(self, who: Principal = PHARMACIST) -> lookups.GetInventoryResponse:
        request = lookups.GetInventoryRequest(dea_number=DEA)
        return await self.house.call(self.api.GetInventory, request, who)

    async def deadlines(
        self, who: Principal = NURSE, **more: Any
    ) -> counts.ListInventoryDeadlinesResponse:
        request = counts.ListInventoryDeadlinesRequest(**more)
        return await self.house.call(self.api.ListInventoryDeadlines, request, who)

    async def incidents(
        self, who: Principal = PHARMACIST, **more: Any
    ) -> lookups.ListIncidentsResponse:
        request = lookups.ListIncidentsRequest(dea_number=DEA, **more)
        return await self.house.call(self.api.ListIncidents, request, who)
