"""What an estimate must say, and what is still missing from one."""

from collections.abc import Iterator
from datetime import datetime

from services.billing.domain.estimate.estimate import House, Line, Provider


def missing(
    house: House | None,
    diagnosis: str,
    lines: tuple[Line, ...],
    first_service: datetime | None,
    *,
    scheduled: bool,
) -> tuple[str, ...]:
    """The required content that is not there; name and birth date come from the registry later."""
    return tuple(_missing(house, diagnosis, lines, first_service, scheduled=scheduled))


def _missing(
    house: House | None,
    diagnosis: str,
    lines: tuple[Line, ...],
    first_service: datetime | None,
    *,
    scheduled: bool,
) -> Iterator[str]:
    if house is None:
        yield "facility"
    else:
        for provider in house.providers:
            yield from (f"{field} of {provider.npi}" for field in _empty(provider))
    if not diagnosis:
        yield "diagnosis_code"
    if scheduled and first_service is None:
        yield "service_date"
    if not lines:
        yield "lines"
    for line in lines:
        if not line.codes:
            yield f"service_code of {line.item}"


def _empty(provider: Provider) -> Iterator[str]:
    fields = ("name", "npi", "tin", "state", "location")
    return (field for field in fields if not getattr(provider, field))
