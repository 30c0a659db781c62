"""What stands on a Good Faith Estimate; required content is never left blank."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chassis.refusal import NotAllowed
from services.billing.documents.typesetting import money, pdf
from services.billing.domain import Addressee
from services.billing.domain.estimate import Desk, Estimate, Line, Provider
from services.billing.domain.estimate.clock import local_day


def estimate(found: Estimate, desk: Desk, person: Addressee) -> bytes:
    """The document that is given to the patient."""
    if found.missing:
        about = {"missing": ", ".join(found.missing)[:200]}
        raise NotAllowed("ESTIMATE_INCOMPLETE", "Required content is missing.", about)
    return pdf("estimate", _content(found, desk, person))


def file_name(found: Estimate) -> str:
    """Nothing of the person."""
    return f"good-faith-estimate-{found.estimate_id}-v{found.version}.pdf"


def _content(found: Estimate, desk: Desk, person: Addressee) -> Mapping[str, Any]:
    providers = {one.npi: one for one in found.providers}
    house = found.providers[0].name
    by_npi: dict[str, list[Line]] = {}
    for line in found.lines:
        by_npi.setdefault(line.npi, []).append(line)
    issued = local_day(found.issue_time, desk.zone)
    return {
        "about": f"Issued {_shown(issued)} by {house}. Version {found.version}.",
        "foot": f"Estimate {found.estimate_id}, version {found.version}, {found.policy}",
        "day": [issued.year, issued.month, issued.day],
        "patient": {
            "name": f"{person.given_name} {person.family_name}",
            "birth_date": _shown(person.birth_date),
        },
        "service": {
            "words": found.lines[0].words,
            "diagnosis": found.diagnosis,
            "scheduled": _scheduled(found, desk.zone),
            "recurrence": _recurrence(found, desk),
        },
        "providers": [
            _provider(providers.get(npi), npi, lines, found.currency_code)
            for npi, lines in by_npi.items()
        ],
        "total": money(found.total.minor_units, found.currency_code),
        "separately": desk.policy.separately,
        "disclaimers": desk.policy.disclaimers,
        "contact": f"{house}, {found.telephone}",
    }


def _provider(
    provider: Provider | None, npi: str, lines: Sequence[Line], currency_code: str
) -> Mapping[str, Any]:
    return {
        "name": provider.name if provider else "Co-provider",
        "npi": npi,
        "tin": provider.tin if provider else "to be told by the provider",
        "state": provider.state if provider else "",
        "location": provider.location if provider else "",
        "lines": [
            {
                "words": line.words,
                "codes": ", ".join(line.codes),
                "quantity": line.quantity,
                "each": money(line.minor_units, currency_code),
                "amount": money(line.amount, currency_code),
            }
            for line in lines
        ],
        "total": money(sum(line.amount for line in lines), currency_code),
    }


def _scheduled(found: Estimate, zone: str) -> str:
    if found.first_service is None:
        return "Not scheduled; made on request"
    first, last = _day(found.first_service, zone), _day(found.last_service, zone)
    return first if first == last else f"{first} to {last}"


def _recurrence(found: Estimate, desk: Desk) -> str:
    """Timeframe, frequency and number of a series, which one estimate covers for a year at most."""
    if found.session_count < 2 or not (found.first_service and found.last_service):
        return f"{found.session_count} session(s)"
    days = (
        local_day(found.last_service, desk.zone) - local_day(found.first_service, desk.zone)
    ).days
    weeks = max(1, -(-(days + 1) // 7))
    often = f"{found.session_count} sessions within {weeks} weeks"
    return f"{often}; covered for {desk.policy.series_months} months at most"


def _day(moment: datetime | None, zone: str) -> str:
    return _shown(local_day(moment, zone)) if moment else ""


def _shown(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
