"""The stream of facts, and what its consumers are called."""

from collections.abc import Iterable, Sequence

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAM = "HALCYON"
SUBJECTS = ("halcyon.*.events.>",)

_READERS = 8
"""So many may read at once: both replicas, by the clock and because somebody asks."""


def inbox_of(name: str) -> str:
    """Where answers to a service come in; where there are permits nobody else listens there."""
    return f"_INBOX_{name}"


def readers_of(name: str) -> Sequence[str]:
    """Names of readers of a service's own facts, of which it takes one that is free."""
    return [f"{name}-reading-{number}" for number in range(_READERS)]


def earlier_of(name: str) -> str:
    """The consumer of what was stated before a service began to hear it."""
    return f"{name}-earlier"


def hearing(durable: str, subjects: Iterable[str], ack_wait: float = 30) -> ConsumerConfig:
    """A consumer of a service of ours: it decides when a message is given up."""
    return ConsumerConfig(
        durable_name=durable,
        filter_subjects=sorted(subjects),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=4096,
    )
