"""Run infusion."""

from chassis.service import Service, run
from services.infusion import api, handlers

if __name__ == "__main__":
    run(
        Service(
            "infusion",
            answers=api.serve,
            listens=handlers.on,
            due=handlers.due,
            beside=("Custody", "Summary", "Protocol"),
        )
    )
