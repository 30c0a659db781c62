"""FHIR R4 in: a Bundle with a ServiceRequest becomes the referral our contract knows."""

from standards.fhir.mapping import placer_identifier, referral_request, withdrawal
from standards.fhir.problems import FhirError, FhirUnavailable, Problem

__all__ = [
    "FhirError",
    "FhirUnavailable",
    "Problem",
    "placer_identifier",
    "referral_request",
    "withdrawal",
]
