"""Before the drug: the checklist, the second person, and what a prescriber answers for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import NotAllowed
from services.infusion.domain.checklist import Checklist, DoubleCheck, Drug, Form, Override
from services.infusion.domain.events import Event, GateOverridden
from services.infusion.domain.gate import Evidence, findings
from services.infusion.domain.moments import moment
from services.infusion.domain.pump import Setting
from services.infusion.domain.status import AT_THE_GATE, Move, must_be, wrong_state
from services.infusion.domain.visit import Visit

Settled: TypeAlias = tuple[Visit, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a prescriber says about findings, and who it is."""

    items: tuple[str, ...]
    reason_code: str
    rationale: str
    prescriber: str


def check(
    visit: Visit,
    told: tuple[Checklist, datetime | None],
    evidence: Evidence,
    who: str,
    now: datetime,
) -> tuple[Settled, Form]:
    """A checklist is recorded, and the session passes or is held with everything that fails."""
    must_be(visit.session.status, AT_THE_GATE, "A checklist is made between arrival and start.")
    checklist, told_time = told
    at = moment("check_time", told_time, visit, visit.pack.windows, now)
    form = Form(evidence.forms + 1, checklist, who, at)
    return settle(visit, replace(evidence, form=form), at), form


def confirm(
    visit: Visit,
    told: tuple[tuple[Drug, Setting], datetime | None],
    evidence: Evidence,
    who: str,
    now: datetime,
) -> tuple[Settled, DoubleCheck]:
    """A second person saw the same drug and the same programme."""
    must_be(visit.session.status, AT_THE_GATE, "A dose is confirmed between arrival and start.")
    seen, told_time = told
    if evidence.form is None:
        raise wrong_state("There is no checklist to confirm.")
    if evidence.form.recorded_by == who:
        raise NotAllowed("SAME_PERSON", "Who made the checklist cannot be its second person.")
    if differ := _differ(evidence.form.checklist.dose_part, seen):
        raise NotAllowed("DOUBLE_CHECK_MISMATCH", "The two persons saw different things.", differ)
    at = moment("confirm_time", told_time, visit, visit.pack.windows, now)
    second = DoubleCheck(seen, who, at)
    return settle(visit, replace(evidence, double_check=second), at), second


def override_start(
    visit: Visit, answer: Answer, evidence: Evidence, now: datetime
) -> tuple[Settled, tuple[Override, ...], tuple[Event, ...]]:
    """A prescriber answers for findings that the pack lets be answered for."""
    must_be(visit.session.status, AT_THE_GATE, "The start gate stands between arrival and start.")
    must_be_overridable(answer.items, visit.pack.overridable_at_start)
    at = moment("", None, visit, visit.pack.windows, now)
    overrides = overridden(answer, evidence.overrides, at)
    if not overrides:
        return settle(visit, evidence, at), (), ()
    stating = replace(visit, session=visit.session.stating(1))
    answered = replace(evidence, overrides=(*evidence.overrides, *overrides))
    after, left = settle(stating, answered, at)
    return (after, left), overrides, (GateOverridden(after, overrides, at),)


def settle(visit: Visit, evidence: Evidence, at: datetime) -> Settled:
    """Held while anything fails; once there is a checklist and nothing does, passed."""
    found = findings(evidence, visit.pack, at)
    if evidence.form is None:
        return visit.at(at, visit.session), found
    return visit.at(at, visit.session.after(Move.HOLD if found else Move.PASS)), found


def must_be_overridable(items: Sequence[str], overridable: frozenset[str]) -> None:
    """Some things nobody can answer for."""
    if never := sorted(set(items) - overridable):
        about = dict.fromkeys(never, "cannot be overridden")
        raise NotAllowed("NOT_OVERRIDABLE", "Nobody can answer for this.", about)


def overridden(answer: Answer, known: Sequence[Override], at: datetime) -> tuple[Override, ...]:
    """The overrides that are new; an item is answered for once."""
    answered = {one.item for one in known}
    fresh = [item for item in dict.fromkeys(answer.items) if item not in answered]
    about = answer.reason_code, answer.rationale, answer.prescriber, at
    return tuple(Override(item, *about) for item in fresh)


def _differ(
    written: tuple[Drug | None, Setting | None], seen: tuple[Drug, Setting]
) -> Mapping[str, str]:
    names = "drug", "pump"
    pairs = zip(names, written, seen, strict=True)
    return {name: "differs" for name, ours, theirs in pairs if ours != theirs}
