"""One flow as all services together see it, and why it does not move."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from clients.sdk import Halcyon, HalcyonError
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said

_SOON = timedelta(seconds=5)
_PAGE = 1000


@dataclass(frozen=True)
class Picture:
    """What each service says about a flow, and who has handled which fact."""

    seen: Mapping[str, calls.GetFlowResponse]
    handled: Mapping[str, Mapping[str, datetime]]
    taken_at: datetime
    silent: Sequence[str] = field(default_factory=tuple)
    """Services that do not answer."""

    @property
    def facts(self) -> list[tuple[str, said.StatedFact]]:
        """Every fact with its stater, oldest first."""
        found = [(name, fact) for name, one in self.seen.items() for fact in one.facts]
        return sorted(found, key=lambda pair: pair[1].record_time.ToNanoseconds())

    @property
    def steps(self) -> list[tuple[str, said.Step]]:
        """Every step that is owed, with who owes it."""
        return [(name, step) for name, one in self.seen.items() for step in one.steps]


@dataclass(frozen=True)
class Reason:
    """One thing that holds a flow up: who, what, and the class of the error; nothing more."""

    service: str
    what: str


async def picture(operator: Halcyon, referral_id: str) -> Picture:
    """Ask every service for its part, then every listener what it made of the others' facts."""
    names = operator.services
    request = calls.GetFlowRequest(referral_id=referral_id)
    answers = await asyncio.gather(
        *(operator.operations(name).GetFlow(request) for name in names), return_exceptions=True
    )
    seen, silent = {}, []
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, HalcyonError):
            silent.append(name)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            seen[name] = answer
    stated = [fact for one in seen.values() for fact in one.facts]
    handled = {
        name: await _handled(operator, name, [f.event_id for f in stated if f.subject in one.hears])
        for name, one in seen.items()
    }
    return Picture(seen, handled, datetime.now(UTC), silent)


async def _handled(operator: Halcyon, name: str, events: Sequence[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for at in range(0, len(events), _PAGE):
        request = calls.ListHandledFactsRequest(event_ids=events[at : at + _PAGE])
        for one in (await operator.operations(name).ListHandledFacts(request)).facts:
            found[one.event_id] = moment(one.handle_time)
    return found


def why(known: Picture) -> list[Reason]:
    """What holds the flow up; nothing when it only waits for a person or for its time."""
    found = [Reason(name, "does not answer") for name in known.silent]
    for service, step in known.steps:
        if told := _step(step):
            found.append(Reason(service, told))
    owed = {(name, step.name.id) for name, step in known.steps}
    for service, fact in known.facts:
        if known.taken_at - moment(fact.record_time) > _SOON:
            found += _fact(known, service, fact, owed)
    return found


def stuck(known: Picture) -> list[tuple[str, said.Step]]:
    """Steps that a person may take or drop; what a pause holds goes on when the pause ends."""
    calm = said.STEP_STATE_WAITING, said.STEP_STATE_HELD
    return [pair for pair in known.steps if pair[1].state not in calm]


def _step(step: said.Step) -> str:
    what = f"{step.name.name.rpartition('.')[2]}"
    tries = f"{step.attempts} tries" if step.attempts != 1 else "one try"
    match step.state:
        case said.STEP_STATE_PARKED:
            return f"parked {what} after {tries}: {step.error_class}"
        case said.STEP_STATE_FAILING:
            return f"fails at {what}, {tries} so far: {step.error_class}"
        case said.STEP_STATE_HELD:
            return f"holds {what} back: paused by {step.held_by}"
        case said.STEP_STATE_OVERDUE:
            return f"has not met {what}, which is overdue"
        case _:
            return ""


def _fact(
    known: Picture, service: str, fact: said.StatedFact, owed: set[tuple[str, str]]
) -> list[Reason]:
    what = fact.subject.rpartition(".")[2]
    if not fact.HasField("publish_time"):
        return [Reason(service, f"stated {what}, and the stream has not taken it")]
    return [
        Reason(name, _unheard(what, one))
        for name, one in known.seen.items()
        if fact.subject in one.hears
        and fact.event_id not in known.handled[name]
        and (name, fact.event_id) not in owed
    ]


def _unheard(what: str, one: calls.GetFlowResponse) -> str:
    for pause in one.pauses:
        if pause.name.kind == said.PAUSE_KIND_CONSUMER:
            return f"has not heard {what}: its consumer is paused"
    return f"has not handled {what}: it is behind, or the stream has lost the fact"


def moment(stamp: Timestamp) -> datetime:
    """As Python knows it."""
    return stamp.ToDatetime(UTC)
