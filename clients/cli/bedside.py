"""The bedside of the demo: visits entered late, for what they show would take hours to happen."""

from contextlib import aclosing
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from clients import custody, journey
from clients.cli.screen import step
from clients.cli.views import words
from clients.network.seed import REGISTRATIONS
from clients.sdk import FailedPrecondition, Halcyon
from clients.tracing import untraced
from halcyon.infusion.v1.custody_pb2 import Container
from halcyon.infusion.v1.infusion_pb2 import Session


@dataclass(frozen=True)
class Visit:
    """One session: the score before it, and the pressures during it."""

    phq9_score: int
    pressures: tuple[tuple[int, int], ...]


_CALM = ((131, 84), (142, 88), (156, 95), (148, 90), (134, 85))
_EXCURSION = ((138, 86), (161, 98), (184, 112), (168, 101), (141, 88))
VISITS = (Visit(20, _CALM), Visit(19, _CALM), Visit(12, _EXCURSION))
"""A first infusion, a weak response that raises the dose, a pressure that lowers it again."""


@dataclass(frozen=True)
class Bedside:
    """The nurse, the second person, and the trace they work in."""

    nurse: Halcyon
    second: Halcyon
    tracer: Tracer

    async def first(self, session: Session, visit: Visit) -> None:
        """Held at the gate, started later, not measured in time, discharged."""
        with self.tracer.start_as_current_span("the nurse is held at the gate"):
            await self._hold(session, visit)
        with self.tracer.start_as_current_span("the nurse runs infusion 1"):
            await journey.begin(self.nurse, session.session_id, minutes_ago=110)
            with untraced():
                await self._wait_for_alarm(session.session_id)
            await self._give(session, visit, began=110)
        with self.tracer.start_as_current_span("the patient rests and goes home"):
            gone = await journey.go_home(self.nurse, session.session_id, rest_minutes=69)
        step("nurse", f"discharged with an escort, {words.stay(gone)} after the infusion")

    async def later(self, session: Session, visit: Visit) -> None:
        """As ordered, through the gate."""
        with self.tracer.start_as_current_span(f"the nurse runs infusion {session.number}"):
            score = visit.phq9_score
            await journey.check_in(self.nurse, session, minutes_ago=40, phq9_score=score)
            await journey.confirm(self.second, session, minutes_ago=40)
            await journey.begin(self.nurse, session.session_id, minutes_ago=40)
            await self._give(session, visit, began=40)

    async def _give(self, session: Session, visit: Visit, began: int) -> None:
        readings = [
            journey.vitals(*pressure, minutes_ago=began - 8 * count)
            for count, pressure in enumerate(visit.pressures, 1)
        ]
        await journey.measure(self.nurse, session.session_id, *readings)
        over = began - session.infusion_minutes
        vial = await custody.vial(self.nurse, REGISTRATIONS[session.clinic_id])
        ended = await journey.finish(
            self.nurse, session.session_id, minutes_ago=over, container_id=vial.container_id
        )
        systolic, diastolic = max(visit.pressures)
        seen = f"PHQ-9 {visit.phq9_score} before, pressure up to {systolic}/{diastolic}"
        given = f"{ended.given_mg} mg in {ended.running_minutes} min"
        step("nurse", f"gave {given} in infusion {session.number}; {seen}")
        await self._waste(session, vial)

    async def _waste(self, session: Session, vial: Container) -> None:
        rest = vial.container_id, session.session_id
        wasted = await custody.waste(self.nurse, self.second, *rest)
        step("nurse", f"wasted {wasted.change_milligrams[1:]} mg left in vial {vial.label}")
        step("witness", f"saw it; {vial.label} holds {wasted.balance.milligrams} mg by the ledger")

    async def _hold(self, session: Session, visit: Visit) -> None:
        high, score = journey.vitals(172, 104, minutes_ago=120), visit.phq9_score
        about = {"minutes_ago": 120, "phq9_score": score}
        await journey.check_in(self.nurse, session, **about, reading=high)
        await journey.confirm(self.second, session, minutes_ago=119)
        try:
            await journey.begin(self.nurse, session.session_id, minutes_ago=119)
        except FailedPrecondition as refused:
            found = "; ".join(f"{item}: {rule}" for item, rule in refused.metadata.items())
            step("platform", f"refused the start: {found}")
        passed = await journey.check_in(self.nurse, session, minutes_ago=112, phq9_score=score)
        step("nurse", f"measured again, {len(passed.findings)} findings left at the gate")

    async def _wait_for_alarm(self, session_id: str) -> None:
        async with aclosing(journey.alerts(self.nurse, session_id)) as alerts:
            async for alert in alerts:
                if alert.rule_id == "vitals_overdue":
                    step("platform", "alarm: no pressure was measured in time")
                    return
