"""The closed loop's hot path: a batch of facts is one read and two writes."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.refusal import Reject
from services.referral import wire
from services.referral.domain import FREEING, Line, Progress, Step
from services.referral.store import load, shapes
from services.referral.store.referrals import note
from services.referral.store.rows import LoadRow, ProgressRow

_COUNTED = FREEING | {Step.PLANNED}


async def prefetch(facts: Sequence[wire.Heard], tx: Tx) -> None:
    """The referrals of a batch, and the loads of the clinics it is likely to change."""
    await tx.load(ProgressRow, [wire.referral_id(fact) for fact in facts])
    counted = [wire.clinic_id(fact) for fact in facts if wire.step(fact) in _COUNTED]
    if counted:
        await tx.load(LoadRow, [(clinic_id, load.CONSUMER) for clinic_id in counted])


async def progress(tx: Tx, referral_id: UUID) -> Progress:
    """How far a referral has come, for change; news of one we never had is put aside."""
    row = await tx.find(ProgressRow, referral_id)
    if row is None:
        raise Reject("unknown referral")
    return shapes.progress(row.__dict__)


async def move(tx: Tx, before: Progress, after: Progress, lines: Iterable[Line]) -> None:
    """Keep how far it has come now, and what its history gained."""
    if after is before:
        return
    tx.put(shapes.progress_row(after))
    for line in lines:
        note(tx, line, after)
    await load.count(tx, load.CONSUMER, before.occupied_clinic_id, after.occupied_clinic_id)
