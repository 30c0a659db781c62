"""A pack file that says too little, too much or nonsense is refused, on its line."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.infusion import packs
from services.infusion.packs import PackBroken

TEXT = (Path(packs.__file__).parent / "halcyon-default-2.yaml").read_text("utf-8")

_ODD = (
    "", "[]", "{}", "null", "~", ".nan", "1e99", "-1", "2026-02-30", "99999999999999999999", "true",
    "- a", "? [a]", "{? {a: b} : c}", "!!python/object:os.system {}", "*x", "&x [1]", "'", "1: 2",
)  # fmt: skip


def test_the_default_pack_is_whole() -> None:
    pack = packs.current()
    assert pack.label == packs.CURRENT
    assert (pack.gate.systolic_hold_from, pack.gate.diastolic_hold_from) == (160, 100)
    assert packs.named(pack.label) is pack


@pytest.mark.parametrize(
    ("old", "new", "said", "at"),
    [
        (
            '{value: 90, source: "[V] ED1: excluded below 90"}',
            "{value: 90}",
            "systolic_least",
            "  systolic_least:",
        ),
        (
            '{value: 90, source: "[V] ED1: excluded below 90"}',
            "90",
            "systolic_least",
            "  systolic_least:",
        ),
        ("{value: 90,", "{value: '90',", "systolic_least", "  systolic_least:"),
        ("{value: 90,", "{value: -1,", "systolic_least", "  systolic_least:"),
        ("  systolic_least:", "  never_heard_of:", "start_gate", "start_gate:"),
        ("{value: 90,", "{value: 161,", "systolic_hold_from", "  systolic_hold_from:"),
        (
            "level: pause, from: 180, clear: 165",
            "level: pause, from: 160, clear: 150",
            "alerts",
            "from: 160, clear: 150",
        ),
        ("below: 92, clear: 94", "below: 92, clear: 91", "clear", "clear: 91"),
        ("below: 92, clear: 94", "below: 92, from: 93, clear: 94", "alerts", "from: 93"),
        ("parameter: rass", "parameter: mood", "parameter", "parameter: mood"),
        ("level: stop", "level: panic", "level", "level: panic"),
        ("id: agitation", "id: pulse_low", "id", "id: pulse_low, parameter: rass"),
        (
            '{value: 120, source: "[V] Ox',
            '{value: 50, source: "[V] Ox',
            "stay_alone_minutes",
            "  stay_alone_minutes:",
        ),
        (
            "value: [escort_confirmed,",
            "value: [plan_paused, escort_confirmed,",
            "plan_paused",
            "overridable_at_start:",
        ),
        (
            "value: [escort_confirmed,",
            "value: [plan_stopped, escort_confirmed,",
            "plan_stopped",
            "overridable_at_start:",
        ),
        (
            "value: [escort_confirmed,",
            "value: [suicide_risk_high, escort_confirmed,",
            "suicide_risk_high",
            "overridable_at_start:",
        ),
        ("version: 2", "version: two", "version", "version: two"),
        ("name: halcyon-default", "name: [", "", ""),
        ("name: halcyon-default", "name: Halcyon Default", "name", "name: Halcyon"),
        (
            "effective_date: 2026-01-01",
            "effective_date: soon",
            "effective_date",
            "effective_date: soon",
        ),
        ("version: 2\n", "version: 2\nvolume: 3\n", "volume", "volume: 3"),
        ("  systolic_least:", "  systolic_hold_from:", "twice", "systolic_hold_from:"),
        ("{value: 90,", "&a {value: *a,", "alias", "*a"),
    ],
)
def test_a_broken_pack_is_refused_on_its_line(old: str, new: str, said: str, at: str) -> None:
    assert old in TEXT
    broken = TEXT.replace(old, new, 1)
    with pytest.raises(PackBroken) as refused:
        packs.read(broken)
    told = re.fullmatch(r"line (\d+): (.*)", str(refused.value))
    assert told
    assert said in told[2]
    assert at in broken.splitlines()[int(told[1]) - 1]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(TEXT.splitlines()) - 1), st.sampled_from(_ODD), st.data())
def test_no_text_is_worse_than_broken(number: int, odd: str, data: st.DataObject) -> None:
    """Whoever publishes nonsense is told so; nothing else ever comes of it."""
    lines = TEXT.splitlines()
    key, colon, _ = lines[number].partition(":")
    place = data.draw(st.integers(0, len(lines[number])))
    lines[number] = data.draw(
        st.sampled_from((odd, f"{key}{colon} {odd}", lines[number][:place] + odd))
    )
    with contextlib.suppress(PackBroken):
        packs.read("\n".join(lines))


def test_the_line_is_the_right_one() -> None:
    lines = TEXT.splitlines()
    number = next(n for n, line in enumerate(lines, 1) if "id: agitation" in line)
    with pytest.raises(PackBroken, match=f"^line {number}: alerts.11.id"):
        packs.read(TEXT.replace("id: agitation", "id: pulse_low"))
