"""Waste and destruction: one person does it, another sees it, and only then is it in the ledger."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from chassis.refusal import AlreadyExists, Denied, NotAllowed
from services.infusion.domain.custody.amount import Told, above_zero
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.ledger import Holding, must_have_happened, post
from services.infusion.domain.custody.rules import Rules


class DisposalStatus(Enum):
    """Where a disposal stands."""

    PENDING = "pending"
    WITNESSED = "witnessed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Disposal:
    """What one person carried out and another is to confirm."""

    disposal_id: UUID
    container_id: UUID
    kind: Kind
    amount: Decimal
    recorder: str
    occur_time: datetime
    reference: str = ""
    status: DisposalStatus = DisposalStatus.PENDING
    witness: str = ""
    session_id: UUID | None = None
    """Whose residue it is; None for stock."""
    due_time: datetime | None = None
    """By when somebody must have seen it."""
    escalate_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisposalUnwitnessed:
    """Nobody has seen it in time."""

    disposal: Disposal
    clinic_id: UUID
    escalate_time: datetime


Witnessed: TypeAlias = tuple[Disposal, Entry]


def dispose(
    holding: Holding, kind: Kind, told: Told | None, act: Act, known: Disposal | None
) -> Disposal:
    """A disposal that waits for its witness; all that is there when no amount is told."""
    must_have_happened(act)
    strength = holding.container.strength
    amount = above_zero(told, strength) if told else holding.balance
    if known is not None:
        if _same(known, holding, kind, amount if told else known.amount):
            return known
        raise AlreadyExists("REQUEST_ID_REUSED", "The request_id was used with another body.")
    if not amount or amount > holding.balance:
        left = {"balance_milligrams": str(holding.balance)}
        raise NotAllowed("INSUFFICIENT_BALANCE", "The container holds less than that.", left)
    container_id = holding.container.container_id
    return Disposal(
        act.cause_id,
        container_id,
        kind,
        amount,
        act.recorder,
        act.occur_time,
        act.reference,
        session_id=act.session_id,
    )


def witness(
    disposal: Disposal, holding: Holding, known: Entry | None, seen: tuple[str, datetime]
) -> Witnessed:
    """Seen by somebody else, it enters the ledger; seen twice by the same, it is there already."""
    by, now = seen
    if by == disposal.recorder:
        raise Denied("WITNESS_REQUIRED", "Whoever disposes of a drug cannot be the witness.")
    if known and disposal.witness == by:
        return disposal, known
    confirmed = replace(_pending(disposal), status=DisposalStatus.WITNESSED, witness=by)
    act = Act(
        disposal.disposal_id,
        disposal.recorder,
        disposal.occur_time,
        now,
        witness=by,
        session_id=disposal.session_id,
        reference=disposal.reference,
    )
    return confirmed, post(holding, disposal.kind, disposal.amount, act)


def await_witness(disposal: Disposal, rules: Rules, now: datetime) -> Disposal:
    """From its telling on it has so long."""
    if disposal.due_time or disposal.status is not DisposalStatus.PENDING:
        return disposal
    return replace(disposal, due_time=now + timedelta(minutes=rules.witness_minutes))


def escalate(
    disposal: Disposal, clinic_id: UUID, now: datetime
) -> tuple[Disposal, tuple[DisposalUnwitnessed, ...]]:
    """Still without a witness, it is told once; it may be witnessed all the same."""
    if disposal.status is not DisposalStatus.PENDING or disposal.escalate_time:
        return disposal, ()
    late = replace(disposal, escalate_time=now)
    return late, (DisposalUnwitnessed(late, clinic_id, now),)


def withdraw(disposal: Disposal) -> Disposal:
    """It did not take place; withdrawing twice is withdrawing once."""
    if disposal.status is DisposalStatus.CANCELLED:
        return disposal
    return replace(_pending(disposal), status=DisposalStatus.CANCELLED)


def _pending(disposal: Disposal) -> Disposal:
    if disposal.status is not DisposalStatus.PENDING:
        raise NotAllowed("DISPOSAL_CLOSED", "The disposal was witnessed or withdrawn before.")
    return disposal


def _same(known: Disposal, holding: Holding, kind: Kind, amount: Decimal) -> bool:
    told = holding.container.container_id, kind, amount
    return (known.container_id, known.kind, known.amount) == told
