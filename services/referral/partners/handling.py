"""One message of a partner in one transaction: what it asks for, and the answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from chassis import telemetry
from chassis.database import Database, Tx
from chassis.facts import NAMESPACE
from chassis.ids import named
from chassis.refusal import AlreadyExists, Invalid, NotFound, Refusal
from halcyon.referral.v1 import partner_pb2 as partner
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral import domain, store, wire
from services.referral.domain import Partner
from services.referral.partners import cloudevents, reading
from services.referral.partners.cloudevents import Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in the partner's inbound stream."""

    position: int
    headers: Mapping[str, str]
    payload: bytes


async def receive(db: Database, who: Partner, message: Message) -> None:
    """Nothing vanishes: the effect and the answer, or the answer alone, are in one commit."""
    async with db.transaction() as tx:
        try:
            event = cloudevents.read(message.headers, message.payload)
        except Invalid as refusal:
            await _reject(tx, who, message, refusal)
            return
        before = await store.claim_message(tx, who, event.source, event.id, event.digest)
        if before and before != event.digest:
            log.error("partner.id_reused", partner=who.name, position=message.position)
            telemetry.record("halcyon.partner.conflicts", 1, {"halcyon.partner": who.name})
            text = "Another message had this source and id."
            await _reject(tx, who, message, AlreadyExists("MESSAGE_ID_REUSED", text))
        elif not before:
            await _answer_to(tx, who, message, event)


async def give_up(db: Database, who: Partner, message: Message) -> None:
    """Our fault, again and again: the partner is told, and nothing of the fault."""
    async with db.transaction() as tx:
        text = "The message could not be handled; tell us its position."
        await _reject(tx, who, message, Refusal("INTERNAL", text))


async def _answer_to(tx: Tx, who: Partner, message: Message, event: Event) -> None:
    """A refusal comes before anything is written, so the answer is all there is then."""
    try:
        referral_id = await _act(tx, who, event)
    except Refusal as refusal:
        await _reject(tx, who, message, refusal)
        return
    store.put_on_record(tx, who, event.type)
    answer = wire.accepted(_blank(message), str(referral_id), tx.now)
    await _keep(tx, who, answer)


async def _act(tx: Tx, who: Partner, event: Event) -> UUID:
    request = reading.read(event)
    match request:
        case rpc.CreateReferralRequest():
            return await _submit(tx, who, event, request)
        case rpc.CancelReferralRequest():
            referral = await _own(tx, who, UUID(request.referral_id))
            decided = domain.cancel(referral, wire.reason(request), tx.now)
        case reading.Withdrawn():
            referral = await _own(tx, who, await store.placed(tx, who, request.placer_reference))
            reasons = domain.CancelReason
            mistake, no = reasons.ENTERED_IN_ERROR, reasons.PATIENT_DECLINED
            why = mistake if request.entered_in_error else no
            decided = domain.cancel(referral, why, tx.now)
        case partner.SupplementReferralRequest():
            referral = await _own(tx, who, UUID(request.referral_id))
            decided = domain.supplement(referral, wire.clinical(request.clinical), tx.now)
        case partner.StateAvailabilityRequest():
            referral = await _own(tx, who, UUID(request.referral_id))
            windows, earliest = wire.windows(request), wire.earliest(request)
            decided = domain.state_availability(referral, earliest, windows, tx.now)
    await store.record(tx, *decided)
    return referral.referral_id


async def _submit(tx: Tx, who: Partner, event: Event, request: rpc.CreateReferralRequest) -> UUID:
    """As CreateReferral does; request ids of two partners are never the same."""
    request.request_id = str(named(NAMESPACE, f"{who.account}/{request.request_id}"))
    asked = replace(wire.application(request), partner=who.name)
    (known,) = await store.look_up(tx, [asked])
    served = [clinic for clinic in known.clinics if clinic.clinic_id in who.clinics]
    viewer = domain.Viewer(frozenset({"referrer"}), asked.referrer.npi, frozenset())
    try:
        decided = domain.receive(asked, known._replace(clinics=served), viewer, tx.now)
    except AlreadyExists as refusal:
        raise AlreadyExists(refusal.reason, refusal.message) from None
    await store.record(tx, *decided)
    referral_id = decided[0].referral_id
    await store.adopt(tx, who, referral_id, reading.placer_reference(event))
    return referral_id


async def _own(tx: Tx, who: Partner, referral_id: UUID | None) -> domain.Referral:
    """What the partner did not submit does not exist."""
    if referral_id is None or not await store.owns(tx, who, referral_id):
        raise NotFound("REFERRAL_NOT_FOUND", "No such referral.")
    found = await store.find(tx, referral_id)
    assert found is not None
    return found


async def _reject(tx: Tx, who: Partner, message: Message, refusal: Refusal) -> None:
    log.info("partner.rejected", partner=who.name, position=message.position, reason=refusal.reason)
    await _keep(tx, who, wire.rejected(_blank(message), refusal, tx.now))


async def _keep(tx: Tx, who: Partner, answer: partner.MessageAnswered) -> None:
    answer_id = named(NAMESPACE, f"{who.account}/answer/{answer.message_position}")
    await store.answer(tx, who, answer_id, answer.SerializeToString())


def _blank(message: Message) -> partner.MessageAnswered:
    source, message_id = cloudevents.identity(message.headers, message.payload)
    return partner.MessageAnswered(
        message_source=source, message_id=message_id, message_position=message.position
    )
