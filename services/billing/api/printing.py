"""A receipt's document for whoever asked: made outside the database, and off the loop."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.refusal import Invalid, NotFound, Violation
from halcyon.billing.v1 import superbill_pb2 as nouns
from halcyon.billing.v1 import superbill_service_pb2 as rpc
from services.billing import documents, domain, wire
from services.billing.documents import Paper, Received


class _Form(NamedTuple):
    make: Callable[[Paper], bytes]
    media_type: str
    suffix: str
    for_payer: bool


_FORMS = {
    nouns.SUPERBILL_FORMAT_PDF: _Form(documents.superbill_pdf, "application/pdf", "pdf", False),
    nouns.SUPERBILL_FORMAT_FHIR_INVOICE: _Form(
        lambda paper: documents.written(documents.fhir_invoice(paper)).encode(),
        "application/fhir+json", "fhir.json", False,
    ),
    nouns.SUPERBILL_FORMAT_FHIR_CLAIM: _Form(
        lambda paper: documents.written(documents.fhir_claim(paper)).encode(),
        "application/fhir+json", "claim.fhir.json", True,
    ),
    nouns.SUPERBILL_FORMAT_X12_837P: _Form(
        lambda paper: documents.claim_837p(paper).encode(), "application/edi-x12", "837", True
    ),
}  # fmt: skip


class Printing(NamedTuple):
    """What the books say of the sessions to print."""

    invoice: domain.Invoice
    bills: Sequence[domain.Superbill]
    profile: domain.Profile
    received: Sequence[Received]
    now: datetime


async def printed(
    request: rpc.RenderSuperbillRequest, books: Printing
) -> rpc.RenderSuperbillResponse:
    """The document, unless the patient or the payer does not fit it."""
    form = _FORMS[request.format]
    if not books.bills:
        raise NotFound("SUPERBILL_NOT_FOUND", "Nothing was delivered that could be printed.")
    if form.for_payer:
        domain.must_be_disclosable(books.invoice)
    paper = _paper(request, books)
    _check(paper, books.invoice, for_payer=form.for_payer)
    content = await asyncio.to_thread(form.make, paper)
    name = f"superbill-{request.superbill_id or request.invoice_id}.{form.suffix}"
    return rpc.RenderSuperbillResponse(content=content, media_type=form.media_type, file_name=name)


def _paper(request: rpc.RenderSuperbillRequest, books: Printing) -> Paper:
    return Paper(
        invoice_id=books.invoice.invoice_id,
        profile=books.profile,
        patient=wire.addressee(request.patient),
        referrer=wire.referrer(request.referrer),
        bills=books.bills,
        received=books.received,
        issue_time=max([bill.issue_time for bill in books.bills], default=books.now),
        payer=wire.payer(request),
    )


def _check(paper: Paper, invoice: domain.Invoice, *, for_payer: bool) -> None:
    faults = []
    if paper.patient.patient_id != invoice.patient_id:
        faults.append(Violation("patient.patient_id", "is not the patient of this series"))
    if for_payer and paper.payer is None:
        faults.append(Violation("payer", "is needed for what goes to a payer"))
    if for_payer and not (paper.patient.street.line and paper.patient.street.postal_code):
        faults.append(Violation("patient.address", "is needed for what goes to a payer"))
    if for_payer and not all(bill.diagnosis for bill in paper.bills):
        faults.append(Violation("superbill_id", "has no diagnosis, and a claim needs one"))
    if faults:
        raise Invalid("INVALID_PAPER", "The document cannot be made so.", tuple(faults))
