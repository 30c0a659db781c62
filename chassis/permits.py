"""What one service may say to the broker and hear from it: exact words, and an inbox of its own.

A service binds to what the deploy step made (`chassis/streams.py`). The one thing it makes is a
reader of its own facts, whose name and whose filter stand in the subject that asks for it.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.consumers import STREAM, earlier_of, inbox_of, readers_of


@dataclass(frozen=True, slots=True)
class Permits:
    """Subjects to publish on, and to listen to; what is not in them is refused."""

    publish: Sequence[str]
    listen: Sequence[str]


def permits_of(service: str) -> Permits:
    """Those of a service of ours; its handlers name what it says beside its facts."""
    handlers = importlib.import_module(f"services.{service}.handlers")
    return permits(service, getattr(handlers, "also_says", ()))


def permits(name: str, more: Sequence[str] = ()) -> Permits:
    """Its own facts; its own two consumers and acks of what they bring; a look at the stream."""
    own, api = f"halcyon.{name}.events.>", "$JS.API"
    publish = [
        own,
        f"{api}.STREAM.INFO.{STREAM}",
        *(f"{api}.CONSUMER.{verb}.{STREAM}.{name}" for verb in ("INFO", "MSG.NEXT", "RESET")),
        f"$JS.ACK.{STREAM}.{name}.>",
        *more,
    ]
    earlier = earlier_of(name)
    publish += [
        *(f"{api}.CONSUMER.{verb}.{STREAM}.{earlier}" for verb in ("INFO", "MSG.NEXT", "DELETE")),
        f"$JS.ACK.{STREAM}.{earlier}.>",
    ]
    for reader in readers_of(name):
        publish.append(f"{api}.CONSUMER.CREATE.{STREAM}.{reader}.{own}")
        publish += [f"{api}.CONSUMER.{verb}.{STREAM}.{reader}" for verb in ("MSG.NEXT", "DELETE")]
    return Permits(publish, [f"{inbox_of(name)}.>"])
