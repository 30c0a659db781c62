"""The receipt that a patient holds: PDF/A-2b by typst, made in memory."""

from typing import Any

from services.billing.documents.paper import Paper
from services.billing.documents.received import Received
from services.billing.documents.typesetting import amount, pdf
from services.billing.domain import Street, Superbill


def superbill_pdf(paper: Paper) -> bytes:
    """One PDF; its words are the ledger's numbers."""
    return pdf("superbill", _told(paper))


def _told(paper: Paper) -> dict[str, Any]:
    profile, patient, referrer = paper.profile, paper.patient, paper.referrer
    return {
        "title": "Superbill" if len(paper.bills) == 1 else "Superbill of a series",
        "void": all(bill.is_void for bill in paper.bills),
        "clinic": [
            profile.legal_name,
            profile.street.line,
            _city(profile.street),
            profile.telephone,
            f"Tax ID {profile.tin[:2]}-{profile.tin[2:]}",
            f"Group NPI {profile.npi}",
        ],
        "patient": [
            f"{patient.given_name} {patient.family_name}",
            f"Born {patient.birth_date.isoformat()}",
            patient.street.line,
            f"{patient.street.city}, {patient.street.state} {patient.street.postal_code}".strip(
                ", "
            ),
            patient.telephone,
        ],
        "provider": [
            f"{profile.provider_given_name} {profile.provider_family_name}",
            f"NPI {profile.provider_npi}",
            f"License {profile.provider_licence}",
            f"Taxonomy {profile.provider_taxonomy}",
        ],
        "referrer": [f"{referrer.given_name} {referrer.family_name}", f"NPI {referrer.npi}"],
        "number": _number(paper),
        "day": [paper.issue_day.year, paper.issue_day.month, paper.issue_day.day],
        "issued": paper.issue_day.isoformat(),
        "place": profile.place_of_service,
        "conditions": [[str(n), code] for n, code in enumerate(paper.conditions, 1)],
        "lines": [row for bill in paper.bills for row in _rows(paper, bill)],
        "received": [_received(paper, one) for one in paper.received],
        "kept": amount(sum(one.kept for one in paper.received)),
        "charge": amount(paper.charge.minor_units),
        "paid": amount(paper.paid.minor_units),
        "balance": amount(paper.balance.minor_units),
        "currency": paper.charge.currency_code,
    }


def _received(paper: Paper, money: Received) -> list[str]:
    back = (
        f", less {amount(money.returned)} given back"
        if money.returned and not money.is_refund
        else ""
    )
    day = money.time.astimezone(paper.zone).date().isoformat()
    return [day, f"{money.way}{back}", amount(money.kept)]


def _rows(paper: Paper, bill: Superbill) -> list[list[str]]:
    pointer = paper.conditions.index(bill.diagnosis) + 1 if bill.diagnosis else ""
    rows = []
    for line in bill.lines:
        words = line.words
        if line.ndc:
            words += f"; NDC N4{line.ndc} ML{line.millilitres}"
        code = " ".join([line.code, *line.modifiers])
        day = paper.service_day(bill).isoformat()
        rows.append([day, code, words, str(pointer), str(line.units), amount(line.minor_units)])
    return rows


def _city(street: Street) -> str:
    code = street.postal_code
    if len(code) > 5 and code.isdigit():
        code = f"{code[:5]}-{code[5:]}"
    return f"{street.city}, {street.state} {code}".strip(", ")


def _number(paper: Paper) -> str:
    if len(paper.bills) > 1:
        return f"{paper.invoice_id} ({len(paper.bills)} sessions)"
    return f"{paper.bills[0].superbill_id} version {paper.bills[0].version}"
