"""What a referral says the patient needs, coded and without identifiers."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

_NOBODY = UUID(int=0)


class Need(NamedTuple):
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
    told_revision: int = 0
    """The referral's revision at which this was told last."""

    def supplemented(self, more: "Supplement") -> "Need":
        """Measures as they are now; a code told before is never forgotten, nor told twice."""
        told = self._replace(
            psychiatric_history=_both(self.psychiatric_history, more.psychiatric_history),
            physical_history=_both(self.physical_history, more.physical_history),
            medications=_both(self.medications, more.medications),
            allergies=_both(self.allergies, more.allergies),
        )
        if more.told_revision <= self.told_revision:
            return told
        return told._replace(
            weight_grams=more.weight_grams,
            height_millimetres=more.height_millimetres,
            phq9_score=self.phq9_score if more.phq9_score is None else more.phq9_score,
            told_revision=more.told_revision,
        )

    @property
    def is_told(self) -> bool:
        """False while only the withdrawal of the referral has been heard."""
        return self.patient_id != _NOBODY


@dataclass(frozen=True, slots=True)
class Supplement:
    """What the referrer told later, at a revision of the referral."""

    referral_id: UUID
    told_revision: int
    weight_grams: int
    height_millimetres: int
    phq9_score: int | None = None
    psychiatric_history: tuple[str, ...] = ()
    physical_history: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()


def _both(before: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *more)))
