"""Flows and the steps they owe: listed, shown, taken or dropped."""

from uuid import UUID

from chassis import flows, inbox, outbox, paging, pauses, second_person, steps
from chassis.operations import wire
from chassis.operations.api.part import Context, Part, failed_again
from chassis.refusal import Refusal
from halcyon.operations.v1 import flow_calls_pb2 as calls


class Steps(Part):
    """What of a flow stands here."""

    async def ListFlows(
        self, request: calls.ListFlowsRequest, context: Context
    ) -> calls.ListFlowsResponse:
        """Longest in their state first."""
        wanted, after = wire.flows_wanted(request), paging.after(request.page_token)
        limit = paging.limit(request.page_size)
        found = await flows.find(self._db, self._this.flows, wanted, limit, after)
        page, token = paging.cut(
            found, request.page_size, lambda one: (one.since.isoformat(), one.flow_id)
        )
        return calls.ListFlowsResponse(flows=map(wire.flow, page), next_page_token=token)

    async def GetFlow(
        self, request: calls.GetFlowRequest, context: Context
    ) -> calls.GetFlowResponse:
        """All that this service knows of it."""
        flow_id, known = UUID(request.referral_id), self._this.flows
        standing = await flows.standings(self._db, known, flow_id)
        clinics = {str(one.clinic_id) for one in standing}
        facts = await outbox.of(self._db, await flows.entities(self._db, known, flow_id))
        owed = await steps.owed(self._db, known, flow_id)
        return calls.GetFlowResponse(
            flows=map(wire.flow, standing),
            facts=map(wire.stated, facts),
            steps=map(wire.step, owed),
            pauses=[
                wire.pause(one)
                for one in await pauses.pauses(self._db)
                if one.kind in ("fact", "consumer") or one.name in {request.referral_id, *clinics}
            ],
            hears=sorted(self._this.on.subjects),
        )

    async def ListHandledFacts(
        self, request: calls.ListHandledFactsRequest, context: Context
    ) -> calls.ListHandledFactsResponse:
        """Asked of a listener about what others stated."""
        found = await inbox.handled(self._db, [UUID(one) for one in request.event_ids])
        return calls.ListHandledFactsResponse(facts=(wire.handled(*one) for one in found.items()))

    async def RetryStep(
        self, request: calls.RetryStepRequest, context: Context
    ) -> calls.RetryStepResponse:
        """A fact that fails again stays as it was."""
        step = wire.step_name(request.step)
        try:
            async with self._db.transaction() as tx:
                await steps.retry(tx, step, request.reason, self._this.on, self._this.name)
        except Refusal:
            raise
        except Exception as error:
            raise failed_again(error) from None
        return calls.RetryStepResponse()

    async def SkipStep(
        self, request: calls.SkipStepRequest, context: Context
    ) -> calls.SkipStepResponse:
        """What the step would have done is for people to do."""
        step, outcome = wire.step_name(request.step), calls.SKIP_OUTCOME_SKIPPED
        async with self._db.transaction() as tx:
            await steps.owes(tx, step)
            if self._this.weighty and not await second_person.agrees(tx, f"{step}", request.reason):
                outcome = calls.SKIP_OUTCOME_PROPOSED
            else:
                await steps.skip(tx, step, request.reason)
        return calls.SkipStepResponse(outcome=outcome)
