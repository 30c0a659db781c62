"""What people and other systems read of a session: its summary as PDF and as FHIR R4."""

from services.infusion.documents.fhir import summary_fhir
from services.infusion.documents.pdf import summary_pdf
from services.infusion.documents.summary import Summary, summary

__all__ = ["Summary", "summary", "summary_fhir", "summary_pdf"]
