"""From a pack file to a pack: a number without a source, or a field too many, is no pack."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from services.infusion import domain
from services.infusion.packs.checks import check
from services.infusion.packs.lines import Lines, PackBroken, Path, parse

__all__ = ["PackBroken", "read"]

Section = TypeVar("Section")
_MOST = 100_000
_NAME = re.compile(r"[a-z][a-z0-9-]{2,47}")
_PARTS = {
    "name", "version", "effective_date", "start_gate", "washout_hours", "hold_on_screen",
    "overridable_at_start", "pump", "readings", "cadence", "alerts", "stop_events",
    "discharge_gate", "instructions", "overridable_at_discharge",
}  # fmt: skip
_RULE = {"id", "parameter", "level", "clear", "persist_seconds", "source"}


def read(text: str) -> domain.Pack:
    """The pack in a file's text, or the line that is wrong."""
    file = parse(text)
    for unknown in sorted(map(str, file.values.keys() - _PARTS)):
        raise file.broken((unknown,), "is not known here")
    pack = domain.Pack(
        name=_name(file),
        version=_whole(file, ("version",), file.values.get("version"), least=1),
        effective_date=_told(file, "effective_date", date),
        gate=_section(file, "start_gate", domain.Gate),
        washout_hours=_numbers(file, "washout_hours"),
        hold_on_screen=_words(file, "hold_on_screen"),
        overridable_at_start=_words(file, "overridable_at_start"),
        library=_section(file, "pump", domain.Library),
        windows=_section(file, "readings", domain.Windows),
        cadence=_section(file, "cadence", domain.Cadence),
        rules=tuple(_rule(file, index) for index in range(len(_told(file, "alerts", list)))),
        stop_events=_words(file, "stop_events"),
        discharge=_section(file, "discharge_gate", domain.Discharge),
        instructions=_words(file, "instructions"),
        overridable_at_discharge=_words(file, "overridable_at_discharge"),
    )
    check(file, pack)
    return pack


def _name(file: Lines) -> str:
    if not _NAME.fullmatch(name := str(_told(file, "name", str))):
        raise file.broken(("name",), "must be lower-case letters, digits and hyphens")
    return name


def _section(file: Lines, name: str, kind: type[Section]) -> Section:
    numbers = _numbers(file, name)
    wanted = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    for missing in sorted(wanted - numbers.keys()):
        raise file.broken((name,), f"says no {missing}")
    for unknown in sorted(map(str, numbers.keys() - wanted)):
        raise file.broken((name, unknown), "no such number")
    return kind(**numbers)


def _numbers(file: Lines, name: str) -> dict[str, int]:
    told = _told(file, name, dict)
    return {str(key): _number(file, (name, str(key)), node) for key, node in told.items()}


def _number(file: Lines, path: Path, node: object) -> int:
    if not isinstance(node, Mapping) or set(node) != {"value", "source"}:
        raise file.broken(path, "a number is a value and a source")
    _need_source(file, path, node)
    return _whole(file, path, node["value"], least=1)


def _whole(file: Lines, path: Path, value: object, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise file.broken(path, f"must be a whole number from {least} to {_MOST}")
    return value


def _words(file: Lines, name: str) -> frozenset[str]:
    node = _told(file, name, dict)
    _need_source(file, (name,), node)
    words = node.get("value")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise file.broken((name,), "must be a list of words")
    return frozenset(words)


def _rule(file: Lines, index: int) -> domain.Rule:
    path, node = ("alerts", index), file.values["alerts"][index]
    if not isinstance(node, Mapping) or len({"below", "from"} & node.keys()) != 1:
        raise file.broken(path, "an alert is raised either below or from a value")
    side = "below" if "below" in node else "from"
    if node.keys() - {side} != _RULE:
        raise file.broken(path, f"must say {', '.join(sorted(_RULE))}")
    _need_source(file, path, node)
    if node["level"] not in [level.value for level in domain.Level]:
        raise file.broken((*path, "level"), "must be warn, pause or stop")
    whole = {name: _whole(file, (*path, name), node[name], least=-5) for name in (side, "clear")}
    return domain.Rule(
        str(node["id"]),
        str(node["parameter"]),
        domain.Level(node["level"]),
        side == "below",
        whole[side],
        whole["clear"],
        _whole(file, (*path, "persist_seconds"), node["persist_seconds"], least=0),
    )


def _told(file: Lines, name: str, kind: type[Any]) -> Any:
    value = file.values.get(name)
    if not isinstance(value, kind):
        raise file.broken((name,), f"must be a {kind.__name__}")
    return value


def _need_source(file: Lines, path: Path, node: Mapping[str, Any]) -> None:
    if not (isinstance(node.get("source"), str) and node["source"].strip()):
        raise file.broken(path, "says no source")
