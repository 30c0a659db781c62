"""What callers may ask of referral."""

import grpc

from chassis.database import Database
from services.referral.api import partners, referrals
from services.referral.api.partners import Partners
from services.referral.api.referrals import Referrals

__all__ = ["Partners", "Referrals", "serve"]


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    referrals.serve(server, db)
    partners.serve(server, db)
