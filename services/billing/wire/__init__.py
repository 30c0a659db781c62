"""Our words and everyone's words: facts heard, facts stated, replies."""

from services.billing.wire.besides import (
    amount,
    chargeback,
    clinic_terms,
    dispute,
    evidence,
    fee,
    missed,
    moment,
    notice,
    outcome,
    refund,
    refund_quote,
)
from services.billing.wire.heard import (
    clinic,
    clinic_of,
    delivery,
    incurred,
    need,
    release,
    series,
)
from services.billing.wire.ledger import (
    payout,
    period,
    reminders,
    statement,
)
from services.billing.wire.replies import (
    balances,
    clinic_price,
    entry,
    invoice,
    money,
    status,
)
from services.billing.wire.requests import (
    entry_after,
    must_be_in,
    optional_id,
)
from services.billing.wire.stated import (
    fact,
)
from services.billing.wire.superbills import (
    addressee,
    payer,
    profile,
    profile_told,
    referrer,
    superbill,
    visit,
)

__all__ = [
    "addressee",
    "amount",
    "balances",
    "chargeback",
    "clinic",
    "clinic_of",
    "clinic_price",
    "clinic_terms",
    "delivery",
    "dispute",
    "entry",
    "entry_after",
    "evidence",
    "fact",
    "fee",
    "incurred",
    "invoice",
    "missed",
    "moment",
    "money",
    "must_be_in",
    "need",
    "notice",
    "optional_id",
    "outcome",
    "payer",
    "payout",
    "period",
    "profile",
    "profile_told",
    "referrer",
    "refund",
    "refund_quote",
    "release",
    "reminders",
    "series",
    "statement",
    "status",
    "superbill",
    "visit",
]
