"""What is true of money and what may happen to it: values in, values out."""

from services.billing.domain.accounts import (Account, TITLES,)
from services.billing.domain.closing import (Period, close, must_close,)
from services.billing.domain.coding import (CodeRule, procedure_codes,)
from services.billing.domain.collecting import (AT_GATEWAY, ActionNeeded, Cancelled, Charge, Collected, Declined, NeverAsked, Outcome, Refunded, Standing, Unknown, Webhook, conclude, is_in_doubt, must_be_asked_again,)
from services.billing.domain.decision import (Decision, EstimateIssued, Event, Kept, NOTHING, PaymentCollected, PaymentFailed, PaymentRefunded, PaymentRequested, RefundPaid, Superbill, SuperbillIssued,)
from services.billing.domain.delivering import (Delivery, recognise, superbill_id,)
from services.billing.domain.dispute import (Dispute, DisputeStatus, Evidence, dispute_id,)
from services.billing.domain.disputing import (Chargeback, answer, decide_dispute, open_dispute, wanted_evidence,)
from services.billing.domain.fee import (Fee, Missed,)
from services.billing.domain.forfeiting import (Absence, charge_absence, expire, reverse_fee,)
from services.billing.domain.invoice import (Invoice, Line, Payment, PaymentStatus, Status, invoice_id, payment_id,)
from services.billing.domain.issuing import (Need, issue_for, retry_payment,)
from services.billing.domain.journal import (Entry, Posting, Rule,)
from services.billing.domain.money import (Money,)
from services.billing.domain.notice import (business_notice, calendar_notice,)
from services.billing.domain.pricing import (PriceList, Term, check_price, price_list,)
from services.billing.domain.quoting import (Quote, quote,)
from services.billing.domain.refund import (Part, PartStatus, Refund, RefundStatus, refund_id,)
from services.billing.domain.refunding import (Asking, GOODWILL, Goodwill, Source, approve, reject, request_goodwill, request_refund, same_goodwill, same_request,)
from services.billing.domain.releasing import (Release, release,)
from services.billing.domain.reminding import (Reminder, first_look, remind,)
from services.billing.domain.returning import (Going, conclude_part, part_for, pay_by_hand, try_part_again,)
from services.billing.domain.settling import (Clearing, Payout, balance_cause, clear_balance, pay_out,)
from services.billing.domain.statement import (Statement, change_of, negative, size_of, statement,)
from services.billing.domain.terms import (FeeKind, Notice, RefundMethod, Tariff, Terms,)

__all__ = [
    "AT_GATEWAY",
    "Absence",
    "Account",
    "ActionNeeded",
    "Asking",
    "Cancelled",
    "Charge",
    "Chargeback",
    "Clearing",
    "CodeRule",
    "Collected",
    "Decision",
    "Declined",
    "Delivery",
    "Dispute",
    "DisputeStatus",
    "Entry",
    "EstimateIssued",
    "Event",
    "Evidence",
    "Fee",
    "FeeKind",
    "GOODWILL",
    "Going",
    "Goodwill",
    "Invoice",
    "Kept",
    "Line",
    "Missed",
    "Money",
    "NOTHING",
    "Need",
    "NeverAsked",
    "Notice",
    "Outcome",
    "Part",
    "PartStatus",
    "Payment",
    "PaymentCollected",
    "PaymentFailed",
    "PaymentRefunded",
    "PaymentRequested",
    "PaymentStatus",
    "Payout",
    "Period",
    "Posting",
    "PriceList",
    "Quote",
    "Refund",
    "RefundMethod",
    "RefundPaid",
    "RefundStatus",
    "Refunded",
    "Release",
    "Reminder",
    "Rule",
    "Source",
    "Standing",
    "Statement",
    "Status",
    "Superbill",
    "SuperbillIssued",
    "TITLES",
    "Tariff",
    "Term",
    "Terms",
    "Unknown",
    "Webhook",
    "answer",
    "approve",
    "balance_cause",
    "business_notice",
    "calendar_notice",
    "change_of",
    "charge_absence",
    "check_price",
    "clear_balance",
    "close",
    "conclude",
    "conclude_part",
    "decide_dispute",
    "dispute_id",
    "expire",
    "first_look",
    "invoice_id",
    "is_in_doubt",
    "issue_for",
    "must_be_asked_again",
    "must_close",
    "negative",
    "open_dispute",
    "part_for",
    "pay_by_hand",
    "pay_out",
    "payment_id",
    "price_list",
    "procedure_codes",
    "quote",
    "recognise",
    "refund_id",
    "reject",
    "release",
    "remind",
    "request_goodwill",
    "request_refund",
    "retry_payment",
    "reverse_fee",
    "same_goodwill",
    "same_request",
    "size_of",
    "statement",
    "superbill_id",
    "try_part_again",
    "wanted_evidence",
]
