"""HL7 v2 in: a REF^I12 message becomes the referral our contract knows."""

from standards.hl7v2.mapping import placer_identifier, referral_request
from standards.hl7v2.segments import Hl7Error

__all__ = ["Hl7Error", "placer_identifier", "referral_request"]
