"""`halcyon intake decline, stop, resume`: whether a clinic treats, and goes on treating."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from clients import journey
from clients.cli.intake import Id, Why, as_specialist, show_intake
from clients.cli.place import DEFAULT, Data
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.intake.v1.intake_pb2 import Intake

_DECLINE = [name.removeprefix("DECLINE_REASON_").lower() for name in rpc.DeclineReason.keys()[1:]]
_STOP = [name.removeprefix("STOP_REASON_").lower() for name in plans.StopReason.keys()[1:]]


def decline(
    referral_id: Id,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(_DECLINE)}.")],
    data: Data = DEFAULT,
) -> None:
    """Decline a referral that has no plan yet; the referrer hears the reason."""
    _must_be(reason, _DECLINE)
    value = rpc.DeclineReason.Value(f"DECLINE_REASON_{reason.upper()}")

    async def declining(who: Halcyon, intake_id: str) -> Intake:
        request = rpc.DeclineReferralRequest(intake_id=intake_id, reason=value)
        return (await who.intake.DeclineReferral(request)).intake

    _act(data, referral_id, declining)


def stop(
    referral_id: Id,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(_STOP)}.")],
    data: Data = DEFAULT,
) -> None:
    """End a plan for good; what is booked for it is let go."""
    _must_be(reason, _STOP)
    value = plans.StopReason.Value(f"STOP_REASON_{reason.upper()}")

    async def stopping(who: Halcyon, intake_id: str) -> Intake:
        request = plans.StopPlanRequest(intake_id=intake_id, reason=value)
        return (await who.intake.StopPlan(request)).intake

    _act(data, referral_id, stopping)


def resume(referral_id: Id, rationale: Why, data: Data = DEFAULT) -> None:
    """Go on with a plan that the rules have paused, after a new assessment."""

    async def resuming(who: Halcyon, intake_id: str) -> Intake:
        request = plans.ResumePlanRequest(intake_id=intake_id, rationale=rationale)
        return (await who.intake.ResumePlan(request)).intake

    _act(data, referral_id, resuming)


def _must_be(reason: str, known: list[str]) -> None:
    if reason not in known:
        raise NetworkFailed(f"no such reason: {reason}; there are {', '.join(known)}")


def _act(data: Path, referral_id: str, acting: Callable[[Halcyon, str], Awaitable[Intake]]) -> None:
    async def asking(who: Halcyon) -> Intake:
        return await acting(who, (await journey.intake_of(who, referral_id)).intake_id)

    show_intake(as_specialist(data, asking))
