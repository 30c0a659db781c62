"""The checklist of the day: what was asked, seen and programmed before the drug."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from services.infusion.domain.pump import Setting


class Pregnancy(Enum):
    """What is known of a pregnancy today."""

    UNKNOWN = "unknown"
    NOT_RELEVANT = "not_relevant"
    TEST_NEGATIVE = "test_negative"
    TEST_POSITIVE = "test_positive"


class SuicideRisk(Enum):
    """Outcome of the C-SSRS screener, mildest first."""

    NOT_SCREENED = "not_screened"
    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class SubstanceUse:
    """The last use of a substance, by its code."""

    code: str
    last_use_time: datetime


@dataclass(frozen=True, slots=True)
class Drug:
    """The container that the dose is drawn from."""

    ndc: str
    lot: str
    expire_date: date


@dataclass(frozen=True, slots=True)
class Checklist:
    """What must be true before an infusion starts; None where it was not told."""

    identity_checked_twice: bool = False
    consent_current: bool = False
    escort_confirmed: bool = False
    fasting_kept: bool = False
    consent_expire_date: date | None = None
    escort_name: str = ""
    last_solids_time: datetime | None = None
    last_clear_fluids_time: datetime | None = None
    substances_asked: bool = False
    substances: tuple[SubstanceUse, ...] = ()
    positive_screens: tuple[str, ...] = ()
    pregnancy: Pregnancy = Pregnancy.UNKNOWN
    phq9_score: int | None = None
    phq9_item9: int | None = None
    suicide_risk: SuicideRisk = SuicideRisk.NOT_SCREENED
    drug: Drug | None = None
    setting: Setting | None = None

    @property
    def dose_part(self) -> tuple[Drug | None, Setting | None]:
        """What a second person confirms."""
        return self.drug, self.setting


@dataclass(frozen=True, slots=True)
class Form:
    """A checklist as one person recorded it; a later one takes its place and none is changed."""

    number: int
    checklist: Checklist
    recorded_by: str
    check_time: datetime


@dataclass(frozen=True, slots=True)
class DoubleCheck:
    """A second person's own look at drug and programme."""

    confirmed: tuple[Drug | None, Setting | None]
    confirmed_by: str
    confirm_time: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """One finding that a prescriber answers for."""

    item: str
    reason_code: str
    rationale: str
    prescriber: str
    override_time: datetime
