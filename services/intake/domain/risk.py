"""The suicide-risk step: an answer opens it, a screener closes it, its worst level blocks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.domain.pack import Pack

OPEN, HIGH = "suicide-risk-open", "suicide-risk-high"


@dataclass(frozen=True, slots=True)
class SuicideRisk:
    """What is known of a patient's suicide risk in one intake."""

    open_time: datetime | None = None
    """When an answer last asked for a screener that has not been answered since."""
    level: str = ""
    screen_time: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether a screener is asked for."""
        return self.open_time is not None


NOTHING_KNOWN = SuicideRisk()


def asked(risk: SuicideRisk, pack: Pack, at: datetime) -> SuicideRisk:
    """A screener is asked for, unless a fresh one is there: it speaks for as long as it blocks."""
    fresh = timedelta(hours=pack.risk.block_hours)
    if risk.screen_time and risk.screen_time + fresh >= at:
        return risk
    return replace(risk, open_time=max(at, risk.open_time or at))


def screened(risk: SuicideRisk, level: str, at: datetime) -> SuicideRisk:
    """The latest screener counts; it closes the step if it was answered after the asking."""
    if risk.screen_time and risk.screen_time > at:
        return risk
    still = risk.open_time if risk.open_time and risk.open_time > at else None
    return SuicideRisk(still, level, at)


def blocks_until(risk: SuicideRisk, pack: Pack) -> datetime | None:
    """Until when the last screener blocks treatment."""
    if risk.screen_time is None or risk.level not in pack.risk.blocking:
        return None
    return risk.screen_time + timedelta(hours=pack.risk.block_hours)


def against(risk: SuicideRisk, pack: Pack, now: datetime) -> tuple[str, ...]:
    """What speaks against treating now."""
    until = blocks_until(risk, pack)
    high = (HIGH,) if until and now < until else ()
    return (OPEN, *high) if risk.is_open else high
