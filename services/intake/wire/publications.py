"""Protocol packs as they are told and as they are answered for."""

from datetime import datetime
from uuid import UUID

from chassis import paging
from chassis.refusal import Invalid, Violation
from halcyon.intake.v1 import intake_pb2, pack_pb2
from services.intake import domain, packs
from services.intake.wire.words import stamp


def pack_in(content: str) -> domain.Pack:
    """The pack in a text, or every wrong line."""
    try:
        return packs.read(content)
    except packs.PackBroken as broken:
        faults = tuple(Violation("content", str(fault)) for fault in broken.faults)
        raise Invalid("PACK_BROKEN", "The pack contradicts itself.", faults) from None


def publication(
    pack: domain.Pack, request: pack_pb2.PublishPackRequest, who: str, now: datetime
) -> domain.Publication:
    """What is to be published."""
    clinic_id = UUID(request.clinic_id) if request.clinic_id else None
    return domain.Publication(
        pack.name, pack.version, pack.effective_date, request.content, clinic_id, who, now
    )


def pack_wanted(policy: intake_pb2.ClinicPolicy) -> str:
    """The pack that a policy names, else the platform's own."""
    return policy.pack or packs.CURRENT


def pack_place(page_token: str) -> tuple[str, int] | None:
    """Where a page of packs begins."""
    if (key := paging.position(page_token, 2)) is None:
        return None
    if not key[1].isdecimal() or len(key[1]) > 9:
        fault = Violation("page_token", "must be a next_page_token of this method")
        raise Invalid("PAGE_TOKEN_INVALID", "The page token is not one of ours.", (fault,))
    return key[0], int(key[1])


def pack(published: domain.Publication, known: domain.Pack) -> pack_pb2.Pack:
    """A pack without its text."""
    moment, default = published.publish_time, known.default_schedule
    return pack_pb2.Pack(
        name=published.name,
        version=published.version,
        label=published.label,
        effective_date=published.effective_date.isoformat(),
        clinic_id=str(published.clinic_id) if published.clinic_id else "",
        publish_time=stamp(moment) if moment else None,
        schedules=[default, *(name for name in known.schedules if name != default)],
        scales=known.scales,
    )
