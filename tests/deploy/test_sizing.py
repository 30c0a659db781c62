"""The arithmetic of docs/sizing.md, done again: every row of its table follows from its figures."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs/sizing.md").read_text()
BUSIEST = 0.2 / 3600
_UNITS = {"GB": 1e9, "TB": 1e12}


def figure(pattern: str) -> float:
    """The one number that stands there."""
    (found,) = re.findall(pattern, PAGE)
    return float(found.replace(",", ""))


PARTS_MS = figure(r"\*\*([\d.]+)\*\* \|\n")
FLOW_MS = figure(r"a flow, ms of CPU \| ([\d.]+)")
FLOW_ROWS = figure(r"It keeps ([\d.]+) kB a flow in PostgreSQL") * 1e3
FLOW_STREAM = figure(r"and ([\d.]+) kB in the stream") * 1e3
SESSION_MS = figure(r"24 x 3 ms = (\d+) ms")
SESSION_ROWS = figure(r"Rows of a session other than readings: (\d+) kB") * 1e3
READING_US = figure(r"ten a message \| (\d+); \d+")
READING_BYTES = figure(r"a reading, bytes with its index \| (\d+)")
FACT_BYTES = figure(r"a fact in the stream, bytes \| (\d+)")
ROWS = re.findall(
    r"^\| ([\d,]+) \| ([\d,]+); ([\d,]+) \| ([\d,]+) \| ([\d.]+) \| (.+?) \| (.+?) \|", PAGE, re.M
)


def number(text: str) -> float:
    digits, _, unit = text.partition(" ")
    return float(digits.replace(",", "")) * _UNITS.get(unit, 1)


def test_the_table_goes_to_ten_thousand_clinics() -> None:
    assert [number(row[0]) for row in ROWS] == [10, 100, 1000, 10_000]


def test_services_and_servers_sum_up() -> None:
    (parts,) = re.findall(r"CPU, ms a flow \|(.+?)\| \*\*", PAGE)
    assert sum(float(part) for part in parts.split("|")) == pytest.approx(PARTS_MS, abs=0.05)
    assert FLOW_MS >= PARTS_MS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} clinics")
def test_a_row_follows_from_the_figures(row: tuple[str, ...]) -> None:
    clinics, flows, sessions, readings, cores, rows, stream = map(number, row)
    assert (flows, sessions) == (4 * clinics, 25 * clinics)
    taken = 720 * sessions
    assert readings == pytest.approx(taken * BUSIEST, rel=0.02)
    busy = flows * BUSIEST * 5 * FLOW_MS / 1e3 + sessions * BUSIEST * 2 * SESSION_MS / 1e3
    busy += taken * BUSIEST * READING_US / 1e6
    assert cores == pytest.approx(busy, rel=0.02, abs=0.007)
    year = 250 * (flows * FLOW_ROWS + sessions * SESSION_ROWS + taken * READING_BYTES)
    assert rows == pytest.approx(year, rel=0.06)
    kept = 30 * (flows * FLOW_STREAM + sessions * 5 * FACT_BYTES)
    assert stream == pytest.approx(kept, rel=0.15)
