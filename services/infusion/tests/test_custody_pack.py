"""A custody pack that is wrong is refused with the line that is wrong."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from services.infusion.packs import custody as packs
from services.infusion.packs.lines import PackBroken

TEXT = (Path(packs.__file__).parent / "custody-us-1.yaml").read_text("utf-8")


def line(text: str) -> int:
    return next(n for n, one in enumerate(TEXT.splitlines(), 1) if text in one)


def test_the_rules_in_force() -> None:
    rules = packs.current()
    assert rules.title == "custody-us@1"
    assert (rules.incident_business_days, rules.inventory_months) == (1, 24)
    drug = rules.drug("00143-9509-10")
    assert (drug.strength, drug.capacity, drug.schedule) == (Decimal(100), Decimal(500), "CIII")
    assert len(rules.drugs) == 3


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("{value: 1, source", "{value: 0, source", "{value: 1, source"),
        ("{value: 24, source", "{value: true, source", "{value: 24, source"),
        ("  {value: 7, source:", "  {worth: 7, source:", "{value: 7, source"),
        ("retention_years:", "retention_yeers:", "retention_years"),
        ("version: 1", "version: one", "version: 1"),
        ("2026-11-26", "someday", "2026-11-26"),
        ('ndc: "42023-0113-10"', 'ndc: "42023-113-10"', 'ndc: "42023-0113-10"'),
        ('ndc: "42023-0113-10"', 'ndc: "00143-9509-10"', 'ndc: "42023-0113-10"'),
        ('millilitre: "10"', 'millilitre: "3"', 'millilitre: "10"'),
        ('millilitre: "10"', 'millilitre: "x"', 'millilitre: "10"'),
        ('millilitre: "10"', "millilitre: 10.5", 'millilitre: "10"'),
        ('millilitres: "20"', 'millilitres: "-20"', 'millilitres: "20"'),
        ("form: injection 200 mg/20 mL vial", 'form: ""', "form: injection 200"),
        ('source: "[K] 5 U.S.C. 6103"', "source: 5", "5 U.S.C. 6103"),
    ],
)
def test_a_wrong_line_is_named(old: str, new: str, where: str) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(PackBroken) as refused:
        packs.read(TEXT.replace(old, new, 1))
    assert f"line {line(where)}:" in str(refused.value)


@pytest.mark.parametrize("broken", [lambda text: "[]", lambda text: "a: [", lambda text: "a: 1"])
def test_what_is_no_pack_is_refused(broken: Callable[[str], str]) -> None:
    with pytest.raises(PackBroken):
        packs.read(broken(TEXT))
