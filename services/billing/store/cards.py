"""Cards on file, and the errand that lets the gateway keep or forget them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, select
from sqlmodel import Field, col

from chassis.database import Database, Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.billing.domain import Card, CardStatus, Invoice
from services.billing.store.rows import Row

KEEP_CARD = "keep-card"
_OPEN = frozenset({CardStatus.PENDING, CardStatus.REMOVING})


class CardRow(Row, table=True):
    """One card that a patient let a clinic keep."""

    __tablename__ = "card"
    card_id: UUID = Field(primary_key=True)
    patient_id: UUID
    clinic_id: UUID
    status: str
    token: str
    reference: str
    consent: str
    reason: str
    consent_time: datetime = Field(sa_type=DateTime(timezone=True))
    update_time: datetime = Field(sa_type=DateTime(timezone=True))


async def find_card(tx: Tx, card_id: UUID) -> Card | None:
    """One card, for change."""
    row = await tx.find(CardRow, card_id)
    return _card(row) if row else None


async def get_card(tx: Tx, card_id: UUID) -> Card:
    """The same, or a refusal."""
    if card := await find_card(tx, card_id):
        return card
    raise no_card()


def no_card() -> NotFound:
    """What a caller is told of a card that is not theirs to see."""
    return NotFound("CARD_NOT_FOUND", "No such card.")


async def cards(tx: Tx, invoice: Invoice) -> Sequence[Card]:
    """Those of an invoice's patient at its clinic, newest first."""
    query = select(CardRow).where(
        col(CardRow.patient_id) == invoice.patient_id, col(CardRow.clinic_id) == invoice.clinic_id
    )
    return [_card(row) for row in await tx.rows(query.order_by(col(CardRow.consent_time).desc()))]


async def card_on_file(tx: Tx, invoice: Invoice) -> Card | None:
    """The one that is charged."""
    saved = [one for one in await cards(tx, invoice) if one.status is CardStatus.SAVED]
    return saved[0] if saved else None


async def look_up_cards(db: Database, card_ids: Collection[UUID]) -> Sequence[Card]:
    """The cards as they stand now, without locks."""
    rows = await db.look(CardRow, card_ids)
    return [_card(rows[card_id]) for card_id in card_ids if card_id in rows]


def keep_card(tx: Tx, card: Card) -> None:
    """Its state, and the errand as long as the gateway is to be asked."""
    tx.put(made(CardRow, **{**asdict(card), "status": card.status.value}))
    if card.status in _OPEN:
        tx.errand(KEEP_CARD, card.card_id)
    else:
        tx.done(KEEP_CARD, card.card_id)


def _card(row: CardRow) -> Card:
    return Card(
        card_id=row.card_id,
        patient_id=row.patient_id,
        clinic_id=row.clinic_id,
        status=CardStatus(row.status),
        token=row.token,
        reference=row.reference,
        consent=row.consent,
        reason=row.reason,
        consent_time=row.consent_time,
        update_time=row.update_time,
    )
