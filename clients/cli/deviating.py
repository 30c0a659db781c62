"""`halcyon infusion no-show, cancel, rate`: a session goes otherwise than planned."""

from typing import Annotated

import typer

from clients.cli.infusion import Id, as_nurse
from clients.cli.place import DEFAULT, Data
from clients.cli.screen import show
from clients.cli.views import sessions
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import pump_calls_pb2 as pumping

_WHY = typer.Option(help="Why, as a code such as clinic_closed.")
_STANDS = "its booking stands as it did: the desk gives it another time, or calls it off"
_RATE = typer.Argument(metavar="ML_PER_H", help="The new rate in mL/h, such as 120 or 66.7.")


def no_show(session_id: Id, data: Data = DEFAULT) -> None:
    """Record that nobody came; the booking is the desk's to mark as missed."""
    request = gating.RecordNoShowRequest(session_id=session_id)
    missed = as_nurse(data, lambda nurse: nurse.infusion.RecordNoShow(request)).session
    show(sessions.listed([missed]))
    show(_STANDS)


def cancel(session_id: Id, reason: Annotated[str, _WHY], data: Data = DEFAULT) -> None:
    """Call a session off before the drug; the booking is the desk's to call off."""
    request = gating.CancelSessionRequest(session_id=session_id, reason=reason)
    cancelled = as_nurse(data, lambda nurse: nurse.infusion.CancelSession(request)).session
    show(sessions.listed([cancelled]))
    show(_STANDS)


def rate(session_id: Id, ml_per_h: Annotated[str, _RATE], data: Data = DEFAULT) -> None:
    """The pump runs at another rate from now on."""
    request = pumping.ChangeRateRequest(session_id=session_id, rate_ml_per_h=ml_per_h)
    changed = as_nurse(data, lambda nurse: nurse.infusion.ChangeRate(request)).session
    show(sessions.pump(changed.intervals))
