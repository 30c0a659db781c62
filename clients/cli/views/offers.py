"""Times that a series could have; or what stands in its way, and what would fit."""

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, Offer
from halcyon.scheduling.v1.scheduling_service_pb2 import FindAvailabilityResponse


def found(told: FindAvailabilityResponse, here: Clinic, there: Clinic) -> Iterator[Table | str]:
    """The earliest series; without one, the reason and the nearest that has times."""
    if told.HasField("offer"):
        yield _offer(told.offer, here, "Earliest times")
        return
    yield f"no times at {escape(here.name)}: {_words(told.reason)}"
    if told.HasField("nearest_clinic"):
        yield _offer(told.nearest_clinic, there, "Nearest clinic")
    if told.HasField("nearest_pattern"):
        yield _offer(told.nearest_pattern, here, "Nearest pattern")
        yield "a prescriber decides about another pattern"
    if not (told.HasField("nearest_clinic") or told.HasField("nearest_pattern")):
        yield "no other clinic and no other pattern has times either"


def _offer(offer: Offer, clinic: Clinic, what: str) -> Table:
    pattern = ",".join(map(str, offer.sessions_per_week))
    title = f"{what}: {escape(clinic.name)}, {pattern} a week"
    made = table(title, "no", "start", "end", "not earlier because of", right=("no",))
    for one, why in zip(offer.bookings, offer.reasons, strict=True):
        start, end = (moment(at, clinic.time_zone) for at in (one.start_time, one.end_time))
        made.add_row(str(one.number), start, end[-5:], _words(why))
    made.caption = f"times in {clinic.time_zone}; nothing is taken yet"
    return made


def _words(reason: str) -> str:
    return reason.replace("_", " ")
