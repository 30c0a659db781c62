"""The referral process."""

from chassis.service import Service, run
from services.referral import api, handlers, partners
from services.referral.store.belonging import FLOWS

if __name__ == "__main__":
    run(
        Service(
            "referral",
            answers=api.serve,
            listens=handlers.on,
            tends=partners.tend,
            parts=partners.consumers,
            beside=("Partner",),
            flows=FLOWS,
        )
    )
