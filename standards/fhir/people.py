"""Patient and prescriber: FHIR's words to ours."""

import re

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from halcyon.referral.v1.referral_pb2 import Patient, PostalAddress, Practitioner, SexAtBirth
from standards.fhir.codes import BIRTH_SEX, GEOLOCATION, NPI
from standards.fhir.nodes import Bundle, Node, Resource
from standards.fhir.problems import Findings
from standards.phone import e164

_SEX = {
    "F": SexAtBirth.SEX_AT_BIRTH_FEMALE,
    "M": SexAtBirth.SEX_AT_BIRTH_MALE,
    "UNK": SexAtBirth.SEX_AT_BIRTH_UNKNOWN,
    "OTH": SexAtBirth.SEX_AT_BIRTH_UNKNOWN,
}
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?")


def patient(resource: Resource, findings: Findings) -> Patient:
    """Who is referred; the sex is the one recorded at birth, never guessed from the gender."""
    given, family = _name(resource, findings, "patient")
    return Patient(
        given_name=given,
        family_name=family,
        birth_date=day(resource, "birthDate", findings, "patient.birth_date"),
        sex_at_birth=_sex(resource, findings),
        phone=e164(_contact(resource, "phone")),
        email=_contact(resource, "email"),
        address=_address(resource.first("address")),
    )


def practitioner(bundle: Bundle, requester: Node, findings: Findings) -> Practitioner:
    """Who refers: a Practitioner, or a PractitionerRole that also names the practice."""
    found = bundle.find(requester)
    role = found if found.kind == "PractitionerRole" else Resource(found.path)
    person = bundle.find(role.get("practitioner")) if role else found
    if person.kind != "Practitioner":
        findings.add(requester.path, "must refer to a Practitioner in the bundle", "referrer")
        return Practitioner()
    given, family = _name(person, findings, "referrer")
    return Practitioner(
        npi=_npi(person, findings),
        given_name=given,
        family_name=family,
        organization=_organization(bundle, role.get("organization")),
    )


def day(resource: Node, name: str, findings: Findings, field: str) -> Date | None:
    """A full calendar date; FHIR admits a year or a month alone, our contract does not."""
    found = _DAY.fullmatch(resource.text(name))
    if not found:
        findings.add(f"{resource.path}.{name}", "must be a full date, YYYY-MM-DD", field)
        return None
    year, month, of_month = (int(part) for part in found.groups()[:3])
    return Date(year=year, month=month, day=of_month)


def _name(resource: Resource, findings: Findings, field: str) -> tuple[str, str]:
    names = resource.all("name")
    name = next((one for one in names if one.text("use") == "official"), resource.first("name"))
    given = " ".join(one for one in _texts(name, "given") if one)
    family = name.text("family")
    if not given:
        findings.add(f"{name.path}.given", "a given name is required", f"{field}.given_name")
    if not family:
        findings.add(f"{name.path}.family", "a family name is required", f"{field}.family_name")
    return given, family


def _texts(node: Node, name: str) -> list[str]:
    return [str(one.value).strip() for one in node.all(name) if isinstance(one.value, str)]


def _npi(person: Resource, findings: Findings) -> str:
    numbers = [one.text("value") for one in person.all("identifier") if one.text("system") == NPI]
    if not numbers:
        path = f"{person.path}.identifier"
        findings.add(path, f"an identifier of the system {NPI} is required", "referrer.npi")
        return ""
    return numbers[0]


def _organization(bundle: Bundle, reference: Node) -> str:
    return bundle.find(reference).text("name") or reference.text("display")


def _sex(resource: Resource, findings: Findings) -> SexAtBirth.ValueType:
    told = resource.extension(BIRTH_SEX)
    code = told.text("valueCode")
    if told and code not in _SEX:
        findings.add(f"{told.path}.valueCode", f"must be one of {', '.join(_SEX)}")
    return _SEX.get(code, SexAtBirth.SEX_AT_BIRTH_UNSPECIFIED)


def _contact(resource: Resource, system: str) -> str:
    contacts = (one for one in resource.all("telecom") if one.text("system") == system)
    return next((one.text("value") for one in contacts if one.text("use") != "old"), "")


def _address(address: Node) -> PostalAddress | None:
    if not address:
        return None
    place = address.extension(GEOLOCATION)
    latitude = place.extension("latitude").number("valueDecimal")
    longitude = place.extension("longitude").number("valueDecimal")
    known = latitude is not None and longitude is not None
    return PostalAddress(
        line=", ".join(_texts(address, "line")),
        city=address.text("city"),
        state=address.text("state"),
        postal_code=address.text("postalCode"),
        position=LatLng(latitude=float(latitude or 0), longitude=float(longitude or 0))
        if known
        else None,
    )
