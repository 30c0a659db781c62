"""A pack file that says too little, too much or nonsense is refused."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.intake import packs
from services.intake.packs import PackBroken

FILE = Path(packs.__file__).parent / "halcyon-default-1.yaml"


def pack() -> Any:
    return copy.deepcopy(yaml.safe_load(FILE.read_text("utf-8")))


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
    }


def _set(path: str, value: object) -> Any:
    def change(file: Any) -> None:
        *above, last = path.split(".")
        node = file
        for name in above:
            node = node[int(name)] if name.isdigit() else node[name]
        node[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("dosing.hard_cap", {"value": 120000}),
        _set("dosing.hard_cap", {"value": 120000, "source": " "}),
        _set("dosing.hard_cap", {"value": 1.5, "source": "x"}),
        _set("dosing.hard_cap", {"value": 0, "source": "x"}),
        _set("dosing.hard_cap", {"value": True, "source": "x"}),
        _set("dosing.hard_cap", 120000),
        _set("dosing.never_heard_of", {"value": 1, "source": "x"}),
        _set("dosing.starting_per_kg", {"value": 2000, "source": "x"}),
        _set("titration.weak_response_below_percent", {"value": 50, "source": "x"}),
        _set("titration.mild_events", {"value": ["vomiting"], "source": "x"}),
        _set("schedules.default", "gone"),
        _set("schedules.known.taper_3_2_1_1_1.source", ""),
        _set("schedules.known.taper_3_2_1_1_1.sessions_per_week", [3, 0]),
        _set("screening.rules.0.severity", "mild"),
        _set("screening.rules.0.source", None),
        _set("screening.rules.0.places", ["attic"]),
        _set("screening.rules.0.codes", []),
        _set("screening.rules.0.id", "psychosis"),
        _set("screening.rules.0.word", "psychosis"),
        _set("screening.rules.1.measure", "luck"),
        _set("screening.rules.1.below", None),
        _set("titration", None),
    ],
)
def test_a_broken_pack_is_refused(change: Any) -> None:
    file = pack()
    packs.read(file)
    change(file)
    with pytest.raises(PackBroken):
        packs.read(file)
