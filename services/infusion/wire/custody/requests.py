"""What callers ask of the controlled-drug record, in our words."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, Violation
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_movements_pb2 as movements
from halcyon.infusion.v1 import custody_pb2 as nouns
from halcyon.infusion.v1 import custody_service_pb2 as lookups
from services.infusion.domain import custody

_LAST_SECOND = 253_402_300_799


Happening: TypeAlias = (
    movements.ReceiveContainersRequest
    | movements.AdministerDrugRequest
    | movements.CreateDisposalRequest
    | movements.TransferContainerRequest
)


def act(request: Happening, recorder: str, now: datetime) -> custody.Act:
    """Who did what under which request; now, when no moment is told."""
    when = _moment(request.occur_time) if request.HasField("occur_time") else now
    return custody.Act(UUID(request.request_id), recorder, when, now)


def disposing(
    request: movements.CreateDisposalRequest, recorder: str, now: datetime
) -> custody.Act:
    """Who disposes of something."""
    session_id = UUID(request.session_id) if request.session_id else None
    about = act(request, recorder, now)
    return replace(about, reference=request.reference, session_id=session_id)


def sending(
    request: movements.TransferContainerRequest, recorder: str, now: datetime
) -> custody.Act:
    """Who sends a container to whom."""
    return replace(
        act(request, recorder, now),
        counterparty=request.recipient_dea_number,
        reference=request.invoice_number,
    )


def place(request: movements.CreateRegistrationRequest) -> custody.Registration:
    """A place and its number."""
    open_date = _day("open_date", request.open_date)
    return custody.Registration(
        request.dea_number, UUID(request.clinic_id), request.time_zone, open_date
    )


def delivery(
    request: movements.ReceiveContainersRequest, recorder: str, now: datetime
) -> custody.Delivery:
    """What came."""
    about = replace(
        act(request, recorder, now),
        counterparty=request.supplier_dea_number,
        reference=request.invoice_number,
    )
    arrivals = tuple(
        custody.Arrival(one.label, _told(one.amount, f"arrivals[{place}].amount"))
        if one.HasField("amount")
        else custody.Arrival(one.label, None)
        for place, one in enumerate(request.arrivals)
    )
    expiry_date = _day("expiry_date", request.expiry_date)
    return custody.Delivery(request.ndc, request.lot, expiry_date, arrivals, about)


def use(
    request: movements.AdministerDrugRequest,
    place: custody.Registration,
    recorder: str,
    now: datetime,
) -> custody.Use:
    """What was given."""
    about = replace(act(request, recorder, now), session_id=UUID(request.session_id))
    return custody.Use(_told(request.amount, "amount"), place.day(about.occur_time), about)


def disposal_amount(request: movements.CreateDisposalRequest) -> custody.Told | None:
    """How much; None for all that is there."""
    return _told(request.amount, "amount") if request.HasField("amount") else None


def kind(value: nouns.CustodyKind.ValueType) -> custody.Kind:
    """Why an amount moves."""
    return custody.Kind(_own(nouns.CustodyKind.Name(value), "CUSTODY_KIND_"))


def reversal(request: movements.ReverseEntryRequest, recorder: str, now: datetime) -> custody.Act:
    """Who takes an entry back, and why."""
    reason = _own(movements.ReversalReason.Name(request.reason), "REVERSAL_REASON_")
    return custody.Act(UUID(request.request_id), recorder, now, now, reference=reason)


def tally(request: counts.CountContainersRequest, counter: str, now: datetime) -> custody.Tally:
    """What somebody says was counted."""
    scope = custody.Scope(_own(counts.CountScope.Name(request.scope), "COUNT_SCOPE_"))
    moment = custody.Moment(_own(counts.CountMoment.Name(request.moment), "COUNT_MOMENT_"))
    heading = custody.Count(
        UUID(request.request_id), request.dea_number, scope, moment, counter, now
    )
    told = (
        (UUID(one.container_id), _told(one.amount, f"containers[{place}].amount"))
        for place, one in enumerate(request.containers)
    )
    return custody.Tally(heading, tuple(told))


def verdict(request: counts.ResolveIncidentRequest, resolver: str) -> custody.Verdict:
    """What became of an incident."""
    name = nouns.IncidentResolution.Name(request.resolution)
    resolution = custody.Resolution(_own(name, "INCIDENT_RESOLUTION_"))
    return custody.Verdict(resolution, resolver, request.reference)


def incident_status(request: lookups.ListIncidentsRequest) -> custody.IncidentStatus | None:
    """The status asked for; None for any."""
    if not request.status:
        return None
    name = nouns.IncidentStatus.Name(request.status)
    return custody.IncidentStatus(_own(name, "INCIDENT_STATUS_"))


def _told(told: nouns.DrugAmount, place: str) -> custody.Told:
    milligrams, millilitres = told.milligrams, told.millilitres
    return custody.Told(
        Decimal(milligrams) if milligrams else None,
        Decimal(millilitres) if millilitres else None,
        place,
    )


def _own(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _day(field: str, told: Date) -> date:
    try:
        return date(told.year, told.month, told.day)
    except ValueError:
        raise _unreal(field, "must be a day of the calendar") from None


def _moment(told: Timestamp) -> datetime:
    if not 0 <= told.seconds <= _LAST_SECOND or not 0 <= told.nanos < 1_000_000_000:
        raise _unreal("occur_time", "must be a moment since 1970")
    return told.ToDatetime(UTC)


def _unreal(field: str, description: str) -> Invalid:
    return Invalid("INVALID_TIME", "The time is told wrongly.", (Violation(field, description),))
