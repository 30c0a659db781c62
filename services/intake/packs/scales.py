"""The rating scales of a pack: bands without a gap, items that exist, numbers with a source."""

from collections.abc import Iterator, Mapping

from services.intake import domain
from services.intake.packs.place import Fault, PackBroken, Place

_OPTIONAL = (
    "groups", "bands", "levels", "missing", "implied", "alerts",
    "response_percent", "response_points", "remission_at_most",
)  # fmt: skip


def scales(place: Place) -> Mapping[str, domain.Scale]:
    """Every scale by its name."""
    return {name: _scale(name, one) for name, one in place.entries().items()}


def _scale(name: str, place: Place) -> domain.Scale:
    told = place.sourced("title", "items", "highest_answer", optional=_OPTIONAL)
    count, highest = told["items"].whole(), told["highest_answer"].whole()
    groups = _groups(told["groups"], count) if "groups" in told else _one_by_one(count)
    if ("bands" in told) == ("levels" in told):
        raise place.broken("needs either bands or levels")
    top = len(groups) * highest
    return domain.Scale(
        name,
        told["title"].word(),
        count,
        highest,
        groups,
        _bands(told["bands"], top) if "bands" in told else (),
        _levels(told["levels"], count) if "levels" in told else (),
        _missing(told["missing"], count) if "missing" in told else domain.Missing(),
        _pairs(told["implied"], count) if "implied" in told else {},
        tuple(_alerts(told["alerts"], count, highest)) if "alerts" in told else (),
        **{name: _up_to(told[name], limit) for name, limit in _limits(top) if name in told},
    )


def _limits(top: int) -> Iterator[tuple[str, int]]:
    yield "response_percent", 100
    yield "response_points", top
    yield "remission_at_most", top - 1


def _up_to(place: Place, highest: int) -> int:
    found = place.count(0)
    if found > highest:
        raise place.broken(f"must not be above {highest}")
    return found


def _one_by_one(count: int) -> tuple[tuple[int, ...], ...]:
    return tuple((item,) for item in range(1, count + 1))


def _groups(place: Place, count: int) -> tuple[tuple[int, ...], ...]:
    """Every item counts exactly once."""
    found = tuple(group.wholes() for group in place.items())
    if sorted(item for group in found for item in group) != list(range(1, count + 1)):
        raise place.broken(f"must name each item from 1 to {count} once")
    return found


def _bands(place: Place, top: int) -> tuple[domain.Band, ...]:
    """From 0 to the highest total without a gap and without an overlap."""
    found: list[domain.Band] = []
    faults: list[Fault] = []
    expected = 0
    for one in place.items():
        told = one.fields("from", "to", "name")
        band = domain.Band(told["from"].whole(0), told["to"].whole(0), told["name"].word())
        faults += _misfits(one, band, expected)
        expected = band.highest + 1
        found.append(band)
    if not faults and expected != top + 1:
        faults.append(place.fault(f"must end at the highest total, {top}"))
    if faults:
        raise PackBroken(*faults)
    return tuple(found)


def _misfits(place: Place, band: domain.Band, expected: int) -> Iterator[Fault]:
    if band.lowest > expected:
        yield place.fault(f"leaves a gap from {expected} to {band.lowest - 1}")
    elif band.lowest < expected:
        yield place.fault("overlaps the band before")
    if band.highest < band.lowest:
        yield place.fault("ends before it begins")


def _levels(place: Place, count: int) -> tuple[domain.Level, ...]:
    """The first level needs no answer, so that every questionnaire has one."""
    found = []
    for number, one in enumerate(place.items()):
        told = one.fields("name", "items")
        items = tuple(_item(item, count) for item in told["items"].items())
        if bool(items) == (number == 0):
            raise one.broken("only the first level, and that one, needs no answer")
        found.append(domain.Level(told["name"].word(), frozenset(items)))
    return tuple(found)


def _missing(place: Place, count: int) -> domain.Missing:
    told = place.sourced(optional=("at_most", "never", "either", "unless"))
    either = tuple(
        frozenset(_item(item, count) for item in one.items())
        for one in (told["either"].items() if "either" in told else ())
    )
    return domain.Missing(
        told["at_most"].whole(0) if "at_most" in told else 0,
        frozenset(_item(item, count) for item in told["never"].items())
        if "never" in told
        else frozenset(),
        either,
        _pairs(told["unless"], count) if "unless" in told else None,
    )


def _pairs(place: Place, count: int) -> Mapping[int, int]:
    found = {}
    for one in place.items():
        told = one.fields("item", "needs")
        found[_item(told["item"], count)] = _item(told["needs"], count)
    return found


def _alerts(place: Place, count: int, highest: int) -> Iterator[domain.Alert]:
    for one in place.items():
        told = one.sourced("item", "at_least")
        at_least = told["at_least"].whole()
        if at_least > highest:
            raise told["at_least"].broken("is an answer nobody can give")
        yield domain.Alert(_item(told["item"], count), at_least)


def _item(place: Place, count: int) -> int:
    item = place.whole()
    if item > count:
        raise place.broken(f"there are {count} items")
    return item
