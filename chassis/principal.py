"""Who is calling, and what the caller may see."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from chassis import sight
from chassis.refusal import NotFound
from halcyon.options.v1.options_pb2 import Requirement, Role


class Scope(Enum):
    """A scope that is no list of clinics."""

    ALL = "*"


ALL: Final = Scope.ALL


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a verified token, or a service by its certificate."""

    subject: str
    roles: frozenset[str]
    clinics: frozenset[UUID] | Scope
    npi: str | None
    expires: datetime

    def sees(self, clinic_id: UUID) -> bool:
        """Whether the clinic is within the caller's scope."""
        return self.clinics is ALL or clinic_id in self.clinics

    @property
    def words(self) -> frozenset[str] | None:
        """What opens rows to the caller; None when every row is open."""
        if self.clinics is ALL:
            return None
        own = {self.npi} if self.npi and "referrer" in self.roles else set()
        return frozenset(map(str, self.clinics)) | self.roles | own

    def must_serve(self, clinic_id: UUID) -> None:
        """A clinic out of scope does not exist, as far as the caller may know."""
        if not self.sees(clinic_id):
            raise NotFound("NO_SUCH_CLINIC", "No such clinic.")


_caller: ContextVar[Principal] = ContextVar("caller")


def caller() -> Principal:
    """Whoever made the call that is being answered."""
    return _caller.get()


def act_as(principal: Principal) -> None:
    """Answer from here on, in this task, for that caller."""
    _caller.set(principal)
    sight.narrow(principal.words)


def roles_of(requirement: Requirement) -> frozenset[str]:
    """The roles that a contract names, as tokens name them."""
    names = (Role.Name(role) for role in requirement.roles)
    return frozenset(name.removeprefix("ROLE_").lower() for name in names)


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """The holder that verified claims describe; claims of another shape are no claims."""
    clinics = _words(claims, "clinics")
    npi = claims.get("npi")
    if npi is not None and not isinstance(npi, str):
        raise ValueError("npi")
    return Principal(
        subject=claims["sub"],
        roles=frozenset(_words(claims, "roles")),
        clinics=ALL if clinics == ["*"] else frozenset(UUID(clinic) for clinic in clinics),
        npi=npi,
        expires=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _words(claims: Mapping[str, Any], name: str) -> list[str]:
    words = claims.get(name, [])
    if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise ValueError(name)
    return words
