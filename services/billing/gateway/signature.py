"""Signed webhooks in Stripe's scheme: HMAC-SHA256 over the moment and the raw body."""

import hmac
from datetime import datetime, timedelta

from services.billing.gateway.port import Forged

HEADER = "stripe-signature"
TOLERANCE = timedelta(minutes=5)
"""A signature older than this is a replay."""


def sign(body: bytes, secret: str, at: datetime) -> str:
    """The header that goes with a body."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_digest(body, secret, moment)}"


def verify(body: bytes, header: str, secret: str, now: datetime) -> None:
    """Raise Forged unless one of the signatures is ours and recent."""
    parts = [part.partition("=") for part in header.split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    if not (secret and moment.isascii() and moment.isdigit()):
        raise Forged("unsigned")
    expected = _digest(body, secret, int(moment)).encode()
    given = [value.encode() for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise Forged("wrong signature")
    if abs(now.timestamp() - int(moment)) > TOLERANCE.total_seconds():
        raise Forged("too old")


def _digest(body: bytes, secret: str, moment: int) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
