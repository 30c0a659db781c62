"""Our words and everyone's words: facts heard, facts stated, replies."""

from services.billing.wire.heard import delivery, need, release
from services.billing.wire.replies import balances, clinic_price, entry, invoice, status
from services.billing.wire.requests import entry_after, optional_id
from services.billing.wire.stated import fact

__all__ = [
    "balances",
    "clinic_price",
    "delivery",
    "entry",
    "entry_after",
    "fact",
    "invoice",
    "need",
    "optional_id",
    "release",
    "status",
]
