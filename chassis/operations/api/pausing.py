"""What is held back by a person, and let go again."""

from chassis import pauses
from chassis.operations import wire
from chassis.operations.api.part import Context, Part
from chassis.principal import caller
from chassis.refusal import NotAllowed
from halcyon.operations.v1 import flow_calls_pb2 as calls


class Pausing(Part):
    """Pauses of flows, facts, clinics and consumers."""

    async def ListPauses(
        self, request: calls.ListPausesRequest, context: Context
    ) -> calls.ListPausesResponse:
        """Oldest first."""
        return calls.ListPausesResponse(pauses=map(wire.pause, await pauses.pauses(self._db)))

    async def Pause(self, request: calls.PauseRequest, context: Context) -> calls.PauseResponse:
        """Heeded here at once, by other processes of this service within two seconds."""
        kind, name = await self._pausable(*wire.pause_name(request.pause))
        async with self._db.transaction() as tx:
            await pauses.pause(tx, kind, name, caller().subject, request.reason)
        await self._this.pauses.heed()
        return calls.PauseResponse()

    async def Resume(self, request: calls.ResumeRequest, context: Context) -> calls.ResumeResponse:
        """What was held goes first."""
        async with self._db.transaction() as tx:
            await pauses.resume(tx, *wire.pause_name(request.pause), request.reason)
        return calls.ResumeResponse()

    async def _pausable(self, kind: str, name: str) -> tuple[str, str]:
        """A pause that could hold nothing here would only look like one."""
        parts = await self._this.parts(self._db) if self._this.parts else ()
        known = {"fact": self._this.on.subjects, "consumer": {self._this.name, *parts}}
        if not name or name not in known.get(kind, {name}):
            raise NotAllowed("NOTHING_TO_PAUSE", "This service hears nothing of the kind.")
        return kind, name
