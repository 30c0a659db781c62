"""The ways of saying no: pure values that a domain raises and the edge translates once."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault in one field, for the caller to mend."""

    field: str
    description: str


class Refusal(Exception):
    """A request understood and declined, with a reason that a program can read."""

    def __init__(
        self, reason: str, message: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
        self.metadata: Mapping[str, str] = metadata or {}


class NotAllowed(Refusal):
    """The entity's state does not permit this now."""


class NotFound(Refusal):
    """There is no such thing, or none that this caller may know of."""


class AlreadyExists(Refusal):
    """The thing to create is there already, and differs."""


class Denied(Refusal):
    """The caller is known and lacks the standing."""


class Busy(Refusal):
    """Not now; the same request may be sent again."""


class Invalid(Refusal):
    """The request itself is wrong, field by field."""

    def __init__(self, reason: str, message: str, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(reason, message)
        self.violations = violations


class Reject(Exception):
    """A fact that can never be handled: park it, do not try again."""
