"""Identifiers that are marked in every referral of the suite, and the search for them in clear."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

GIVEN, FAMILY, MAIL = "Zqgiven", "Zqfamily", "zqmail"
MARKS = (GIVEN, FAMILY, MAIL)


def found(
    folders: Sequence[Path], bodies: Sequence[bytes] = (), marks: Sequence[str] = MARKS
) -> dict[str, Any]:
    """Where a mark stands in clear, in any case of letters."""
    wanted = [mark.lower().encode() for mark in marks]
    places: dict[str, Any] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes().lower()
                if hits := [mark for mark in wanted if mark in content]:
                    places[str(path)] = hits
    for index, body in enumerate(bodies):
        if hits := [mark for mark in wanted if mark in body.lower()]:
            places[f"telemetry {index}"] = hits
    return places


def folders(directory: Path) -> list[Path]:
    """All that a network keeps: logs, traces, the stream, the cluster wherever it is."""
    pointer = directory / "postgres.home"
    return [directory, Path(pointer.read_text())] if pointer.exists() else [directory]
