"""What of a service can be operated."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from chassis.database import Database
from chassis.flows import Flows
from chassis.pauses import Pauses
from chassis.reconciling import Reconciler
from chassis.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Operable:
    """What of a service can be operated."""

    name: str
    on: Subscriptions
    flows: Flows
    pauses: Pauses
    reconciler: Reconciler
    parts: Callable[[Database], Awaitable[Collection[str]]] | None = None
    """Consumers of its own that can be paused beside the one that bears its name."""
    weighty: bool = False
    """Money or drugs are kept here: to skip a step takes two persons."""
