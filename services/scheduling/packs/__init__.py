"""The numbers of scheduling as data: read once, each with the source it came from."""

from functools import cache

from services.scheduling.domain import Policy
from services.scheduling.packs.reading import read_policy


@cache
def policy() -> Policy:
    """The policy in force."""
    return read_policy()
