"""An outside system that refers by events, and what the contract with it lets it read."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Partner:
    """Who it is on the broker, where it may refer to, how it reads its feed."""

    name: str
    account: str
    clinics: frozenset[UUID]
    format: str
    fields: frozenset[str] = frozenset()
    """The identifiers of a patient that its contract names; no other ever stands in its feed."""
