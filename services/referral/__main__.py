"""`python -m services.referral`: run the service."""

from chassis.service import Service, run
from services.referral import api, handlers

run(Service("referral", answers=api.serve, listens=handlers.on))
