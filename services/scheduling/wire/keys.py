"""Sort keys of pages, out of the tokens that callers send back."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.refusal import Invalid, Violation

K = TypeVar("K")


def name_key(parts: list[str] | None) -> tuple[str, UUID] | None:
    """The name and id of the last clinic seen."""
    return _read(parts, lambda name, clinic_id: (name, UUID(clinic_id)))


def id_key(parts: list[str] | None) -> tuple[UUID] | None:
    """The id of the last one seen."""
    return _read(parts, lambda seen: (UUID(seen),))


def day_key(parts: list[str] | None) -> tuple[datetime, UUID, int] | None:
    """The start, series and number of the last booking seen."""
    return _read(
        parts,
        lambda start, series_id, number: (
            datetime.fromisoformat(start),
            UUID(series_id),
            int(number),
        ),
    )


def _read(parts: list[str] | None, make: Callable[..., K]) -> K | None:
    if parts is None:
        return None
    try:
        return make(*parts)
    except ValueError:
        violation = Violation("page_token", "must be a next_page_token of this method")
        raise Invalid(
            "PAGE_TOKEN_INVALID", "The page token is not one of ours.", (violation,)
        ) from None
