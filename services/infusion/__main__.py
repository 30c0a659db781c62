"""Run infusion."""

from chassis.service import Service, run
from services.infusion import api, handlers
from services.infusion.store.belonging import FLOWS

if __name__ == "__main__":
    run(
        Service(
            "infusion",
            answers=api.serve,
            listens=handlers.on,
            flows=FLOWS,
            weighty=True,
            due=handlers.due,
            beside=("Custody", "Summary", "Protocol"),
        )
    )
