"""Which things a caller asks for."""

from uuid import UUID

from chassis.paging import position
from chassis.refusal import Invalid, Violation
from halcyon.billing.v1.billing_pb2 import Money


def optional_id(text: str) -> UUID | None:
    """An id that may be left out."""
    return UUID(text) if text else None


def entry_after(page_token: str) -> int:
    """The position in the journal that a page starts after."""
    key = position(page_token, 1)
    if key is None:
        return 0
    if not (key[0].isascii() and key[0].isdigit() and len(key[0]) < 19):
        fault = Violation("page_token", "must be a next_page_token of this method")
        raise Invalid("PAGE_TOKEN_INVALID", "The page token is not one of ours.", (fault,))
    return int(key[0])


def must_be_in(amount: Money, currency_code: str, field: str) -> None:
    """Another currency cannot be added up."""
    if amount.currency_code != currency_code:
        fault = Violation(f"{field}.currency_code", f"must be {currency_code}")
        raise Invalid("INVALID_PAYMENT", "The amount is in another currency.", (fault,))
