"""The price book: what things cost, why, and which packages cover a number of sessions best."""

from services.billing.domain.book.book import Adjustment, Book, Item, Package, SessionKind, in_force
from services.billing.domain.book.covering import Cover, cover
from services.billing.domain.book.quoting import (
    Care,
    Quote,
    QuoteLine,
    Wanted,
    quote,
    session_price,
)

__all__ = [
    "Adjustment",
    "Book",
    "Care",
    "Cover",
    "Item",
    "Package",
    "Quote",
    "QuoteLine",
    "SessionKind",
    "Wanted",
    "cover",
    "in_force",
    "quote",
    "session_price",
]
