"""X12 837P (005010X222A1): what a payer's computer reads, one claim for each date of service."""

from collections.abc import Iterator
from uuid import UUID

from services.billing.documents.paper import Paper, decimal
from services.billing.documents.x12 import interchange, segment, text
from services.billing.domain import BillLine, Street, Superbill

_ORIGINAL, _REPLACEMENT, _VOID = "1", "7", "8"


def claim_837p(paper: Paper) -> str:
    """An interchange ready to send; the same versions make the same interchange."""
    assert paper.payer is not None
    control = sum(bill.superbill_id.int + bill.version for bill in paper.bills) % 10**9 or 1
    sender, receiver = paper.profile.tin, text(paper.payer.payer_id, 15)
    body = _transaction(paper, control)
    return interchange(body, sender, receiver, control, paper.issue_time.astimezone(paper.zone))


def _transaction(paper: Paper, control: int) -> Iterator[str]:
    assert paper.payer is not None
    profile, issued = paper.profile, paper.issue_time.astimezone(paper.zone)
    legal_name = text(profile.legal_name, 60)
    yield segment("BHT", "0019", "00", str(control), f"{issued:%Y%m%d}", f"{issued:%H%M}", "CH")
    yield segment("NM1", "41", "2", legal_name, "", "", "", "", "46", profile.tin)
    yield segment("PER", "IC", "BILLING", "TE", _digits(profile.telephone))
    payer = text(paper.payer.name, 60)
    yield segment("NM1", "40", "2", payer, "", "", "", "", "46", text(paper.payer.payer_id, 80))
    yield segment("HL", "1", "", "20", "1")
    yield segment("PRV", "BI", "PXC", profile.taxonomy)
    yield segment("NM1", "85", "2", legal_name, "", "", "", "", "XX", profile.npi)
    yield from _street(profile.street)
    yield segment("REF", "EI", profile.tin)
    yield from _subscriber(paper, payer)
    for bill in paper.bills:
        yield from _claim(paper, bill)


def _subscriber(paper: Paper, payer: str) -> Iterator[str]:
    assert paper.payer is not None
    patient = paper.patient
    yield segment("HL", "2", "1", "22", "0")
    yield segment("SBR", "P", "18", "", "", "", "", "", "", "CI")
    yield segment(
        "NM1", "IL", "1", text(patient.family_name, 60), text(patient.given_name, 35),
        "", "", "", "MI", text(paper.payer.member_id, 80),
    )  # fmt: skip
    yield from _street(patient.street)
    yield segment("DMG", "D8", f"{patient.birth_date:%Y%m%d}", patient.sex)
    yield segment("NM1", "PR", "2", payer, "", "", "", "", "PI", text(paper.payer.payer_id, 80))


def _claim(paper: Paper, bill: Superbill) -> Iterator[str]:
    profile, referrer = paper.profile, paper.referrer
    place = (profile.place_of_service, "B", _frequency(bill))
    amount = decimal(bill.amount.minor_units)
    yield segment("CLM", _account(bill.superbill_id), amount, "", "", place, "Y", "A", "Y", "Y")
    if bill.paid:
        yield segment("AMT", "F5", decimal(bill.paid))
    if bill.version > 1:
        yield segment("REF", "F8", _account(bill.superbill_id))
    yield segment("HI", ("ABK", bill.diagnosis.replace(".", "")))
    yield segment(
        "NM1", "DN", "1", text(referrer.family_name, 60), text(referrer.given_name, 35),
        "", "", "", "XX", referrer.npi,
    )  # fmt: skip
    yield segment(
        "NM1", "82", "1", text(profile.provider_family_name, 60),
        text(profile.provider_given_name, 35), "", "", "", "XX", profile.provider_npi,
    )  # fmt: skip
    yield segment("PRV", "PE", "PXC", profile.provider_taxonomy)
    for number, line in enumerate(bill.lines, 1):
        yield from _service(paper, bill, line, number)


def _service(paper: Paper, bill: Superbill, line: BillLine, number: int) -> Iterator[str]:
    words = text(line.words, 80) if line.ndc else ""
    procedure = ("HC", line.code, *(*line.modifiers, "", "", "", "")[:4], words)
    yield segment("LX", str(number))
    yield segment("SV1", procedure, decimal(line.minor_units), "UN", str(line.units), "", "", "1")
    yield segment("DTP", "472", "D8", f"{paper.service_day(bill):%Y%m%d}")
    if line.ndc:
        yield segment("LIN", "", "N4", line.ndc)
        yield segment("CTP", "", "", "", line.millilitres, ("ML",))


def _street(street: Street) -> Iterator[str]:
    yield segment("N3", text(street.line, 55))
    yield segment("N4", text(street.city, 30), street.state, street.postal_code.replace("-", ""))


def _frequency(bill: Superbill) -> str:
    if bill.is_void:
        return _VOID
    return _REPLACEMENT if bill.version > 1 else _ORIGINAL


def _account(superbill_id: UUID) -> str:
    """Twenty characters are what every payer gives back."""
    return superbill_id.hex[:20].upper()


def _digits(telephone: str) -> str:
    return "".join([one for one in telephone if one.isdigit()])[-10:]
