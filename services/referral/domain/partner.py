"""An outside system that refers by events."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Partner:
    """Who it is on the broker, where it may refer to, how it reads its feed."""

    name: str
    account: str
    clinics: frozenset[UUID]
    format: str
