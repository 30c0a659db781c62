"""The chart of accounts."""

from enum import IntEnum


class Account(IntEnum):
    """The accounts we post to, by number."""

    PROCESSOR_CLEARING = 1000
    BANK = 1010
    CASH = 1020
    PATIENT_RECEIVABLE = 1100
    DEFERRED_REVENUE = 2000
    PATIENT_DEPOSITS = 2010
    REFUNDS_PAYABLE = 2100
    DISPUTES_RESERVE = 2200
    INFUSION_REVENUE = 4000
    ASSESSMENT_REVENUE = 4010
    CANCELLATION_FEES = 4100
    BREAKAGE = 4200
    PROCESSOR_FEES = 5000
    BAD_DEBT = 5100
    DISCOUNTS = 5200


TITLES = {
    Account.PROCESSOR_CLEARING: "Processor clearing",
    Account.BANK: "Bank",
    Account.CASH: "Cash drawer",
    Account.PATIENT_RECEIVABLE: "Patient A/R",
    Account.DEFERRED_REVENUE: "Deferred revenue - packages",
    Account.PATIENT_DEPOSITS: "Patient deposits",
    Account.REFUNDS_PAYABLE: "Refunds payable",
    Account.DISPUTES_RESERVE: "Disputes reserve",
    Account.INFUSION_REVENUE: "Infusion revenue",
    Account.ASSESSMENT_REVENUE: "Assessment revenue",
    Account.CANCELLATION_FEES: "Cancellation fees",
    Account.BREAKAGE: "Breakage",
    Account.PROCESSOR_FEES: "Processor fees",
    Account.BAD_DEBT: "Bad debt and write-offs",
    Account.DISCOUNTS: "Discounts",
}
