"""`halcyon scale`: record a questionnaire, see a patient's over time."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer

from clients import journey
from clients.cli.intake import Id, as_specialist
from clients.cli.place import DEFAULT, Data
from clients.cli.screen import show
from clients.cli.views import intakes as views
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.intake.v1 import scale_pb2 as scales

app = typer.Typer(help="Record questionnaires and see how they change.", no_args_is_help=True)


@app.command()
def record(
    referral_id: Id,
    scale: Annotated[str, typer.Argument(help="Such as phq9, gad7, pcl5, cssrs.")],
    answers: Annotated[str, typer.Argument(help="From item 1 on, - for a missing one: 3,2,-,1")],
    data: Data = DEFAULT,
) -> None:
    """Record a questionnaire and show what it scored."""
    given = list(enumerate(answers.split(","), 1))
    if not all(value == "-" or value.isdecimal() for _, value in given):
        raise NetworkFailed("answers are numbers and hyphens with commas between them: 3,2,-,1")
    told = [scales.ItemAnswer(item=n, value=int(value)) for n, value in given if value != "-"]

    async def asking(who: Halcyon) -> scales.Score:
        known = await journey.intake_of(who, referral_id)
        request = scales.RecordScaleRequest(
            intake_id=known.intake_id, scale=scale, answers=told, request_id=str(uuid4())
        )
        return (await who.intake.RecordScale(request)).score

    show(views.scores([as_specialist(data, asking)]))


@app.command("list")
def list_scores(
    referral_id: Id,
    scale: Annotated[str, typer.Option(help="Only this scale.")] = "",
    data: Data = DEFAULT,
) -> None:
    """Show a patient's questionnaires over time."""

    async def asking(who: Halcyon) -> Sequence[scales.Score]:
        known = await journey.intake_of(who, referral_id)
        request = scales.ListScoresRequest(intake_id=known.intake_id, scale=scale, page_size=200)
        return (await who.intake.ListScores(request)).scores

    show(views.scores(as_specialist(data, asking)))
