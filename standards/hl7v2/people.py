"""Who refers, who is referred, and where to: PRD and PID in our words."""

import re
from collections.abc import Sequence
from typing import Final

from google.type.date_pb2 import Date

from halcyon.referral.v1.referral_pb2 import Patient, PostalAddress, Practitioner, SexAtBirth
from standards.hl7v2.segments import Parsed, Segment, part
from standards.phone import digits, e164
from standards.problems import Findings

REFERRING, REFERRED_TO = "RP", "RT"
"""Table 0286, provider role."""
_NPI, _OURS = "NPI", "HALCYON"
"""Table 0338, and our own: the UUID that the network gave the clinic."""
_SEX: Final = {
    "F": SexAtBirth.SEX_AT_BIRTH_FEMALE,
    "M": SexAtBirth.SEX_AT_BIRTH_MALE,
    "UNK": SexAtBirth.SEX_AT_BIRTH_UNKNOWN,
}
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(\d.*)?")


def practitioner(message: Parsed, findings: Findings) -> Practitioner:
    """The referring provider; the practice is the facility that sends."""
    provider = _provider(message, REFERRING)
    if not provider:
        findings.add("PRD-1", f"a provider with the role {REFERRING} is required", "referrer")
        return Practitioner()
    npi = _identifier(provider, _NPI)
    if not npi:
        findings.add("PRD-7", "an identifier of the type NPI is required", "referrer.npi")
    return Practitioner(
        npi=npi,
        family_name=provider.text(2, 1),
        given_name=provider.text(2, 2),
        organization=message.one("MSH").text(4),
    )


def preferred_clinic(message: Parsed) -> str:
    """A clinic of the network, where the provider referred to is named so."""
    provider = _provider(message, REFERRED_TO)
    return _identifier(provider, _OURS) if provider else ""


def patient(message: Parsed, sex: str, findings: Findings) -> Patient:
    """Who is referred; PID-8 is an administrative sex and says nothing of the one at birth."""
    told = message.one("PID")
    phone, email = _reach(told)
    return Patient(
        family_name=told.text(5, 1),
        given_name=" ".join(filter(None, (told.text(5, 2), told.text(5, 3)))),
        birth_date=day(told.text(7), "PID-7", findings, "patient.birth_date"),
        sex_at_birth=_SEX.get(sex, SexAtBirth.SEX_AT_BIRTH_UNSPECIFIED),
        phone=phone,
        email=email,
        address=_address(told),
    )


def day(written: str, path: str, findings: Findings, field: str) -> Date | None:
    """A full calendar date, or the day of a moment."""
    found = _DAY.fullmatch(written)
    if not found:
        findings.add(path, "must be a full date, YYYYMMDD", field)
        return None
    year, month, of_month = (int(one) for one in found.groups()[:3])
    return Date(year=year, month=month, day=of_month)


def _provider(message: Parsed, role: str) -> Segment | None:
    found = (one for one in message.of("PRD") if any(part(told, 1) == role for told in one.all(1)))
    return next(found, None)


def _identifier(provider: Segment, kind: str) -> str:
    return next((part(one, 1) for one in provider.all(7) if part(one, 2) == kind), "")


def _reach(told: Segment) -> tuple[str, str]:
    """XTN of PID-13: a number in parts or in one piece; a mail address."""
    phone = email = ""
    for contact in told.all(13):
        email = email or part(contact, 4)
        phone = phone or _number(contact)
    return phone, email


def _number(contact: Sequence[str]) -> str:
    country, area, local = (part(contact, at) for at in (5, 6, 7))
    if area and local:
        return "+" + digits(f"{country or '1'}{area}{local}")
    return e164(part(contact, 12) or part(contact, 1))


def _address(told: Segment) -> PostalAddress | None:
    if not told.all(11):
        return None
    return PostalAddress(
        line=told.text(11, 1),
        city=told.text(11, 3),
        state=told.text(11, 4),
        postal_code=told.text(11, 5),
    )
