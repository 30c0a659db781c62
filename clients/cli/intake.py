"""`halcyon intake`: the specialist's queue, assessment, decision, plan and doses."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from clients import journey
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import intakes as views
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.intake.v1 import eligibility_pb2 as deciding
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1 import plan_pb2 as plans

app = typer.Typer(help="Assess, decide, plan and look at doses.", no_args_is_help=True)

Told = TypeVar("Told")
Id = Annotated[str, typer.Argument(help="The referral's id.")]
Why = Annotated[str, typer.Option(help="The written rationale.")]
OUTCOMES = ("eligible", "eligible_with_conditions", "deferred")


@app.command()
def queue(
    status: Annotated[str, typer.Option(help="Such as open, assessed or planned.")] = "",
    data: Data = DEFAULT,
) -> None:
    """Show who waits, oldest first."""
    names = {name.removeprefix("INTAKE_STATUS_").lower() for name in nouns.IntakeStatus.keys()[1:]}
    if status and status not in names:
        raise NetworkFailed(f"no such status: {status}; there are {', '.join(sorted(names))}")
    wanted = nouns.IntakeStatus.Value(f"INTAKE_STATUS_{(status or 'unspecified').upper()}")

    async def asking(who: Halcyon) -> Sequence[nouns.Intake]:
        return (await who.intake.ListIntakes(rpc.ListIntakesRequest(status=wanted))).intakes

    show(views.queue(as_specialist(data, asking)))


@app.command("show")
def show_one(referral_id: Id, data: Data = DEFAULT) -> None:
    """Show an intake with its findings and its plan."""
    show_intake(as_specialist(data, lambda who: journey.intake_of(who, referral_id)))


@app.command()
def assess(
    referral_id: Id,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON, four blocks.")],
    data: Data = DEFAULT,
) -> None:
    """Record an assessment, as JSON of its contract; undated measures are today's."""
    assessment = journey.read_assessment(file.read_text())

    async def asking(who: Halcyon) -> nouns.Intake:
        known = await journey.intake_of(who, referral_id)
        request = rpc.RecordAssessmentRequest(intake_id=known.intake_id, assessment=assessment)
        return (await who.intake.RecordAssessment(request)).intake

    show_intake(as_specialist(data, asking))


@app.command()
def decide(
    referral_id: Id,
    outcome: Annotated[str, typer.Argument(help=f"One of {', '.join(OUTCOMES)}.")],
    condition: Annotated[list[str] | None, typer.Option(help="Of the pack; repeatable.")] = None,
    until: Annotated[str, typer.Option(help="Deferred until this day, year-month-day.")] = "",
    rationale: Why = "",
    data: Data = DEFAULT,
) -> None:
    """Decide that a patient may be treated, under conditions perhaps, or not now."""
    if outcome not in OUTCOMES:
        raise NetworkFailed(f"no such outcome: {outcome}; there are {', '.join(OUTCOMES)}")

    async def asking(who: Halcyon) -> nouns.Intake:
        known = await journey.intake_of(who, referral_id)
        request = deciding.DecideEligibilityRequest(
            intake_id=known.intake_id,
            outcome=nouns.EligibilityOutcome.Value(f"ELIGIBILITY_OUTCOME_{outcome.upper()}"),
            conditions=condition or (),
            defer_until_date=until,
            rationale=rationale,
        )
        return (await who.intake.DecideEligibility(request)).intake

    show_intake(as_specialist(data, asking))


@app.command()
def approve(
    referral_id: Id,
    schedule: Annotated[str, typer.Option(help="Of the pack; the clinic's when left out.")] = "",
    rationale: Why = "",
    data: Data = DEFAULT,
) -> None:
    """Sign the individual plan with the pack's dose."""

    async def asking(who: Halcyon) -> nouns.Intake:
        known = await journey.intake_of(who, referral_id)
        request = rpc.ApprovePlanRequest(
            intake_id=known.intake_id, schedule=schedule, rationale=rationale
        )
        return (await who.intake.ApprovePlan(request)).intake

    show_intake(as_specialist(data, asking))


@app.command()
def doses(referral_id: Id, data: Data = DEFAULT) -> None:
    """Show every dose order of a plan, and why."""
    show(views.doses(as_specialist(data, lambda who: journey.doses_of(who, referral_id))))


@app.command()
def sign(referral_id: Id, data: Data = DEFAULT) -> None:
    """Sign the dose that waits for a signature."""

    async def asking(who: Halcyon) -> nouns.Intake:
        known = await journey.intake_of(who, referral_id)
        if not known.plan.HasField("proposal"):
            raise NetworkFailed("no dose waits for a signature")
        request = plans.SignDoseRequest(
            intake_id=known.intake_id,
            session_id=known.plan.proposal.session_id,
            decision=plans.DOSE_DECISION_SIGNED,
        )
        return (await who.intake.SignDose(request)).intake

    show_intake(as_specialist(data, asking))


def as_specialist(data: Path, asking: Callable[[Halcyon], Awaitable[Told]]) -> Told:
    """What a specialist of the network is told."""

    async def acted() -> Told:
        async with acting(data, "prescriber") as specialist:
            return await asking(specialist)

    return run(acted())


def show_intake(known: nouns.Intake) -> None:
    """Where it stands, what was found, and the plan."""
    show(views.intake(known))
    if known.flags:
        show(views.findings(known.flags))
    if known.HasField("plan"):
        show(views.plan(known.plan))
