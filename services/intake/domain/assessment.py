"""What the specialist found, in four blocks; the notes are protected and leave in no fact."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from services.intake.domain.starting import NO_EARLIER_COURSE, Earlier


class Pregnancy(Enum):
    """Whether a patient may be pregnant."""

    NOT_POSSIBLE = "not_possible"
    TEST_NEGATIVE = "test_negative"
    NOT_TESTED = "not_tested"
    PREGNANT = "pregnant"
    BREASTFEEDING = "breastfeeding"


@dataclass(frozen=True, slots=True)
class Section:
    """A coded section that was asked; no codes means asked and none."""

    codes: tuple[str, ...] = ()
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Medication:
    """A drug as it is taken; what is not known of its dose counts nothing."""

    code: str
    micrograms: int | None = None
    times_a_day: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A questionnaire answered at the assessment."""

    scale: str
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PresentState:
    """First block: the present mental state."""

    phq9_score: int
    phq9_item9: int
    findings: Section = Section()
    scales: tuple[Answered, ...] = ()
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PsychiatricHistory:
    """Second block: conditions, what was tried, earlier ketamine."""

    conditions: Section = Section()
    failed_trials: int | None = None
    earlier: Earlier = NO_EARLIER_COURSE


@dataclass(frozen=True, slots=True)
class Vitals:
    """Measured at the assessment; what was not measured is None."""

    systolic: int
    diastolic: int
    heart_rate: int | None = None
    oxygen_saturation: int | None = None
    respiratory_rate: int | None = None


@dataclass(frozen=True, slots=True)
class PhysicalState:
    """Third block: conditions, drugs, allergies and measurements."""

    weight_grams: int
    height_millimetres: int
    weight_date: date
    height_date: date
    vitals: Vitals
    conditions: Section = Section()
    medications: tuple[Medication, ...] = ()
    allergies: Section = Section()
    pregnancy: Pregnancy = Pregnancy.NOT_POSSIBLE


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Fourth block: family, relations, work."""

    escort_available: bool
    family: Section = Section()
    relations: Section = Section()
    work: Section = Section()
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The four blocks."""

    present: PresentState
    psychiatric: PsychiatricHistory
    physical: PhysicalState
    circumstances: Circumstances
    assessed_by: str = field(default="", compare=False)
