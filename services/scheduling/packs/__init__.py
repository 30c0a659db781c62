"""The numbers of scheduling as data: read once, each with the source it came from."""

from datetime import date
from functools import cache

from services.scheduling.domain import FeePolicy, Policy, in_force
from services.scheduling.packs.reading import read_fees, read_policy


@cache
def policy() -> Policy:
    """The policy in force."""
    return read_policy()


def fees_on(day: date) -> FeePolicy:
    """The cancellation policy in force on a day."""
    return in_force(_fees(), day)


@cache
def _fees() -> tuple[FeePolicy, ...]:
    return read_fees()
