"""`halcyon referral list, route, cancel`: the coordinator's part of a referral."""

from collections.abc import Mapping
from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.referral import READERS, Id
from clients.cli.screen import show
from clients.cli.views import referrals, tables
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1.referral_pb2 import Referral, ReferralStatus
from halcyon.scheduling.v1.scheduling_pb2 import Clinic
from halcyon.scheduling.v1.scheduling_service_pb2 import ListClinicsRequest

_PAGE = 200
_REASONS = [name.removeprefix("CANCEL_REASON_").lower() for name in rpc.CancelReason.keys()[1:]]
_STATES = [name.removeprefix("REFERRAL_STATUS_").lower() for name in ReferralStatus.keys()[1:]]


def list_referrals(
    status: Annotated[str, typer.Option(help="Such as received: waits for a clinic.")] = "",
    clinic: Annotated[str, typer.Option(help="The clinic's id, or a part of its name.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    data: Data = DEFAULT,
) -> None:
    """List referrals, newest first."""
    if status and status not in _STATES:
        raise NetworkFailed(f"no such status: {status}; there are {', '.join(_STATES)}")
    wanted = ReferralStatus.Value(f"REFERRAL_STATUS_{(status or 'unspecified').upper()}")

    async def reading() -> tuple[list[Referral], bool, Mapping[str, str]]:
        async with acting(data, *READERS) as reader:
            known = await _clinics(reader)
            where = _only(known, clinic).clinic_id if clinic else ""
            request = rpc.ListReferralsRequest(status=wanted, clinic_id=where)
            found, more = await _listed(reader, request, limit)
            return found, more, {one.clinic_id: one.name for one in known}

    found, more, names = run(reading())
    show(referrals.listed(found, names) if found else "there is no such referral")
    if more:
        show(f"these are the newest {limit}; there are more: say --limit")


def route(
    referral_id: Id,
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    data: Data = DEFAULT,
) -> None:
    """Send a referral that waits for a clinic to this one."""

    async def routing() -> Referral:
        async with acting(data, "coordinator") as coordinator:
            there = _only(await _clinics(coordinator), clinic)
            request = rpc.RouteReferralRequest(referral_id=referral_id, clinic_id=there.clinic_id)
            return (await coordinator.referral.RouteReferral(request)).referral

    show(tables.referral(run(routing())))


def cancel(
    referral_id: Id,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(_REASONS)}.")],
    data: Data = DEFAULT,
) -> None:
    """Withdraw a referral that has not ended; what is held or booked for it is let go."""
    if reason not in _REASONS:
        raise NetworkFailed(f"no such reason: {reason}; there are {', '.join(_REASONS)}")
    request = rpc.CancelReferralRequest(
        referral_id=referral_id, reason=rpc.CancelReason.Value(f"CANCEL_REASON_{reason.upper()}")
    )

    async def cancelling() -> Referral:
        async with acting(data, "coordinator") as coordinator:
            return (await coordinator.referral.CancelReferral(request)).referral

    show(tables.referral(run(cancelling())))


async def _listed(
    reader: Halcyon, request: rpc.ListReferralsRequest, limit: int
) -> tuple[list[Referral], bool]:
    """At most so many, and whether there are more."""
    found = list[Referral]()
    while True:
        request.page_size = min(limit - len(found), _PAGE)
        page = await reader.referral.ListReferrals(request)
        found += page.referrals
        request.page_token = page.next_page_token
        if len(found) >= limit or not page.next_page_token:
            return found, bool(page.next_page_token)


async def _clinics(reader: Halcyon) -> list[Clinic]:
    found, request = list[Clinic](), ListClinicsRequest(page_size=_PAGE)
    while True:
        page = await reader.scheduling.ListClinics(request)
        found += page.clinics
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return found


def _only(known: list[Clinic], wanted: str) -> Clinic:
    """By id, or the one whose name holds the words; a patient is sent nowhere by chance."""
    fitting = [one for one in known if wanted == one.clinic_id] or [
        one for one in known if wanted.lower() in one.name.lower()
    ]
    if not fitting:
        raise NetworkFailed(f"no clinic is called {wanted}")
    if len(fitting) > 1:
        names = ", ".join(one.name for one in fitting)
        raise NetworkFailed(f"more than one clinic is called {wanted}: {names}")
    return fitting[0]
