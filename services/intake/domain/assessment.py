"""What is known of the patient: as the referrer told it, and as the specialist found it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from chassis.refusal import Invalid, Violation

_NOBODY = UUID(int=0)
_REST_OF_PHQ9 = 24
"""Eight items of three points: what a PHQ-9 total can hold besides item 9."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a referral says the patient needs, coded and without identifiers."""

    referral_id: UUID
    clinic_id: UUID
    patient_id: UUID = _NOBODY
    indication_code: str = ""
    age_years: int = 0
    sex_at_birth: str = "unknown"
    weight_grams: int = 0
    height_millimetres: int = 0
    phq9_score: int | None = None
    psychiatric_history: tuple[str, ...] = ()
    physical_history: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    priority: str = "routine"

    @property
    def is_told(self) -> bool:
        """False while only the withdrawal of the referral has been heard."""
        return self.patient_id != _NOBODY


@dataclass(frozen=True, slots=True)
class Assessment:
    """The specialist's own findings; the notes are protected and leave this service in no fact."""

    phq9_score: int
    phq9_item9: int
    psychiatric_codes: tuple[str, ...]
    physical_codes: tuple[str, ...]
    weight_grams: int
    height_millimetres: int
    systolic: int
    diastolic: int
    escort_available: bool
    present_note: str = field(default="", repr=False)
    psychiatric_note: str = field(default="", repr=False)
    physical_note: str = field(default="", repr=False)
    circumstances_note: str = field(default="", repr=False)


def check(assessment: Assessment) -> None:
    """Refuse findings that contradict each other, all faults at once."""
    if faults := tuple(_faults(assessment)):
        raise Invalid("INVALID_ASSESSMENT", "The assessment contradicts itself.", faults)


def _faults(found: Assessment) -> Iterator[Violation]:
    if not 0 <= found.phq9_score - found.phq9_item9 <= _REST_OF_PHQ9:
        yield Violation(
            "assessment.present_state.phq9_item9", "must be possible within the PHQ-9 total"
        )
    if found.diastolic >= found.systolic:
        yield Violation(
            "assessment.physical_state.diastolic", "must be lower than the systolic pressure"
        )
    yield from _unreadable("assessment.psychiatric_history.codes", found.psychiatric_codes)
    yield from _unreadable("assessment.physical_state.history.codes", found.physical_codes)


def _unreadable(field_name: str, codes: tuple[str, ...]) -> Iterator[Violation]:
    for index, code in enumerate(codes):
        system, _, value = code.rpartition("|")
        if not (system.strip() and value.strip()):
            yield Violation(f"{field_name}[{index}]", "must read system|code")
