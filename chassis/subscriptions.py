"""What a service listens to: one handler for each fact."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from chassis.database import Tx
from chassis.refusal import Reject

F = TypeVar("F", bound=Message)
Handle = Callable[[F, Tx], Awaitable[None]]
Prefetch = Callable[[Sequence[F], Tx], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A fact, what we do when we hear it, and how to load for many at once."""

    fact: type[Message]
    handle: Callable[[Any, Tx], Awaitable[None]]
    prefetch: Callable[[Any, Tx], Awaitable[None]] | None
    unhurried: bool
    """Nobody waits for its effect: it may gather with others (`chassis/gathering.py`)."""


class Subscriptions:
    """`@on(Fact)`: the decorator is the cause, the function's name the effect."""

    def __init__(self, *, unhurried: bool = False) -> None:
        """`unhurried` is what each of the facts is, unless it is said of some only."""
        self._unhurried = unhurried
        self._by_subject: dict[str, Subscription] = {}

    def __call__(
        self, fact: type[F], prefetch: Prefetch[F] | None = None, *, unhurried: bool = False
    ) -> Callable[[Handle[F]], Handle[F]]:
        """Listen to a fact; a second handler for the same fact is a mistake."""
        subject = fact.DESCRIPTOR.full_name

        def listen(handle: Handle[F]) -> Handle[F]:
            if subject in self._by_subject:
                raise ValueError(f"{subject} has a handler already")
            self._by_subject[subject] = Subscription(
                fact, handle, prefetch, unhurried or self._unhurried
            )
            return handle

        return listen

    def __getitem__(self, subject: str) -> Subscription:
        """The subscription of a subject; a subject nobody handles is parked."""
        try:
            return self._by_subject[subject]
        except KeyError:
            raise Reject("unknown subject") from None

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_subject.values())

    def __len__(self) -> int:
        return len(self._by_subject)

    @property
    def unhurried(self) -> frozenset[str]:
        """Those for whose effect nobody waits."""
        return frozenset(subject for subject, one in self._by_subject.items() if one.unhurried)

    @property
    def subjects(self) -> frozenset[str]:
        """Everything listened to."""
        return frozenset(self._by_subject)
