"""Webhooks heard: each event once, and each only as a reason to ask for the truth."""

from chassis.database import Tx
from services.billing import domain
from services.billing.store.finding import find_payment
from services.billing.store.recording import CHASE, PAYER_IS_ASKED_AFTER, RECONCILE
from services.billing.store.rows import WebhookRow

EXAMINE = "examine-disputes"
_REFERRED = "SELECT payment_id FROM payment WHERE reference = $1 AND reference <> ''"


async def heed(tx: Tx, webhook: domain.Webhook) -> None:
    """Ask about the payment it names, unless the event was heard before or the end is known."""
    if await tx.find(WebhookRow, webhook.event_id):
        return
    tx.put(
        WebhookRow(
            event_id=webhook.event_id,
            gateway=webhook.gateway,
            kind=webhook.kind,
            payment_id=webhook.payment_id,
            receive_time=tx.now,
        )
    )
    payment = await _about(tx, webhook)
    if payment and webhook.is_dispute:
        tx.errand(EXAMINE, payment.payment_id)
    if payment and domain.is_in_doubt(payment):
        tx.errand(RECONCILE, payment.payment_id)


async def _about(tx: Tx, webhook: domain.Webhook) -> domain.Payment | None:
    """A dispute names the payment as the gateway does."""
    payment_id = webhook.payment_id
    if payment_id is None and webhook.reference:
        payment_id = await tx.driver.fetchval(_REFERRED, webhook.reference)
    return await find_payment(tx, payment_id) if payment_id else None


async def chase(tx: Tx, payment: domain.Payment | None) -> None:
    """Ask whether the payer has acted, now and again until the gateway says so."""
    if payment and payment.status is domain.PaymentStatus.ACTION_NEEDED:
        tx.errand(RECONCILE, payment.payment_id)
        tx.due(CHASE, payment.payment_id, tx.now + PAYER_IS_ASKED_AFTER)
