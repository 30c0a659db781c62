"""The broker is out of reach: what its client says of that, in our word."""

from collections.abc import Iterator
from contextlib import contextmanager

from nats.errors import Error as NatsError

from chassis.refusal import Busy


class BusAway(Busy):
    """The broker cannot be reached: nothing was learned about the messages."""

    def __init__(self) -> None:
        super().__init__("BROKER_UNAVAILABLE", "The broker is out of reach; try again.")


@contextmanager
def answered() -> Iterator[None]:
    """A cluster that has no leader yet, or an answer that does not come, is an absent broker."""
    try:
        yield
    except (NatsError, OSError) as error:
        raise BusAway from error
