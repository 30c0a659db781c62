"""Page tokens (AIP-158): opaque, made of the last row's sort key, refused when not ours."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.refusal import Invalid, Violation

T = TypeVar("T")


def limit(page_size: int, default: int = 50) -> int:
    """How many rows to read for one page: one more than asked, to know whether another follows."""
    return (page_size or default) + 1


def cut(
    rows: Sequence[T], page_size: int, key: Callable[[T], Sequence[object]], default: int = 50
) -> tuple[Sequence[T], str]:
    """One page and the token of the next; the token is empty on the last page."""
    size = page_size or default
    if len(rows) <= size:
        return rows, ""
    last = [str(part) for part in key(rows[size - 1])]
    return rows[:size], urlsafe_b64encode(json.dumps(last).encode()).decode()


def position(page_token: str, parts: int) -> list[str] | None:
    """The sort key a page starts after; None for the first page."""
    if not page_token:
        return None
    try:
        key = json.loads(urlsafe_b64decode(page_token.encode()))
    except ValueError:
        key = None
    if isinstance(key, list) and len(key) == parts and all(isinstance(part, str) for part in key):
        return key
    raise _not_ours()


def after(page_token: str) -> tuple[datetime, UUID] | None:
    """The moment and the id a page starts after, for lists in order of time."""
    if (key := position(page_token, 2)) is None:
        return None
    try:
        moment, identity = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError:
        raise _not_ours() from None
    if moment.tzinfo is None:
        raise _not_ours()
    return moment, identity


def _not_ours() -> Invalid:
    violation = Violation("page_token", "must be a next_page_token of this method")
    return Invalid("PAGE_TOKEN_INVALID", "The page token is not one of ours.", (violation,))
