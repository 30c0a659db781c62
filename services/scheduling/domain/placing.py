"""Places found, as times and resources."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.clinic import Kind
from services.scheduling.domain.shelf import Fitting, Placement, Spot


def placements(
    spots: Sequence[Spot], fitting: Fitting, agenda: Agenda, numbers: Sequence[int] = ()
) -> tuple[Placement, ...]:
    """The spots as times and resources; unless told otherwise they are counted from 1."""
    shelf, shape, minute = agenda.shelf, fitting.shape, timedelta(minutes=1)
    moment, day, names = shelf.calendar.moment, shelf.calendar.day, shelf.names
    infuse, infuse_end = shape.prepare * minute, shape.infused * minute
    room_end, end = shape.room_free(chairs=fitting.chairs) * minute, shape.total * minute
    choices = [part.choice for part in fitting.parts]
    further = [part.kind for part in fitting.parts[3:]]
    found = []
    counted = numbers or range(1, len(spots) + 1)
    for number, (ordinal, at, bits) in zip(counted, spots, strict=True):
        start = moment(day(ordinal).first + at)
        room, pump, nurse, *others = [names[(bits & one).bit_length() - 1] for one in choices]
        extra: tuple[UUID | None, ...] = ()
        if others:
            by_kind = {kind: one[0] for kind, one in zip(further, others, strict=True)}
            extra = tuple(map(by_kind.get, (Kind.MONITOR, Kind.CHAIR, Kind.THERAPIST)))
        found.append(
            Placement(
                number,
                start,
                start + infuse,
                start + infuse_end,
                start + room_end,
                start + end,
                room[0],
                pump[0],
                *nurse,
                *extra,
            )
        )
    return tuple(found)
