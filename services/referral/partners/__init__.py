"""The room where outside systems speak by events: read, answered and told what becomes of it."""

from services.referral.partners.reception import consumers, tend

__all__ = ["consumers", "tend"]
