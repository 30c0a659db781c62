"""The billing process."""

from chassis.service import Service, run
from services.billing import api, handlers

if __name__ == "__main__":
    run(
        Service(
            "billing",
            answers=api.serve,
            tends=api.listen,
            beside=api.BESIDE,
            listens=handlers.on,
            due=handlers.due,
            errands=handlers.errands,
        )
    )
