"""Protocols as they are told and as they are answered for."""

from datetime import datetime
from uuid import UUID

from chassis import paging
from chassis.refusal import Invalid, Violation
from halcyon.infusion.v1 import protocol_service_pb2 as rpc
from services.infusion import domain, packs
from services.infusion.wire.values import stamp


def publication(request: rpc.PublishProtocolRequest, who: str, now: datetime) -> domain.Publication:
    """What is to be published, or the line that is wrong."""
    try:
        pack = packs.read(request.content)
    except packs.PackBroken as broken:
        faults = (Violation("content", str(broken)),)
        raise Invalid("PROTOCOL_BROKEN", "The protocol contradicts itself.", faults) from None
    clinic_id = UUID(request.clinic_id) if request.clinic_id else None
    about = pack.name, pack.version, pack.effective_date, request.content
    return domain.Publication(*about, clinic_id, who, now)


def protocol_place(page_token: str) -> tuple[str, int] | None:
    """Where a page of protocols begins."""
    if (key := paging.position(page_token, 2)) is None:
        return None
    if not key[1].isdecimal() or len(key[1]) > 9:
        fault = Violation("page_token", "must be a next_page_token of this method")
        raise Invalid("PAGE_TOKEN_INVALID", "The page token is not one of ours.", (fault,))
    return key[0], int(key[1])


def protocol(published: domain.Publication) -> rpc.Protocol:
    """A protocol without its text."""
    moment = published.publish_time
    return rpc.Protocol(
        name=published.name,
        version=published.version,
        label=published.label,
        effective_date=published.effective_date.isoformat(),
        clinic_id=str(published.clinic_id) if published.clinic_id else "",
        publish_time=stamp(moment) if moment else None,
    )
