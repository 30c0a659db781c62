"""What is wrong with a FHIR document."""

from functools import partial

from standards import problems
from standards.problems import DocumentError, Problem

__all__ = ["FhirError", "FhirUnavailable", "Findings", "Problem", "findings"]

Findings = problems.Findings


class FhirError(DocumentError):
    """The bundle is no referral."""

    kind = "FHIR"


class FhirUnavailable(RuntimeError):
    """The validator is not installed on this machine."""


findings = partial(Findings, FhirError)
