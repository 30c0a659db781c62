"""What is true of money and what may happen to it: values in, values out."""

from services.billing.domain.coding import CodeRule, procedure_codes
from services.billing.domain.collecting import (
    Cancelled,
    Charge,
    Collected,
    Declined,
    Outcome,
    Refunded,
    Unknown,
    conclude,
)
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    EstimateIssued,
    Event,
    PaymentCollected,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    Superbill,
    SuperbillIssued,
)
from services.billing.domain.delivering import Delivery, recognise, superbill_id
from services.billing.domain.invoice import (
    Invoice,
    Line,
    Payment,
    PaymentStatus,
    Status,
    invoice_id,
    payment_id,
)
from services.billing.domain.issuing import Need, issue_for, retry_payment
from services.billing.domain.journal import TITLES, Account, Entry, Posting, Rule
from services.billing.domain.money import Money
from services.billing.domain.pricing import PriceList, Term, check_price, price_list
from services.billing.domain.releasing import Release, release

__all__ = [
    "NOTHING",
    "TITLES",
    "Account",
    "Cancelled",
    "Charge",
    "CodeRule",
    "Collected",
    "Decision",
    "Declined",
    "Delivery",
    "Entry",
    "EstimateIssued",
    "Event",
    "Invoice",
    "Line",
    "Money",
    "Need",
    "Outcome",
    "Payment",
    "PaymentCollected",
    "PaymentFailed",
    "PaymentRefunded",
    "PaymentRequested",
    "PaymentStatus",
    "Posting",
    "PriceList",
    "Refunded",
    "Release",
    "Rule",
    "Status",
    "Superbill",
    "SuperbillIssued",
    "Term",
    "Unknown",
    "check_price",
    "conclude",
    "invoice_id",
    "issue_for",
    "payment_id",
    "price_list",
    "procedure_codes",
    "recognise",
    "release",
    "retry_payment",
    "superbill_id",
]
