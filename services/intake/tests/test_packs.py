"""A pack that contradicts itself, leaves a gap or says no source is refused, with its line."""

from pathlib import Path

import pytest

from services.intake import packs
from services.intake.packs import PackBroken

FILE = Path(packs.__file__).parent / "halcyon-default-1.yaml"
TEXT = FILE.read_text("utf-8")


def changed(old: str, new: str) -> tuple[str, int]:
    """The pack with its first `old` as `new`, and the line that stands on."""
    assert old in TEXT
    before, _, after = TEXT.partition(old)
    return before + new + after, before.count("\n") + 1


def test_the_default_pack_is_whole() -> None:
    found = packs.current()
    assert found.label == packs.CURRENT
    assert packs.named(found.label) is found
    assert {name: schedule.sessions_per_week for name, schedule in found.schedules.items()} == {
        "taper_3_2_1_1_1": (3, 2, 1, 1, 1),
        "six_in_three_weeks": (2, 2, 2),
        "six_in_two_weeks": (3, 3),
        "four_in_two_weeks": (2, 2),
        "three_in_three_weeks": (1, 1, 1),
        "maintenance_only": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    }


@pytest.mark.parametrize(
    ("old", "new", "lines_below", "why"),
    [
        # a cap below the start dose, and other orders that contradict
        ("{value: 1.0, unit: mg/kg", "{value: 0.45, unit: mg/kg", 0, "below earlier_start_at_most"),
        ("{value: 0.5, unit: mg/kg", "{value: 0.8, unit: mg/kg", 2, "below start"),
        ("{value: 1.5, unit: mg/kg", "{value: 0.9, unit: mg/kg", 0, "below soft_cap"),
        ("{value: 120, unit: mg,", "{value: 90, unit: mg,", 0, "below soft_cap_total"),
        ("{value: 0.3, unit: mg/kg", "{value: 0.6, unit: mg/kg", 0, "between floor and start"),
        ("  step:\n    {value: 0.1", "  step:\n    {value: 1", 1, "no room"),
        ('{value: 180, unit: "mm[Hg]"', '{value: 165, unit: "mm[Hg]"', 0, "beyond the limit"),
        ('{value: 2, unit: "{score}"', '{value: 3, unit: "{score}"', 0, "beyond the limit"),
        ('{value: 25, unit: "%"', '{value: 50, unit: "%"', 0, "less than a response"),
        ("[nausea, dissociation", "[nausea, vomiting", 0, "vomiting also lowers"),
        ("[3, 2, 1, 1, 1]", "[4, 2, 1, 1, 1]", 0, "sessions-in-7-days"),
        ("[3, 2, 1, 1, 1]", "[5, 2]", 0, "too full"),
        ("[3, 2, 1, 1, 1]", "[0, 2]", 0, "begin with a week"),
        ("default: taper_3_2_1_1_1", "default: gone", 0, "not a known schedule"),
        # bands
        ("from: 5, to: 9, name: mild", "from: 6, to: 9, name: mild", 0, "gap from 5 to 5"),
        ("from: 5, to: 9, name: mild", "from: 4, to: 9, name: mild", 0, "overlaps"),
        ("to: 27, name: severe", "to: 26, name: severe", -4, "must end at the highest total, 27"),
        ("from: 5, to: 9, name: mild", "from: 5, to: 4, name: mild", 0, "ends before it begins"),
        ("items: [1, 2]}", "items: []}", 0, "needs no answer"),
        ("items: [4, 5, 7]}", "items: [4, 5, 8]}", 0, "there are 7 items"),
        ("[10], [11]", "[10], [10]", 0, "each item from 1 to 16 once"),
        ("{item: 9, at_least: 1", "{item: 9, at_least: 4", 0, "nobody can give"),
        ("refer: relative}", "gone: relative}", 0, "not a band of bladder"),
        ("value: [high]", "value: [highest]", 0, "not a band of cssrs"),
        ("opened_by: {value: [self-harm-thoughts", "opened_by: {value: [x", 0, "not a rule"),
        ("scale: cssrs", "scale: gone", 0, "not a scale"),
        ("{value: phq9, source", "{value: pcl5, source", 0, "response and a remission"),
        # numbers
        ("{value: 0.5, unit: mg/kg", "{value: 0.5, unit: ug/kg", 0, "must be mg/kg"),
        ("{value: 0.5, unit: mg/kg", "{value: -0.5, unit: mg/kg", 0, "must be a number"),
        ("{value: 0.5, unit: mg/kg", "{value: .nan, unit: mg/kg", 0, "must be a number"),
        ("{value: 0.5, unit: mg/kg", "{value: 0.50001, unit: mg/kg", 0, "no finer"),
        ("{value: 0.5, unit: mg/kg", "{value: 0, unit: mg/kg", 0, "at least"),
        ("{value: 20, unit: kg, source:", "{value: 20, unit: kg, origin:", 0, "not known here"),
        ("    title: GAD-7\n", "", 0, "lacks title"),
        ("source: \"[V] 5 mild, 10 moderate, 15 severe\"", "source: ' '", 0, "must be a text"),
        ("value: 120, unit: mg,", "value: 120, value: 119, unit: mg,", 0, "said twice"),
        ("version: 1", "version: one", 0, "whole number"),
        ("effective_date: 2026-01-01", "effective_date: 2026-13-01", 0, "must be a date"),
        ("name: halcyon-default", "name: Halcyon Default", 0, "lower-case"),
        # rules
        ("      severity: absolute", "      severity: mild", 0, "must be absolute"),
        ("      measure: age_years", "      measure: luck", -3, "no measure is called luck"),
        ("      codes: [ketamine, esketamine]\n", "", -3, "a code or a measure"),
        ("places: [allergies]", "places: [attic]", -4, "history or allergies"),
        ("    - id: under-age", "    - id: ketamine-hypersensitivity", 0, "is taken"),
        ("      below: 18\n", "", -4, "needs a bound"),
        ("  rules:\n", "  rulez:\n", 0, "not known here"),
        ("value: ondansetron_odt", "value: gone", 0, "not one of the antiemetics"),
        ("{value: 100, unit: min", "{value: 30, unit: min", -4, "between its own limits"),
    ],
)  # fmt: skip
def test_a_broken_pack_is_refused_with_its_line(
    old: str, new: str, lines_below: int, why: str
) -> None:
    text, line = changed(old, new)
    with pytest.raises(PackBroken) as refused:
        packs.read(text)
    (fault,) = [one for one in refused.value.faults if why in one.description]
    assert fault.line == line + lines_below


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("name: [", 1),
        ("name: x\nversion: {", 2),
        ("name: &a x\nversion: *a\n", 2),
        ("[" * 100, 1),
        ("# " + "x" * 400_001, 1),
        ("just a word", 1),
        ("name: x\n", 1),
        (TEXT + "\nmore: 1\n", TEXT.count("\n") + 2),
    ],
)
def test_what_is_no_pack_at_all(text: str, line: int) -> None:
    with pytest.raises(PackBroken) as refused:
        packs.read(text)
    assert refused.value.faults[0].line == line


def test_every_fault_of_a_kind_is_told_at_once() -> None:
    text = TEXT.replace("{value: 1.0, unit: mg/kg", "{value: 0.2, unit: mg/kg")
    text = text.replace("{value: 120, unit: mg,", "{value: 90, unit: mg,")
    with pytest.raises(PackBroken) as refused:
        packs.read(text)
    assert [fault.path for fault in refused.value.faults] == [
        "dosing.soft_cap",
        "dosing.hard_cap_total",
    ]
