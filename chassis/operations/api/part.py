"""What every part of the contract's answers needs."""

from typing import Any

import grpc

from chassis.database import Database
from chassis.operations.operable import Operable
from chassis.refusal import NotAllowed
from chassis.replaying import Replaying

Context = grpc.aio.ServicerContext[Any, Any]


class Part:
    """Some of the contract's methods; a servicer is made of several."""

    def __init__(self, db: Database, this: Operable) -> None:
        self._db, self._this = db, this
        self._replaying = Replaying(db, this.on, this.name)


def failed_again(error: Exception) -> NotAllowed:
    """What was tried by hand met the same kind of error, or another."""
    known = {"error_class": type(error).__qualname__}
    return NotAllowed("REPLAY_FAILED", "The fact failed again.", known)
