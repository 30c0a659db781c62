"""One visit: prepare, infuse, recover, turn over; each resource is taken only for its part."""

from typing import NamedTuple


class Shape(NamedTuple):
    """How long each part of a visit lasts, in minutes."""

    prepare: int
    infuse: int
    recover: int
    turnover: int

    @property
    def infused(self) -> int:
        """When the infusion has ended, from the start of the visit."""
        return self.prepare + self.infuse

    @property
    def total(self) -> int:
        """When everything of the visit is free again."""
        return self.prepare + self.infuse + self.recover + self.turnover

    def room_free(self, *, chairs: bool) -> int:
        """When the room is free again: where there are chairs, patients recover in them."""
        return self.infused + self.turnover if chairs else self.total


class Visit(NamedTuple):
    """What one session asks for, besides a room, a pump and a nurse."""

    shape: Shape
    therapist: bool = False
    skills: tuple[str, ...] = ()
