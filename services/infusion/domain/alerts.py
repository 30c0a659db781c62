"""Alerts: raised by readings that break a rule of the pack, cleared on the calm side of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.ids import named
from chassis.refusal import NotAllowed, NotFound
from services.infusion.domain.pack import Level, Rule
from services.infusion.domain.vitals import Vitals

Values = Sequence[tuple[datetime, int]]
CADENCE = "vitals_overdue"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a session; it stays on the record when it is over."""

    alert_id: UUID
    session_id: UUID
    rule_id: str
    level: Level
    parameter: str
    raise_time: datetime
    clear_time: datetime | None = None
    acknowledge_time: datetime | None = None
    acknowledged_by: str = ""
    by_prescriber: bool = False

    @property
    def is_open(self) -> bool:
        """Whether what raised it still lasts."""
        return self.clear_time is None


def raised(session_id: UUID, rule: tuple[str, Level, str], at: datetime) -> Alert:
    """A new alert; the same cause at the same moment is the same alert."""
    rule_id, level, parameter = rule
    alert_id = named(session_id, f"alert/{rule_id}/{at.isoformat()}")
    return Alert(alert_id, session_id, rule_id, level, parameter, at)


def is_quiet(rules: Iterable[Rule], readings: Iterable[Vitals]) -> bool:
    """Whether no reading breaks any rule: without an open alert there is nothing to decide."""
    told = tuple(rules)
    return not any(
        rule.breaks(value)
        for reading in readings
        if not reading.artefact
        for rule in told
        if (value := getattr(reading, rule.parameter)) is not None
    )


def watch(
    session_id: UUID,
    rules: Iterable[Rule],
    known: Sequence[Alert],
    readings: Sequence[Vitals],
    fresh: frozenset[datetime],
) -> Iterator[Alert]:
    """Every alert that the fresh readings raise or clear.

    `readings` are the stored ones around them, in order of time. One that came after a later one
    is history: it raises and clears nothing.
    """
    believed = [reading for reading in readings if not reading.artefact]
    before = [reading.measure_time for reading in believed if reading.measure_time not in fresh]
    newest = max(before, default=datetime.min.replace(tzinfo=readings[0].measure_time.tzinfo))
    news = [t for reading in believed if (t := reading.measure_time) in fresh and t > newest]
    for rule in rules:
        values = [
            (reading.measure_time, value)
            for reading in believed
            if (value := getattr(reading, rule.parameter)) is not None
        ]
        mine = [alert for alert in known if alert.rule_id == rule.rule_id]
        yield from _follow(session_id, rule, mine, values, frozenset(news))
    yield from _on_time_again(known, believed, news)


def acknowledge(alert: Alert | None, who: str, by_prescriber: bool, now: datetime) -> Alert:
    """Somebody has seen it; a prescriber's word counts for more than a nurse's."""
    if alert is None:
        raise NotFound("ALERT_NOT_FOUND", "No such alert.")
    if alert.acknowledge_time and (alert.by_prescriber or not by_prescriber):
        return alert
    return replace(alert, acknowledge_time=now, acknowledged_by=who, by_prescriber=by_prescriber)


def must_allow_running(alerts: Sequence[Alert]) -> None:
    """A stop is for good; a pause lasts until it clears or a prescriber has seen it."""
    if stopped := [alert.rule_id for alert in alerts if alert.level is Level.STOP]:
        told = dict.fromkeys(stopped, "asks for a stop")
        raise NotAllowed("ALERT_STOPS", "An alert of this session asks for a stop.", told)
    pausing = [one for one in alerts if one.level is Level.PAUSE and one.is_open]
    if waiting := [one.rule_id for one in pausing if not one.by_prescriber]:
        told = dict.fromkeys(waiting, "lasts, and no prescriber has acknowledged it")
        raise NotAllowed("ALERT_OPEN", "An alert asks for a pause.", told)


def _follow(
    session_id: UUID, rule: Rule, known: Sequence[Alert], values: Values, fresh: frozenset[datetime]
) -> Iterator[Alert]:
    current = max(known, key=lambda alert: alert.raise_time, default=None)
    changed: dict[UUID, Alert] = {}
    for at, value in values:
        if at not in fresh:
            continue
        if current is None or not current.is_open:
            since = current.clear_time if current else None
            if rule.breaks(value) and _lasts(values, at, rule.breaks, rule, since):
                about = rule.rule_id, rule.level, rule.parameter
                current = raised(session_id, about, at)
                changed[current.alert_id] = current
        elif rule.calms(value) and _lasts(values, at, rule.calms, rule, current.raise_time):
            current = replace(current, clear_time=at)
            changed[current.alert_id] = current
    yield from changed.values()


def _lasts(
    values: Values, at: datetime, holds: Callable[[int], bool], rule: Rule, since: datetime | None
) -> bool:
    """Whether it has been so for as long as the rule asks: one odd second is no alarm."""
    began = at
    for when, value in reversed(values):
        if when > at:
            continue
        if not holds(value) or (since and when <= since):
            break
        began = when
    return at - began >= timedelta(seconds=rule.persist_seconds)


def _on_time_again(
    known: Sequence[Alert], readings: Sequence[Vitals], news: Sequence[datetime]
) -> Iterator[Alert]:
    measured = [one.measure_time for one in readings if one.systolic and one.measure_time in news]
    for alert in known:
        if alert.rule_id == CADENCE and alert.is_open and measured:
            yield replace(alert, clear_time=max(measured))
