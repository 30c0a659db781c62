"""`halcyon intake revise`: the next version of a plan that stands."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from clients import journey
from clients.cli.intake import Id, Why, as_specialist, show_intake
from clients.cli.place import DEFAULT, Data
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.intake.v1.intake_pb2 import Intake


def revise(
    referral_id: Id,
    minutes: Annotated[int | None, typer.Option(help="Infusion time from now on.")] = None,
    dose: Annotated[str, typer.Option(help="Milligrams from now on, such as 42.5.")] = "",
    kap: Annotated[bool | None, typer.Option("--kap/--no-kap", help="A therapist or not.")] = None,
    antiemetic: Annotated[str, typer.Option(help="An order of the pack.")] = "",
    rationale: Why = "",
    data: Data = DEFAULT,
) -> None:
    """Make the next version of a plan; what is not named stays as it is."""
    changes = _changes(minutes, dose, kap, antiemetic)
    if not changes:
        raise NetworkFailed("nothing to change: name minutes, dose, kap or antiemetic")

    async def asking(who: Halcyon) -> Intake:
        known = await journey.intake_of(who, referral_id)
        request = plans.RevisePlanRequest(
            intake_id=known.intake_id,
            version=known.plan.version,
            rationale=rationale,
            **changes,
        )
        return (await who.intake.RevisePlan(request)).intake

    show_intake(as_specialist(data, asking))


def _changes(minutes: int | None, dose: str, kap: bool | None, antiemetic: str) -> dict[str, Any]:
    """What is named, in the contract's words; a dose is exact to the microgram."""
    named: dict[str, Any] = {"infusion_minutes": minutes, "antiemetic": antiemetic or None}
    if kap is not None:
        named["kap"] = plans.KAP_WITH if kap else plans.KAP_WITHOUT
    if dose:
        named["dose_micrograms"] = _micrograms(dose)
    return {name: value for name, value in named.items() if value is not None}


def _micrograms(dose: str) -> int:
    try:
        exact = Decimal(dose) * 1000
        if exact != int(exact):
            raise ValueError
    except (ArithmeticError, ValueError):
        raise NetworkFailed(f"no such dose: {dose}; milligrams, to the microgram") from None
    return int(exact)
