"""Run scheduling."""

from chassis.service import Service, run
from services.scheduling import api, handlers
from services.scheduling.store.belonging import FLOWS

if __name__ == "__main__":
    run(
        Service("scheduling", answers=api.serve, listens=handlers.on, flows=FLOWS, due=handlers.due)
    )
