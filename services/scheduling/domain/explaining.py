"""Why a series has no times, and what would have: each condition is lifted until one helps."""

from collections.abc import Iterable
from dataclasses import replace

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.allocation import Bound, Outcome, allocate
from services.scheduling.domain.clinic import Hours, Kind
from services.scheduling.domain.shelf import Shelf, Spot
from services.scheduling.domain.wish import Preferences, Wish

_ALWAYS = tuple(Hours(weekday, 0, 1440) for weekday in range(1, 8))


def binding_reason(wanted: Wish, agenda: Agenda) -> Bound:
    """The first condition, from the pattern to the rooms, without which there would be times.

    Asked only when there are none; when no single condition is to blame it is just the time.
    """
    shelf = agenda.shelf
    for part in shelf.fitting(wanted.visit).parts:
        if not part.choice:
            return _without(part.kind)
    anytime = replace(wanted, preferences=_anytime(wanted.preferences))
    if not _exists(allocate(anytime, _empty(_always_open(shelf)), 0)):
        return Bound.LIMITS
    if not _exists(allocate(anytime, _empty(shelf), 0)):
        return Bound.OPENING_HOURS
    if not _exists(allocate(wanted, _empty(shelf), 0)):
        return Bound.PATIENT_WINDOWS
    if wanted.preferences.windows and _exists(allocate(anytime, agenda, 0)):
        return Bound.PATIENT_WINDOWS
    for part in shelf.fitting(wanted.visit).parts:
        if _exists(allocate(wanted, agenda, 0, lifting=part.kind)):
            return _without(part.kind)
    return Bound.NO_FREE_TIME


def nearest_pattern(
    wanted: Wish, agenda: Agenda, patterns: Iterable[tuple[int, ...]]
) -> tuple[tuple[int, ...], tuple[Spot, ...]] | None:
    """The pattern most like the wanted one that has times: as many sessions, then as few weeks."""
    count, span = sum(wanted.weeks), len(wanted.weeks)
    others = {weeks for weeks in patterns if weeks != wanted.weeks}
    for weeks in sorted(others, key=lambda one: (abs(sum(one) - count), abs(len(one) - span), one)):
        found = allocate(wanted.with_weeks(weeks), agenda, 0)
        if isinstance(found, tuple):
            return weeks, found
    return None


def _without(kind: Kind) -> Bound:
    return Bound(f"no_free_{kind.value}")


def _anytime(preferences: Preferences) -> Preferences:
    return replace(preferences, windows=())


def _exists(found: Outcome) -> bool:
    return isinstance(found, tuple)


def _empty(shelf: Shelf) -> Agenda:
    agenda = Agenda(shelf)
    agenda.complete = True
    return agenda


def _always_open(shelf: Shelf) -> Shelf:
    resources = [
        replace(one, shifts=()) for one in shelf.clinic.resources if one.kind != Kind.PRESCRIBER
    ]
    clinic = replace(shelf.clinic, hours=_ALWAYS, holidays=(), resources=tuple(resources))
    return Shelf(clinic, shelf.unit_minutes)
