"""From the arrival to the start gate: translate, load, decide, record, reply."""

from collections.abc import Mapping
from uuid import UUID

from chassis.auth import caller
from chassis.database import Tx
from chassis.refusal import Refusal
from halcyon.infusion.v1 import gate_calls_pb2 as calls
from services.infusion import domain, store, wire
from services.infusion.api.desk import Context, Desk, visible
from services.infusion.api.monitor import Lot, take


class Gating(Desk):
    """Who comes, what is checked, who confirms and who answers for what."""

    async def RecordArrival(
        self, request: calls.RecordArrivalRequest, context: Context
    ) -> calls.RecordArrivalResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            told = wire.maybe_moment("arrive_time", request)
            pack = await store.pack_of(tx, visit.session.clinic_id)
            stands = await store.standing(tx, visit.course.plan_id)
            visit, events = domain.arrive(visit, told, pack, tx.now)
            store.record(tx, visit, events)
        found = wire.findings(dict(domain.standing_findings(stands)))
        return calls.RecordArrivalResponse(session=wire.session(visit, None), findings=found)

    async def RecordChecklist(
        self, request: calls.RecordChecklistRequest, context: Context
    ) -> calls.RecordChecklistResponse:
        told, who = wire.recorded(request), caller()
        lot = Lot(UUID(request.session_id), wire.readings(request.readings), who)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            await kept(tx, lot)
            evidence = await store.evidence(tx, visit)
            (visit, found), form = domain.check(visit, told, evidence, who.subject, tx.now)
            store.record(tx, visit)
            store.keep_form(tx, visit.session.session_id, form)
        session = wire.session(visit, evidence.order)
        return calls.RecordChecklistResponse(session=session, findings=wire.findings(found))

    async def ConfirmDose(
        self, request: calls.ConfirmDoseRequest, context: Context
    ) -> calls.ConfirmDoseResponse:
        seen, who = wire.confirmed(request), caller().subject
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            evidence = await store.evidence(tx, visit)
            (visit, found), second = domain.confirm(visit, seen, evidence, who, tx.now)
            store.record(tx, visit)
            store.keep_double_check(tx, visit.session.session_id, second)
        session = wire.session(visit, evidence.order)
        return calls.ConfirmDoseResponse(session=session, findings=wire.findings(found))

    async def OverrideGate(
        self, request: calls.OverrideGateRequest, context: Context
    ) -> calls.OverrideGateResponse:
        answer = wire.answer(request, caller().subject)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            if request.gate == wire.DISCHARGE:
                visit, found = await answer_for_discharge(tx, visit, answer)
            else:
                visit, found = await answer_for_start(tx, visit, answer)
        session = wire.session(visit, None)
        return calls.OverrideGateResponse(session=session, findings=wire.findings(found))

    async def RecordNoShow(
        self, request: calls.RecordNoShowRequest, context: Context
    ) -> calls.RecordNoShowResponse:
        async with self._db.transaction() as tx:
            visit, events = domain.miss(await visible(tx, request.session_id), tx.now)
            store.record(tx, visit, events)
        return calls.RecordNoShowResponse(session=wire.session(visit, None))

    async def CancelSession(
        self, request: calls.CancelSessionRequest, context: Context
    ) -> calls.CancelSessionResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            visit, events = domain.cancel(visit, request.reason, tx.now)
            store.record(tx, visit, events)
        return calls.CancelSessionResponse(session=wire.session(visit, None))


async def kept(tx: Tx, lot: Lot) -> None:
    """Readings that a call brings along are kept and watched like all others, or refused."""
    (outcome,) = await take(tx, [lot])
    if isinstance(outcome, Refusal):
        raise outcome


async def answer_for_start(
    tx: Tx, visit: domain.Visit, answer: domain.Answer
) -> tuple[domain.Visit, Mapping[str, str]]:
    """A prescriber's word at the start gate."""
    evidence = await store.evidence(tx, visit)
    (visit, found), overrides, events = domain.override_start(visit, answer, evidence, tx.now)
    store.record(tx, visit, events)
    store.keep_overrides(tx, visit.session.session_id, "start", overrides)
    return visit, found


async def answer_for_discharge(
    tx: Tx, visit: domain.Visit, answer: domain.Answer
) -> tuple[domain.Visit, Mapping[str, str]]:
    """A prescriber's word at the discharge gate, which is judged at the discharge."""
    known = await store.overrides(tx, visit, "discharge") if visit.attendance else ()
    visit, overrides, events = domain.override_discharge(visit, answer, known, tx.now)
    store.record(tx, visit, events)
    store.keep_overrides(tx, visit.session.session_id, "discharge", overrides)
    return visit, {}
