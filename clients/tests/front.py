"""People of a network, some at a terminal and some by calls, and how far a patient has come."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

from typer.testing import CliRunner

from clients import journey
from clients.cli.__main__ import app
from clients.network import Network
from clients.sdk import Halcyon
from halcyon.billing.events.v1.billing_events_pb2 import PaymentCollected
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned
from halcyon.infusion.v1 import infusion_pb2 as chair
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, PlanPaused
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.referral.v1 import referral_pb2 as loop
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest

Told = TypeVar("Told")


class Front:
    """A network, and people who act in it: some from a terminal, others by calls."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def said(self, *words: str, refused: str = "") -> str:
        """What the command prints; or its one line, when it is refused for this reason."""
        result = CliRunner().invoke(app, [*words, "--data", str(self.network.directory)])
        assert result.exit_code == (1 if refused else 0), result.output
        assert refused in result.stderr
        return result.stderr if refused else result.stdout

    def asked(self, ask: Callable[[Halcyon], Awaitable[Told]], *roles: str) -> Told:
        """What a service tells somebody in these roles."""

        async def asking() -> Told:
            async with self.network.client(*roles) as who:
                return await ask(who)

        return asyncio.run(asking())

    def referred(self, example: str, *facts: type, indication: str = "") -> str:
        """Another patient, referred like the example, once these facts have been heard."""
        request = journey.read_referral((journey.EXAMPLES / example).read_bytes())
        request.request_id = str(uuid4())
        request.patient.family_name = f"Example-{request.request_id[:8]}"
        request.clinical.indication_code = indication or request.clinical.indication_code

        async def referring() -> str:
            async with self.network.client("referrer", npi=request.referrer.npi) as doctor:
                made = await journey.refer(doctor, request)
                if facts:
                    await journey.until(doctor, made.referral_id, facts)
                return made.referral_id

        return asyncio.run(referring())

    def until(self, referral_id: str, *facts: type) -> loop.Referral:
        """The referral, once these facts have been heard of it."""

        async def waiting(who: Halcyon) -> loop.Referral:
            await journey.until(who, referral_id, facts)
            return await journey.referral_of(who, referral_id)

        return self.asked(waiting, "coordinator")

    def plan(self, referral_id: str) -> plans.PlanState.ValueType:
        """Where the plan stands."""
        return self.asked(lambda who: journey.intake_of(who, referral_id), "nurse").plan.state

    def session(self, session_id: str) -> chair.Session:
        """The session as it stands."""
        return self.asked(lambda who: journey.session_of(who, session_id), "nurse")


async def without_response(network: Network, referral_id: str) -> None:
    """A planned and paid series, infused up to its first review with nothing gained."""
    async with network.client("prescriber", "nurse", "coordinator") as who:
        assessed = await journey.assess(who, referral_id)
        plan = (await journey.approve(who, assessed.intake_id, "weighed")).plan
        await journey.until(who, referral_id, [PaymentCollected, SessionPlanned])
        request = GetSeriesRequest(referral_id=referral_id)
        series = (await who.scheduling.GetSeries(request)).series
        async with network.client("nurse", "prescriber") as second:
            for number in range(1, plan.review_after_sessions[0] + 1):
                order = (await journey.doses_of(who, referral_id))[-1].dose_order_id
                session = await journey.ordered_session(who, series.series_id, number, order)
                await journey.infuse(who, second, session.session_id)
                await journey.until(who, referral_id, [DoseAdjusted] * number)
        await journey.until(who, referral_id, [PlanPaused])


async def sessions_of(network: Network, referral_id: str) -> list[str]:
    """The ids of a series' sessions, in order."""
    async with network.client("nurse", "coordinator") as nurse:
        request = GetSeriesRequest(referral_id=referral_id)
        series = (await nurse.scheduling.GetSeries(request)).series
        return [one.session_id for one in await journey.sessions_of(nurse, series.series_id)]


async def started(network: Network, session_id: str) -> None:
    """A session whose pump runs."""
    async with network.client("nurse") as nurse, network.client("nurse", "prescriber") as second:
        session = await journey.session_of(nurse, session_id)
        await journey.check_in(nurse, session)
        await journey.confirm(second, session)
        await journey.begin(nurse, session_id)
