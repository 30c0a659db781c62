"""What people and other systems read: PDF/A by typst, FHIR R4 and X12 837P."""

from services.billing.documents.claim837 import claim_837p
from services.billing.documents.estimates import estimate, file_name
from services.billing.documents.fhir import fhir_claim, fhir_invoice, written
from services.billing.documents.paper import Paper
from services.billing.documents.pdf import superbill_pdf
from services.billing.documents.receipts import Receipt, receipt
from services.billing.documents.received import Received, received
from services.billing.documents.statements import AccountPaper, statement

__all__ = [
    "AccountPaper",
    "Paper",
    "Receipt",
    "Received",
    "claim_837p",
    "estimate",
    "fhir_claim",
    "fhir_invoice",
    "file_name",
    "receipt",
    "received",
    "statement",
    "superbill_pdf",
    "written",
]
