"""Making estimates: for a held series, on request, and again when the scope changes."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import NotAllowed
from services.billing.domain.book import Quote
from services.billing.domain.decision import Decision, EstimateIssued
from services.billing.domain.estimate.calendar import Calendar
from services.billing.domain.estimate.clock import (
    due_when_requested,
    due_when_scheduled,
    last_moment_to_change,
    local_day,
)
from services.billing.domain.estimate.content import missing
from services.billing.domain.estimate.estimate import (
    Estimate,
    House,
    Line,
    Provider,
    Reason,
    requested_id,
)
from services.billing.domain.estimate.policy import Policy
from services.billing.domain.issuing import Need

UNTOLD = ""
"""The NPI of lines made before the clinic has told us its own."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a clinic's estimates are made with."""

    zone: str
    house: House | None
    """None until the clinic has told who bills."""
    policy: Policy
    calendar: Calendar

    @property
    def npi(self) -> str:
        """The facility's."""
        return self.house.facility.npi if self.house else UNTOLD

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Who bills, as far as it is known."""
        return self.house.providers if self.house else ()

    @property
    def telephone(self) -> str:
        """Where questions are answered."""
        return self.house.telephone if self.house else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about costs, with its answer."""

    request_id: UUID
    clinic_id: UUID
    patient_id: UUID
    referral_id: UUID | None
    diagnosis: str
    session_count: int
    codes: dict[str, tuple[str, ...]]
    """The service codes of each item of the quote."""
    quote: Quote


def of_series(
    decision: Decision, need: Need, known: Estimate | None, codes: tuple[str, ...], desk: Desk
) -> Estimate | None:
    """The estimate that is issued with an invoice; none when no invoice was issued."""
    issued = next((one for one in decision.events if isinstance(one, EstimateIssued)), None)
    if issued is None:
        return None
    invoice, now = issued.invoice, issued.invoice.issue_time
    lines = (
        *(
            Line(
                npi=desk.npi,
                item="infusion",
                words=line.description,
                codes=codes,
                quantity=line.quantity,
                minor_units=line.unit_price.minor_units,
            )
            for line in invoice.lines
        ),
        *_shared(desk, invoice.session_count),
    )
    lines = (*lines, *_further(lines, known))
    due = need.first_service and due_when_scheduled(
        desk.policy, desk.calendar, now, need.first_service, desk.zone
    )
    return Estimate(
        estimate_id=invoice.estimate_id,
        version=known.version + 1 if known else 1,
        reason=Reason.CHANGED if known else Reason.SCHEDULED,
        clinic_id=invoice.clinic_id,
        patient_id=invoice.patient_id,
        referral_id=invoice.referral_id,
        invoice_id=invoice.invoice_id,
        providers=desk.providers,
        telephone=desk.telephone,
        diagnosis=need.diagnosis,
        lines=lines,
        currency_code=invoice.unit_price.currency_code,
        session_count=invoice.session_count,
        first_service=need.first_service,
        last_service=need.last_service,
        policy=desk.policy.label,
        missing=missing(desk.house, need.diagnosis, lines, need.first_service, scheduled=True),
        clock_time=now,
        due_time=due,
        issue_time=now,
    )


def on_request(asked: Asked, desk: Desk, now: datetime) -> Estimate:
    """A quote becomes an estimate with a clock of its own."""
    lines = (
        *(
            Line(
                npi=desk.npi,
                item=line.item,
                words=line.words,
                codes=asked.codes.get(line.item, ()),
                quantity=line.quantity,
                minor_units=line.unit_price.minor_units,
            )
            for line in asked.quote.lines
        ),
        *_shared(desk, asked.session_count),
    )
    return Estimate(
        estimate_id=requested_id(asked.patient_id, asked.request_id),
        version=1,
        reason=Reason.REQUESTED,
        clinic_id=asked.clinic_id,
        patient_id=asked.patient_id,
        referral_id=asked.referral_id,
        invoice_id=None,
        providers=desk.providers,
        telephone=desk.telephone,
        diagnosis=asked.diagnosis,
        lines=lines,
        currency_code=asked.quote.currency_code,
        session_count=asked.session_count,
        first_service=None,
        last_service=None,
        policy=desk.policy.label,
        missing=missing(desk.house, asked.diagnosis, lines, None, scheduled=False),
        clock_time=now,
        due_time=due_when_requested(desk.policy, desk.calendar, now, desk.zone),
        issue_time=now,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to the version that somebody has seen."""

    version: int
    more: tuple[Line, ...]
    service: datetime | None
    """The first service that changes; the first of the series when it is not said."""


def revise(known: Estimate, change: Change, desk: Desk, now: datetime) -> Estimate:
    """A change of scope, told in time before the service it changes.

    Without further lines it is the same estimate under the clinic's particulars of today.
    """
    version, more = change.version, change.more
    if known.version == version + 1 and known.lines[len(known.lines) - len(more) :] == more:
        return known
    if known.version != version:
        newest = {"version": str(known.version)}
        raise NotAllowed("ESTIMATE_CHANGED", "There is a newer version of it.", newest)
    due = _last_moment(desk, change.service or known.first_service)
    if due and more and now >= due:
        raise NotAllowed("TOO_LATE_TO_CHANGE", "For this service the earlier estimate stands.")
    lines = (*(_at_home(line, desk) for line in known.lines), *more)
    scheduled = known.invoice_id is not None
    return known._replace(
        version=known.version + 1,
        reason=Reason.CHANGED,
        providers=desk.providers,
        telephone=desk.telephone,
        lines=lines,
        policy=desk.policy.label,
        missing=missing(
            desk.house, known.diagnosis, lines, known.first_service, scheduled=scheduled
        ),
        clock_time=now,
        due_time=due,
        issue_time=now,
        provide_time=None,
        provide_way=None,
        consented=0,
        consent_time=None,
    )


def may_change(desk: Desk, service: datetime | None, now: datetime) -> bool:
    """Whether there is time to tell of a change; else the earlier estimate stands."""
    due = _last_moment(desk, service)
    return due is None or now < due


def _last_moment(desk: Desk, service: datetime | None) -> datetime | None:
    return service and last_moment_to_change(
        desk.policy, desk.calendar, local_day(service, desk.zone), desk.zone
    )


def _shared(desk: Desk, sessions: int) -> tuple[Line, ...]:
    """What co-providers charge for the same sessions."""
    shares = desk.house.shares if desk.house else ()
    return tuple(
        Line(
            npi=share.provider.npi,
            item=share.item,
            words=share.words,
            codes=share.codes,
            quantity=sessions,
            minor_units=share.minor_units,
        )
        for share in shares
        if sessions
    )


def _further(lines: tuple[Line, ...], known: Estimate | None) -> tuple[Line, ...]:
    """What people have added to the version before is still expected."""
    own = {line.item for line in lines}
    return tuple(line for line in known.lines if line.item not in own) if known else ()


def _at_home(line: Line, desk: Desk) -> Line:
    """A line made before the clinic told its NPI is the facility's."""
    return replace(line, npi=desk.npi) if line.npi == UNTOLD else line
