"""What callers may ask of referral."""

from services.referral.api.referrals import Referrals, serve

__all__ = ["Referrals", "serve"]
