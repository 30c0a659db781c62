"""The billing process."""

from chassis.service import Service, run
from services.billing import api, handlers
from services.billing.store.belonging import FLOWS

if __name__ == "__main__":
    run(
        Service(
            "billing",
            answers=api.serve,
            tends=api.listen,
            beside=api.BESIDE,
            listens=handlers.on,
            flows=FLOWS,
            weighty=True,
            due=handlers.due,
            errands=handlers.errands,
        )
    )
