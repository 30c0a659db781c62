"""The code systems and codes that the mapping reads, each with where it is defined."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeAlias

Code: TypeAlias = tuple[str, str]

ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC: Final = "http://loinc.org"
NPI: Final = "http://hl7.org/fhir/sid/us-npi"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
URI: Final = "urn:ietf:rfc:3986"

BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
GEOLOCATION: Final = "http://hl7.org/fhir/StructureDefinition/geolocation"

WEIGHT: Final[Code] = (LOINC, "29463-7")
HEIGHT: Final[Code] = (LOINC, "8302-2")
PHQ9: Final[Code] = (LOINC, "44261-6")

GRAMS: Final[Mapping[str, Decimal]] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "[lb_av]": Decimal("453.59237"),
}
MILLIMETRES: Final[Mapping[str, Decimal]] = {
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    "[in_i]": Decimal("25.4"),
}

DRUG_CLASSES: Final = "https://halcyon.clinic/fhir/CodeSystem/drug-class"
LOCAL: Final = "halcyon"
"""Our own drug classes, as FHIR addresses them and as the protocol packs read them."""

_SECTIONS = "https://halcyon.clinic/fhir/CodeSystem/history-section"
"""Our own: no cited code separates a psychiatric from a physical history."""
PSYCHIATRIC_LIST: Final[Code] = (_SECTIONS, "psychiatric-history")
PHYSICAL_LIST: Final[Code] = (_SECTIONS, "physical-history")
MEDICATION_LIST: Final[Code] = (LOINC, "10160-0")
ALLERGY_LIST: Final[Code] = (LOINC, "48765-2")

_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
"""FHIR R4, code system list-empty-reason: nilknown is a clinical judgement, the others are not."""
NIL_KNOWN: Final[Code] = (_EMPTY, "nilknown")

_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
"""International Patient Summary: absent-unknown-uv-ips, and its SNOMED CT twin value set."""
NO_MEDICATIONS: Final = frozenset({(_ABSENT, "no-known-medications"), (SNOMED, "787481004")})
NO_ALLERGIES: Final = frozenset({(_ABSENT, "no-known-allergies"), (SNOMED, "716186003")})
