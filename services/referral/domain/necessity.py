"""The minimum necessary: which of a patient's identifiers a role is shown (45 CFR 164.502(b))."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from services.referral.domain.referral import Person

_WHO: Final = frozenset({"given_name", "family_name", "birth_date", "sex_at_birth"})
_REACH: Final = frozenset({"phone", "email"})
_WHERE: Final = frozenset({"address"})
NEEDED: Final = {
    "referrer": _WHO | _REACH | _WHERE,
    "coordinator": _WHO | _REACH | _WHERE,
    "prescriber": _WHO | _REACH,
    "medical_director": _WHO | _REACH,
    "nurse": _WHO,
    "cashier": _WHO | _REACH | _WHERE,
    "service": _WHO | _WHERE,
}
"""Who acts in several roles is shown what each of them needs; another role needs nothing more."""


def shown_to(roles: AbstractSet[str], person: Person) -> Person:
    """The person without what none of the roles needs; who somebody is, is never left out."""
    needed = frozenset[str]().union(*(NEEDED.get(role, frozenset()) for role in roles))
    return replace(
        person,
        phone=person.phone if "phone" in needed else "",
        email=person.email if "email" in needed else "",
        address=person.address if "address" in needed else None,
    )
