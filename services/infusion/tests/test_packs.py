"""A pack file that says too little, too much or nonsense is refused."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.infusion import packs
from services.infusion.packs import PackBroken

FILE = yaml.safe_load((Path(packs.__file__).parent / "halcyon-default-1.yaml").read_text("utf-8"))


def test_the_default_pack_is_whole() -> None:
    gate = packs.current().gate
    assert (gate.systolic_hold_from, gate.diastolic_hold_from, gate.systolic_least) == (
        160,
        100,
        90,
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("systolic_least", {"value": 90}),
        ("systolic_least", {"value": 90, "source": ""}),
        ("systolic_least", {"value": "90", "source": "x"}),
        ("systolic_least", {"value": -1, "source": "x"}),
        ("systolic_least", 90),
        ("never_heard_of", {"value": 1, "source": "x"}),
    ],
)
def test_a_broken_pack_is_refused(name: str, told: Any) -> None:
    file = copy.deepcopy(FILE)
    file["start_gate"][name] = told
    with pytest.raises(PackBroken):
        packs.read(file)
