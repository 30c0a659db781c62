"""Whom a receipt or a claim names: told with each request, printed, and kept nowhere."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.billing.domain.profile import Street


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """The patient, as the registry names them: on the paper, and in no log."""

    patient_id: UUID
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: str
    """"F", "M" or "U", as claims say it."""
    telephone: str = field(repr=False)
    street: Street = field(repr=False)


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who referred the patient."""

    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    npi: str


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom a claim goes to, and as whom they know the patient."""

    name: str
    payer_id: str
    member_id: str = field(repr=False)
