"""What intake says keeps a patient from being booked."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from chassis.refusal import NotAllowed


class Barrier(NamedTuple):
    """A rule of the patient's protocol, and from when on it bars."""

    rule_id: str
    begin: datetime


def barring(barriers: Iterable[Barrier], now: datetime) -> tuple[str, ...]:
    """The rules that speak now; their word is lifted at intake."""
    return tuple(one.rule_id for one in barriers if one.begin <= now)


def must_break_none(rules: Collection[str]) -> None:
    """No booking by anybody while a safety rule speaks, or against one."""
    if rules:
        raise rule_broken(rules)


def rule_broken(rules: Iterable[str], more: dict[str, str] | None = None) -> NotAllowed:
    """The refusal, with the rules."""
    told = {"rules": ",".join(rules)} | (more or {})
    return NotAllowed("SAFETY_RULE_BROKEN", "A longitudinal safety rule is broken.", told)
