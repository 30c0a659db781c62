"""Run scheduling."""

from chassis.service import Service, run
from services.scheduling import api, handlers

if __name__ == "__main__":
    run(Service("scheduling", answers=api.serve, listens=handlers.on, due=handlers.due))
