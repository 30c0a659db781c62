"""What a referral says the patient needs, coded and without identifiers."""

from dataclasses import dataclass
from uuid import UUID

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Need:
    """What the referrer told."""

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
