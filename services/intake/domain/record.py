"""What is known of a patient over all courses: sessions given, questionnaires answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from services.intake.domain.days import day_of
from services.intake.domain.pack import Pack, SessionLimit, Watch
from services.intake.domain.rules import Severity
from services.intake.domain.safety import broken
from services.intake.domain.scores import Score


@dataclass(frozen=True, slots=True)
class Given:
    """A session that was given, wherever in the network."""

    session_id: UUID
    intake_id: UUID
    patient_id: UUID
    clinic_id: UUID
    begin_time: datetime
    micrograms: int


@dataclass(frozen=True, slots=True)
class Record:
    """A patient's past as the longitudinal rules see it."""

    sessions: tuple[Given, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """A longitudinal rule that speaks, and what makes it."""

    rule_id: str
    severity: Severity
    finding: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Barrier:
    """A rule that keeps a patient from being booked, from a moment on."""

    rule_id: str
    begin_time: datetime


NO_PAST = Record()


def barriers(pack: Pack, record: Record) -> tuple[Barrier, ...]:
    """What is absolute now, and what will be once a questionnaire is no longer in date."""
    return tuple(one for watch in pack.watches for one in _barriers(watch, record))


def _barriers(watch: Watch, record: Record) -> Iterator[Barrier]:
    latest = _latest(record, watch)
    if latest and watch.bands.get(latest.rating.band) is Severity.ABSOLUTE:
        yield Barrier(watch.rule_id, latest.measure_time)
    if record.sessions:
        first = min(one.begin_time for one in record.sessions)
        due = latest.measure_time + timedelta(days=watch.every_days) if latest else first
        yield Barrier(f"{watch.rule_id}-due", due)


def cautions(
    pack: Pack, record: Record, coming: Iterable[date], now: datetime, zone: tzinfo | None = None
) -> tuple[Caution, ...]:
    """Session limits are absolute, and so is an outdated questionnaire of a treated patient."""
    given = [day_of(one.begin_time, zone) for one in record.sessions]
    limits = {limit.rule_id: limit for limit in pack.limits}
    full = [
        Caution(rule_id, Severity.ABSOLUTE, "Too many sessions.", _said(limits[rule_id]))
        for rule_id in broken(pack.limits, given, coming)
    ]
    return (*full, *_watched(pack, record, now))


def _watched(pack: Pack, record: Record, now: datetime) -> Iterator[Caution]:
    for watch in pack.watches:
        latest = _latest(record, watch)
        if latest and (severity := watch.bands.get(latest.rating.band)):
            evidence = f"{watch.scale}={latest.rating.band}"
            yield Caution(watch.rule_id, severity, watch.finding, evidence)
        if record.sessions and not _in_date(latest, watch, now):
            evidence = f"{watch.scale} is older than {watch.every_days} d or missing"
            name = f"{watch.rule_id}-due"
            yield Caution(name, Severity.ABSOLUTE, "A questionnaire is due.", evidence)


def _latest(record: Record, watch: Watch) -> Score | None:
    of_scale = [score for score in record.scores if score.scale == watch.scale]
    return max(of_scale, key=lambda score: score.measure_time, default=None)


def _in_date(latest: Score | None, watch: Watch, now: datetime) -> bool:
    return latest is not None and latest.measure_time >= now - timedelta(days=watch.every_days)


def _said(limit: SessionLimit) -> str:
    return f"more than {limit.at_most} in {limit.days} d"
