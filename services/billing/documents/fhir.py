"""FHIR R4: an Invoice with its ChargeItems for the patient, a Claim for a payer."""

import json
import re
from collections.abc import Iterator
from typing import Any

from services.billing.documents.paper import Paper, decimal
from services.billing.domain import BillLine, Money, Street, Superbill

Node = dict[str, Any]

_CPT = "http://www.ama-assn.org/go/cpt"
_HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
_NDC = "http://hl7.org/fhir/sid/ndc"
_NPI = "http://hl7.org/fhir/sid/us-npi"
_GENDER = {"F": "female", "M": "male"}


_AMOUNT = re.compile(r'"@(-?\d+\.\d\d)"')


def written(resource: Node) -> str:
    """JSON text, with amounts as exact decimal numbers."""
    return _AMOUNT.sub(r"\1", json.dumps(resource))


def fhir_invoice(paper: Paper) -> Node:
    """What the patient may keep or hand on: a collection Bundle around one Invoice."""
    charges = list(_charges(paper))
    lines = [_line(bill, line) for bill, line, _ in charges]
    invoice = {
        "resourceType": "Invoice",
        "id": str(paper.invoice_id),
        "status": "cancelled" if all(bill.is_void for bill in paper.bills) else _status(paper),
        "subject": _to("Patient", paper.patient.patient_id),
        "date": paper.issue_time.isoformat(),
        "issuer": _to("Organization", paper.profile.clinic_id),
        "participant": [{"actor": _to("Practitioner", paper.profile.provider_npi)}],
        "lineItem": [
            {
                "sequence": number,
                "chargeItemReference": _to("ChargeItem", item["id"]),
                "priceComponent": [{"type": "base", "amount": line["net"]}],
            }
            for number, ((_, _, item), line) in enumerate(zip(charges, lines, strict=True), 1)
        ],
        "totalNet": _money(paper.charge),
        "totalGross": _money(paper.charge),
    }
    items = [item for _, _, item in charges]
    return _bundle(paper, *items, invoice)


def fhir_claim(paper: Paper) -> Node:
    """What a payer is told, when the patient lets us: one Claim for each date of service."""
    assert paper.payer is not None
    coverage = {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        "subscriberId": paper.payer.member_id,
        "beneficiary": _to("Patient", paper.patient.patient_id),
        "payor": [{"display": paper.payer.name}],
    }
    return _bundle(paper, coverage, *[_claim(paper, bill) for bill in paper.bills])


def _claim(paper: Paper, bill: Superbill) -> Node:
    assert paper.payer is not None
    day = paper.service_day(bill).isoformat()
    return {
        "resourceType": "Claim",
        "id": str(bill.superbill_id),
        "status": "cancelled" if bill.is_void else "active",
        "type": _coding("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        "use": "claim",
        "patient": _to("Patient", paper.patient.patient_id),
        "billablePeriod": {"start": day, "end": day},
        "created": paper.issue_time.isoformat(),
        "insurer": {"display": paper.payer.name},
        "provider": _to("Organization", paper.profile.clinic_id),
        "priority": _coding("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "careTeam": [
            {"sequence": 1, "provider": _to("Practitioner", paper.profile.provider_npi)},
            {"sequence": 2, "provider": _to("Practitioner", paper.referrer.npi)},
        ],
        "diagnosis": [
            {"sequence": number, "diagnosisCodeableConcept": _coding(_ICD10, code)}
            for number, code in enumerate([bill.diagnosis], 1)
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": _to("Coverage", "coverage")}],
        "item": [
            {
                "sequence": number,
                "careTeamSequence": [1],
                "diagnosisSequence": [1],
                "servicedDate": day,
                **_line(bill, line),
            }
            for number, line in enumerate(bill.lines, 1)
        ],
        "total": _money(bill.amount),
    }


def _charges(paper: Paper) -> Iterator[tuple[Superbill, BillLine, Node]]:
    for bill in paper.bills:
        for number, line in enumerate(bill.lines, 1):
            yield bill, line, _charge_item(paper, bill, line, number)


def _charge_item(paper: Paper, bill: Superbill, line: BillLine, number: int) -> Node:
    item: Node = {
        "resourceType": "ChargeItem",
        "id": f"{bill.superbill_id}-{bill.version}-{number}"[-64:],
        "status": "aborted" if bill.is_void else "billed",
        "code": _code(line),
        "subject": _to("Patient", paper.patient.patient_id),
        "occurrenceDateTime": bill.service_time.isoformat(),
        "performer": [{"actor": _to("Practitioner", paper.profile.provider_npi)}],
        "quantity": {"value": line.units},
        "priceOverride": _money(Money(line.minor_units, bill.amount.currency_code)),
        "reason": [_coding(_ICD10, bill.diagnosis)],
    }
    if line.ndc:
        item["productCodeableConcept"] = _coding(_NDC, line.ndc)
    return item


def _line(bill: Superbill, line: BillLine) -> Node:
    modifiers = [_coding(_CPT, one) for one in line.modifiers]
    return {
        "productOrService": _code(line),
        **({"modifier": modifiers} if modifiers else {}),
        "quantity": {"value": line.units},
        "net": _money(Money(line.minor_units, bill.amount.currency_code)),
    }


def _bundle(paper: Paper, *resources: Node) -> Node:
    told = [*_parties(paper), *resources]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": paper.issue_time.isoformat(),
        "entry": [
            {"fullUrl": f"urn:halcyon:{one['resourceType']}/{one['id']}", "resource": one}
            for one in told
        ],
    }


def _parties(paper: Paper) -> Iterator[Node]:
    patient, profile, referrer = paper.patient, paper.profile, paper.referrer
    yield {
        "resourceType": "Patient",
        "id": str(patient.patient_id),
        "name": [{"family": patient.family_name, "given": [patient.given_name]}],
        "gender": _GENDER.get(patient.sex, "unknown"),
        "birthDate": patient.birth_date.isoformat(),
        **({"address": [_address(patient.street)]} if patient.street.line else {}),
    }
    yield {
        "resourceType": "Organization",
        "id": str(profile.clinic_id),
        "identifier": [
            {"system": _NPI, "value": profile.npi},
            {"system": "urn:oid:2.16.840.1.113883.4.4", "value": profile.tin},
        ],
        "name": profile.legal_name,
        "telecom": [{"system": "phone", "value": profile.telephone}],
        "address": [_address(profile.street)],
    }
    yield _practitioner(
        profile.provider_npi, profile.provider_given_name, profile.provider_family_name
    )
    if referrer.npi != profile.provider_npi:
        yield _practitioner(referrer.npi, referrer.given_name, referrer.family_name)


def _practitioner(npi: str, given: str, family: str) -> Node:
    return {
        "resourceType": "Practitioner",
        "id": npi,
        "identifier": [{"system": _NPI, "value": npi}],
        "name": [{"family": family, "given": [given]}],
    }


def _address(street: Street) -> Node:
    return {
        "line": [street.line],
        "city": street.city,
        "state": street.state,
        "postalCode": street.postal_code,
        "country": "US",
    }


def _status(paper: Paper) -> str:
    return "balanced" if not paper.balance.minor_units else "issued"


def _code(line: BillLine) -> Node:
    system = _CPT if line.code.isdigit() else _HCPCS
    return {"coding": [{"system": system, "code": line.code}], "text": line.words}


def _coding(system: str, code: str) -> Node:
    return {"coding": [{"system": system, "code": code}]}


def _to(kind: str, identity: object) -> Node:
    return {"reference": f"urn:halcyon:{kind}/{identity}"}


def _money(amount: Money) -> Node:
    """Marked for `written`, because a float is not an amount."""
    return {"value": f"@{decimal(amount.minor_units)}", "currency": amount.currency_code}
