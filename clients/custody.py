"""What people do with controlled drugs, as calls of the SDK, for the CLI, the demo and tests."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from clients.sdk import Halcyon
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_movements_pb2 as movements
from halcyon.infusion.v1 import custody_service_pb2 as lookups
from halcyon.infusion.v1.custody_pb2 import (
    CUSTODY_KIND_WASTED,
    Container,
    CustodyEntry,
    CustodyKind,
    Disposal,
    DrugAmount,
    Incident,
    IncidentResolution,
)
from halcyon.infusion.v1.gate_pb2 import DrugLot

DEMO_DRUG = DrugLot(ndc="42023-0114-10", lot="DEMO-1", expire_date="2036-12-31")
"""Ketamine 500 mg in 10 mL, as the demonstration clinics have it in their cabinets."""


async def vial(reader: Halcyon, dea_number: str) -> Container:
    """The first container of a registration that holds something."""
    found = await balance(reader, dea_number)
    held = (one.container for one in found.containers)
    return next(one for one in held if one.balance.milligrams != "0")


async def administer(
    nurse: Halcyon, container_id: str, session_id: str, amount: DrugAmount
) -> CustodyEntry:
    """A patient was given this much out of a container."""
    request = movements.AdministerDrugRequest(
        request_id=str(uuid4()), container_id=container_id, session_id=session_id, amount=amount
    )
    return (await nurse.custody.AdministerDrug(request)).entry


async def dispose(
    who: Halcyon,
    container_id: str,
    kind: CustodyKind.ValueType,
    amount: DrugAmount | None = None,
    **about: str,
) -> Disposal:
    """A waste or a destruction, to be witnessed: all that is left when no amount is told.

    `about` may name the `reference` of a form and the `session_id` whose residue it is.
    """
    request = movements.CreateDisposalRequest(
        request_id=str(uuid4()),
        container_id=container_id,
        kind=kind,
        amount=amount,
        reference=about.get("reference", ""),
        session_id=about.get("session_id", ""),
    )
    return (await who.custody.CreateDisposal(request)).disposal


async def witness(other: Halcyon, disposal_id: str) -> CustodyEntry:
    """Somebody else has seen it."""
    request = movements.WitnessDisposalRequest(disposal_id=disposal_id)
    return (await other.custody.WitnessDisposal(request)).entry


async def waste(
    nurse: Halcyon, other: Halcyon, container_id: str, session_id: str = ""
) -> CustodyEntry:
    """What a session left is poured away before a witness."""
    kind = CUSTODY_KIND_WASTED
    disposal = await dispose(nurse, container_id, kind, session_id=session_id)
    return await witness(other, disposal.disposal_id)


async def transfer(pharmacist: Halcyon, container_id: str, to: str) -> CustodyEntry:
    """A sealed container goes to another registration."""
    request = movements.TransferContainerRequest(
        request_id=str(uuid4()), container_id=container_id, recipient_dea_number=to
    )
    return (await pharmacist.custody.TransferContainer(request)).entry


async def reverse(
    pharmacist: Halcyon,
    container_id: str,
    entry_id: str,
    reason: movements.ReversalReason.ValueType,
) -> CustodyEntry:
    """An entry is taken back."""
    request = movements.ReverseEntryRequest(
        request_id=str(uuid4()), container_id=container_id, entry_id=entry_id, reason=reason
    )
    return (await pharmacist.custody.ReverseEntry(request)).entry


async def count(
    who: Halcyon,
    dea_number: str,
    found: Mapping[str, str],
    scope: counts.CountScope.ValueType,
    moment: counts.CountMoment.ValueType,
) -> counts.CountContainersResponse:
    """What is there, container by container, in milligrams."""
    request = counts.CountContainersRequest(
        request_id=str(uuid4()),
        dea_number=dea_number,
        scope=scope,
        moment=moment,
        containers=[
            counts.CountedContainer(container_id=key, amount=DrugAmount(milligrams=amount))
            for key, amount in found.items()
        ],
    )
    return await who.custody.CountContainers(request)


async def resolve(
    pharmacist: Halcyon,
    incident_id: str,
    resolution: IncidentResolution.ValueType,
    reference: str = "",
) -> Incident:
    """A difference is explained, or a loss was reported."""
    request = counts.ResolveIncidentRequest(
        incident_id=incident_id, resolution=resolution, reference=reference
    )
    return (await pharmacist.custody.ResolveIncident(request)).incident


async def balance(reader: Halcyon, dea_number: str) -> lookups.GetBalanceResponse:
    """The whole ledger of a registration, all its pages together."""
    request = lookups.GetBalanceRequest(dea_number=dea_number, page_size=200)
    whole = await reader.custody.GetBalance(request)
    while whole.next_page_token:
        request.page_token = whole.next_page_token
        page = await reader.custody.GetBalance(request)
        whole.containers.extend(page.containers)
        whole.next_page_token = page.next_page_token
    return whole


async def incidents(reader: Halcyon, dea_number: str) -> Sequence[Incident]:
    """The newest incidents of a registration."""
    request = lookups.ListIncidentsRequest(dea_number=dea_number)
    return (await reader.custody.ListIncidents(request)).incidents


async def deadlines(reader: Halcyon, clinic_id: str = "") -> list[counts.InventoryDeadline]:
    """By when the places of a clinic, or of all, must take their next inventory."""
    found: list[counts.InventoryDeadline] = []
    request = counts.ListInventoryDeadlinesRequest(clinic_id=clinic_id, page_size=200)
    while True:
        page = await reader.custody.ListInventoryDeadlines(request)
        found += page.deadlines
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token
