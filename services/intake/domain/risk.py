"""The suicide-risk step: an answer opens it, a screener closes it, its worst level blocks."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.pack import Pack

OPEN, HIGH = "suicide-risk-open", "suicide-risk-high"


@dataclass(frozen=True, slots=True)
class SuicideRisk:
    """What is known of a patient's suicide risk in one intake."""

    open_time: datetime | None = None
    """When an answer last asked for a screener that has not been answered since."""
    level: str = ""
    screen_time: datetime | None = None
    speak_until: datetime | None = None
    """Until when the last screener speaks for the patient, and blocks if it was a bad one."""

    @property
    def is_open(self) -> bool:
        """Whether a screener is asked for."""
        return self.open_time is not None


NOTHING_KNOWN = SuicideRisk()


def asked(risk: SuicideRisk, at: datetime) -> SuicideRisk:
    """A screener is asked for, unless a fresh one is there: it speaks for as long as it blocks."""
    if risk.speak_until and at < risk.speak_until:
        return risk
    return replace(risk, open_time=max(at, risk.open_time or at))


def screened(risk: SuicideRisk, level: str, at: datetime, until: datetime) -> SuicideRisk:
    """The latest screener counts; it closes the step if it was answered after the asking."""
    if risk.screen_time and risk.screen_time > at:
        return risk
    still = risk.open_time if risk.open_time and risk.open_time > at else None
    return SuicideRisk(still, level, at, until)


def blocks_until(risk: SuicideRisk, pack: Pack) -> datetime | None:
    """Until when the last screener blocks treatment."""
    return risk.speak_until if risk.level in pack.risk.blocking else None


def against(risk: SuicideRisk, pack: Pack, now: datetime) -> tuple[str, ...]:
    """What speaks against treating now."""
    until = blocks_until(risk, pack)
    high = (HIGH,) if until and now < until else ()
    return (OPEN, *high) if risk.is_open else high
