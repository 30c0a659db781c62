"""The doctor's part: refer, and follow what becomes of it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import aclosing

from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from clients.sdk import Halcyon
from halcyon.referral.v1.referral_pb2 import Referral, ReferralChange
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest, GetReferralRequest
from standards.fhir import referral_request


class Unfinished(RuntimeError):
    """The flow did not come as far as expected; the message names what was not heard."""


def read_referral(content: str | bytes) -> CreateReferralRequest:
    """A referral from a FHIR R4 Bundle, or from our own JSON."""
    text = content.decode() if isinstance(content, bytes) else content
    if '"resourceType"' in text:
        return referral_request(text)
    return Parse(text, CreateReferralRequest())


async def refer(referrer: Halcyon, request: CreateReferralRequest) -> Referral:
    """The doctor sends the referral; the same file again is the same referral."""
    return (await referrer.referral.CreateReferral(request)).referral


async def referral_of(reader: Halcyon, referral_id: str) -> Referral:
    """The referral as it stands."""
    request = GetReferralRequest(referral_id=referral_id)
    return (await reader.referral.GetReferral(request)).referral


async def until(
    watcher: Halcyon,
    referral_id: str,
    facts: Collection[type[Message]],
    patience: float = 60,
) -> Sequence[ReferralChange]:
    """Watch until each of the facts has been heard as often as named; every change on the way."""
    missing = Counter(fact.DESCRIPTOR.full_name for fact in facts)
    seen: list[ReferralChange] = []
    try:
        async with asyncio.timeout(patience), aclosing(watcher.watch(referral_id)) as changes:
            async for change in changes:
                seen.append(change)
                missing -= Counter([change.cause])
                if not missing:
                    return seen
    except TimeoutError:
        pass
    raise Unfinished(f"{', '.join(sorted(missing))} not heard of {referral_id}")


async def history(watcher: Halcyon, referral: Referral) -> Sequence[ReferralChange]:
    """Every change up to the revision at hand."""
    seen: list[ReferralChange] = []
    async with aclosing(watcher.watch(referral.referral_id)) as changes:
        async for change in changes:
            seen.append(change)
            if change.revision >= referral.revision:
                break
    return seen
