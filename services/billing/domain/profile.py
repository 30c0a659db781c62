"""Who bills: the clinic, its numbers, and the doctor who answers for the infusion."""

from dataclasses import dataclass
from uuid import UUID

from chassis.refusal import Invalid, Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A postal address in the United States."""

    line: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What every claim and receipt of a clinic says about it."""

    clinic_id: UUID
    legal_name: str
    npi: str
    tin: str
    """Employer identification number, nine digits; never logged."""
    taxonomy: str
    place_of_service: str
    time_zone: str
    telephone: str
    street: Street
    provider_given_name: str
    provider_family_name: str
    provider_npi: str
    provider_taxonomy: str
    provider_licence: str


def check_profile(profile: Profile) -> None:
    """A number whose check digit is wrong is a typing error."""
    faults = [
        Violation(f"profile.{field}", "must be an NPI: the check digit is wrong")
        for field, npi in (("npi", profile.npi), ("provider_npi", profile.provider_npi))
        if not is_npi(npi)
    ]
    if faults:
        raise Invalid("INVALID_PROFILE", "The profile breaks a rule.", tuple(faults))


def is_npi(text: str) -> bool:
    """Ten digits with a Luhn check digit over the 80840 prefix."""
    if not (len(text) == 10 and text.isascii() and text.isdigit() and text[0] in "12"):
        return False
    digits = [int(digit) for digit in reversed("80840" + text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
