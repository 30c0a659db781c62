"""What callers are told of the controlled-drug record."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from google.type.date_pb2 import Date

from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_pb2 as nouns
from halcyon.infusion.v1 import custody_service_pb2 as lookups
from services.infusion.domain import custody
from services.infusion.wire.values import stamp


def registration(one: custody.Registration) -> nouns.Registration:
    """A registration."""
    return nouns.Registration(
        dea_number=one.dea_number,
        clinic_id=str(one.clinic_id),
        time_zone=one.time_zone,
        open_date=_day(one.open_date),
    )


def container(holding: custody.Holding) -> nouns.Container:
    """A container with what it holds."""
    one = holding.container
    return nouns.Container(
        container_id=str(one.container_id),
        dea_number=one.dea_number,
        ndc=one.ndc,
        lot=one.lot,
        label=one.label,
        expiry_date=_day(one.expiry_date),
        drug=one.drug,
        milligrams_per_millilitre=str(one.strength),
        capacity=_amount(one.capacity, one.strength),
        balance=_amount(holding.balance, one.strength),
        revision=holding.number,
        pack=one.pack,
    )


def entry(one: custody.Entry, strength: Decimal) -> nouns.CustodyEntry:
    """A line of the ledger."""
    act = one.act
    return nouns.CustodyEntry(
        entry_id=str(one.entry_id),
        container_id=str(one.container_id),
        number=one.number,
        kind=_kind(one.kind),
        change_milligrams=str(one.change),
        change_millilitres=str(custody.millilitres(one.change, strength)),
        balance=_amount(one.balance, strength),
        reversed_entry_id=_id(one.reversed_id),
        session_id=_id(act.session_id),
        counterparty_dea_number=act.counterparty,
        reference=act.reference,
        recorder=act.recorder,
        witness=act.witness,
        occur_time=stamp(act.occur_time),
        record_time=stamp(act.record_time),
    )


def disposal(one: custody.Disposal, strength: Decimal) -> nouns.Disposal:
    """A disposal."""
    return nouns.Disposal(
        disposal_id=str(one.disposal_id),
        container_id=str(one.container_id),
        kind=_kind(one.kind),
        amount=_amount(one.amount, strength),
        status=nouns.DisposalStatus.Value(f"DISPOSAL_STATUS_{one.status.name}"),
        recorder=one.recorder,
        witness=one.witness,
        occur_time=stamp(one.occur_time),
        session_id=_id(one.session_id),
        due_time=stamp(one.due_time) if one.due_time else None,
        escalate_time=stamp(one.escalate_time) if one.escalate_time else None,
    )


def incident(one: custody.Incident, strength: Decimal) -> nouns.Incident:
    """An incident."""
    told = nouns.Incident(
        incident_id=str(one.incident_id),
        revision=one.revision,
        status=nouns.IncidentStatus.Value(f"INCIDENT_STATUS_{one.status.name}"),
        container_id=str(one.container_id),
        book=_amount(one.book, strength),
        counted=_amount(one.counted, strength),
        counter=one.counter,
        find_time=stamp(one.find_time),
        due_time=stamp(one.due_time),
        resolver=one.resolver,
    )
    if one.resolution:
        name = f"INCIDENT_RESOLUTION_{one.resolution.name}"
        told.resolution = nouns.IncidentResolution.Value(name)
    return told


def deadline(one: custody.Stocktaking) -> counts.InventoryDeadline:
    """By when the next inventory must be taken."""
    return counts.InventoryDeadline(
        dea_number=one.dea_number,
        clinic_id=str(one.clinic_id),
        due_date=_day(one.due_date),
        stage=counts.InventoryStage.Value(f"INVENTORY_STAGE_{one.stage.name}"),
    )


def balance(one: custody.Balance) -> nouns.CustodyBalance:
    """What came and went."""
    return nouns.CustodyBalance(
        opening=str(one.opening),
        received=str(one.received),
        administered=str(one.administered),
        wasted=str(one.wasted),
        transferred=str(one.transferred),
        destroyed=str(one.destroyed),
        lost=str(one.lost),
        closing=str(one.closing),
    )


def inventory(one: custody.Inventory) -> lookups.GetInventoryResponse:
    """An inventory, as an inspector reads it."""
    count = one.count
    return lookups.GetInventoryResponse(
        registration=registration(one.registration),
        count_id=str(count.count_id),
        count_date=_day(one.count_date),
        moment=counts.CountMoment.Value(f"COUNT_MOMENT_{count.moment.name}"),
        counter=count.counter,
        lines=list(map(_form, one.forms)),
        next_date=_day(one.next_date),
        pack=one.pack,
    )


def counted(
    count: custody.Count, incidents: Sequence[custody.Incident], stock: custody.Stock
) -> counts.CountContainersResponse:
    """What a count says."""
    return counts.CountContainersResponse(
        count_id=str(count.count_id),
        agreed_count=sum(line.agrees for line in count.lines),
        incidents=[
            incident(one, stock.holdings[one.container_id].container.strength) for one in incidents
        ],
    )


def line(holding: custody.Holding, came_and_went: custody.Balance) -> lookups.ContainerBalance:
    """One container in a registration's ledger."""
    return lookups.ContainerBalance(container=container(holding), balance=balance(came_and_went))


def _form(form: custody.Form) -> lookups.InventoryLine:
    container = form.container
    return lookups.InventoryLine(
        ndc=container.ndc,
        drug=container.drug,
        schedule=container.schedule,
        container_amount=_amount(container.capacity, container.strength),
        sealed_count=form.sealed,
        opened_count=form.opened,
        opened_milligrams=str(form.opened_amount),
        total_milligrams=str(form.total),
    )


def _amount(milligrams: Decimal, strength: Decimal) -> nouns.DrugAmount:
    volume = custody.millilitres(milligrams, strength)
    return nouns.DrugAmount(milligrams=str(milligrams), millilitres=str(volume))


def _kind(kind: custody.Kind) -> nouns.CustodyKind.ValueType:
    return nouns.CustodyKind.Value(f"CUSTODY_KIND_{kind.name}")


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _id(one: object) -> str:
    return str(one) if one else ""
