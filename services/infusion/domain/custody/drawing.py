"""The end of an infusion in the drug ledger: the dose came out of the container that was named."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from chassis.ids import named
from chassis.refusal import NotAllowed
from services.infusion.domain.custody.amount import Told
from services.infusion.domain.custody.entry import Act, Entry
from services.infusion.domain.custody.ledger import Holding
from services.infusion.domain.custody.registration import Registration
from services.infusion.domain.custody.using import Need, Use, administer
from services.infusion.domain.visit import Ending


@dataclass(frozen=True, slots=True)
class Checked:
    """The drug that two people checked before the start."""

    ndc: str
    lot: str
    expiry_date: date


def cause(session_id: UUID) -> UUID:
    """A session ends once: its dose is drawn once."""
    return named(session_id, "drawn")


def use_of(
    session_id: UUID, ending: Ending, place: Registration, told: tuple[str, datetime]
) -> Use:
    """What an infusion took; its record bears a clock that is a little ahead of ours."""
    recorder, now = told
    drawn = min(ending.end_time, now)
    about = Act(cause(session_id), recorder, drawn, now, session_id=session_id)
    return Use(Told(Decimal(ending.given_micrograms) / 1000, None), place.day(drawn), about)


def eleven_digits(ndc: str) -> str:
    """A code as labels print it (4-4-2, 5-3-2, 5-4-1) in the one form of 5-4-2."""
    labeler, product, package = ndc.split("-")
    return f"{labeler:0>5}-{product:0>4}-{package:0>2}"


def draw(holding: Holding, checked: Checked, need: Need, use: Use, known: Entry | None) -> Entry:
    """The dose leaves a container of the very drug and lot that was checked."""
    one = holding.container
    told = eleven_digits(checked.ndc), checked.lot, checked.expiry_date
    if (one.ndc, one.lot, one.expiry_date) != told:
        raise NotAllowed("CONTAINER_NOT_CHECKED", "Another drug or lot was checked at the gate.")
    return administer(holding, need, use, known)
