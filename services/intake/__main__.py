"""Run intake."""

from chassis.service import Service, run
from services.intake import api, handlers
from services.intake.store.belonging import FLOWS

if __name__ == "__main__":
    run(Service("intake", answers=api.serve, listens=handlers.on, flows=FLOWS))
