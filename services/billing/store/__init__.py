"""Where invoices, payments, superbills, prices and the journal are kept."""

from services.billing.store.finding import (
    find,
    find_payment,
    find_request,
    find_with_payment,
    find_with_superbill,
    get,
    get_with_invoice,
    load,
    load_with_payments,
    load_with_superbills,
    lock,
    look_up,
    no_invoice,
)
from services.billing.store.prices import load_prices, price, set_price
from services.billing.store.recording import (
    CHASE,
    COLLECT,
    RECONCILE,
    REFUND,
    is_unsent,
    record,
)
from services.billing.store.screens import entries, invoices, of_referral, trial_balance
from services.billing.store.webhooks import chase, heed

__all__ = [
    "CHASE",
    "COLLECT",
    "RECONCILE",
    "REFUND",
    "chase",
    "entries",
    "find",
    "find_payment",
    "find_request",
    "find_with_payment",
    "find_with_superbill",
    "get",
    "get_with_invoice",
    "heed",
    "invoices",
    "is_unsent",
    "load",
    "load_prices",
    "load_with_payments",
    "load_with_superbills",
    "lock",
    "look_up",
    "no_invoice",
    "of_referral",
    "price",
    "record",
    "set_price",
    "trial_balance",
]
