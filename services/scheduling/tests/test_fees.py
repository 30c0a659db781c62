"""The cancellation policy: a pure function of data, and data that is refused when it is wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.scheduling.domain import (
    Cause,
    Charge,
    Clock,
    Fee,
    FeePolicy,
    Hours,
    fee_for,
    in_force,
    notice_hours,
)
from services.scheduling.packs import fees_on
from services.scheduling.packs.reading import BadPack, read_fees, read_policy
from services.scheduling.tests.examples import clinic

DENVER = ZoneInfo("America/Denver")
POLICY = fees_on(date(2026, 11, 24))
FIFTY, HUNDRED, FULL, FREE = (
    Fee(Charge.FLAT, 5000, "USD"),
    Fee(Charge.FLAT, 10000, "USD"),
    Fee(Charge.FULL),
    Fee(Charge.NONE),
)


@pytest.mark.parametrize(
    ("cause", "notice", "reason", "earlier", "fee"),
    [
        (Cause.CANCELLED, 100, "patient", 1, FREE),
        (Cause.CANCELLED, 48, "patient", 1, FREE),
        (Cause.CANCELLED, 47.9, "patient", 1, FIFTY),
        (Cause.CANCELLED, 24, "patient", 1, FIFTY),
        (Cause.CANCELLED, 23.9, "patient", 1, HUNDRED),
        (Cause.CANCELLED, 0, "patient", 0, FREE),
        (Cause.CANCELLED, 0, "illness", 5, FREE),
        (Cause.CANCELLED, 0, "clinic", 5, FREE),
        (Cause.NO_SHOW, -0.3, "no_show", 0, FREE),
        (Cause.NO_SHOW, -0.3, "no_show", 1, FULL),
    ],
)
def test_the_fee_follows_notice_grace_and_waivers(
    cause: Cause, notice: float, reason: str, earlier: int, fee: Fee
) -> None:
    assert fee_for(POLICY, cause, notice, reason, earlier) == fee


@pytest.mark.parametrize(
    ("now", "start", "calendar", "business"),
    [
        (datetime(2026, 11, 23, 8), datetime(2026, 11, 24, 8), 24, 24),  # noqa: DTZ001
        (datetime(2026, 11, 20, 20), datetime(2026, 11, 23, 8), 60, 12),  # noqa: DTZ001
        (datetime(2026, 11, 25, 8), datetime(2026, 11, 27, 8), 48, 24),  # noqa: DTZ001
        (datetime(2026, 10, 30, 8), datetime(2026, 11, 2, 8), 73, 24),  # noqa: DTZ001
    ],
)
def test_business_hours_are_those_of_days_on_which_the_clinic_opens(
    now: datetime, start: datetime, calendar: float, business: float
) -> None:
    where = replace(clinic(), holidays=(date(2026, 11, 26),))
    moments = [one.replace(tzinfo=DENVER).astimezone(UTC) for one in (now, start)]
    assert notice_hours(POLICY, where, *moments) == calendar
    by_business = replace(POLICY, clock=Clock.BUSINESS)
    assert notice_hours(by_business, where, *moments) == business
    every_day = replace(where, hours=tuple(Hours(day, 0, 1440) for day in range(1, 8)), holidays=())
    assert notice_hours(by_business, every_day, *moments) == calendar


def test_the_version_in_force_is_the_latest_that_is_effective() -> None:
    versions = [replace(POLICY, pack=f"p@{n}", effective=date(2026, n, 1)) for n in (1, 5, 9)]

    def on(month: int) -> FeePolicy:
        return in_force(versions, date(2026, month, 15))

    assert [on(month).pack for month in (1, 4, 5, 12)] == ["p@1", "p@1", "p@5", "p@9"]
    assert in_force(versions, date(2025, 1, 1)).pack == "p@1"


FEES = Path(__file__).parents[1] / "packs" / "cancellation.yaml"
RULES = FEES.with_name("policy.yaml")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("value: calendar", "value: lunar", "clock"),
        ("charge: flat, minor_units: 5000", "charge: flat", "windows"),
        ("value: {charge: full}", "value: {charge: percent, percent: 120}", "no_show"),
        ("value: 15", "value: soon", "late_minutes"),
        ("source: V Capitol. One lapse is forgiven.", "source:", "grace_count"),
        ("effective: 2026-01-01", "effective: always", "effective"),
    ],
)
def test_a_fault_in_the_cancellation_pack_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    text = FEES.read_text()
    assert old in text
    bad = tmp_path / "cancellation.yaml"
    bad.write_text(text.replace(old, new))
    number = next(n for n, one in enumerate(text.splitlines(), 1) if f"{line}:" in one)
    with pytest.raises(BadPack, match=rf"cancellation.yaml:{number}: {line} "):
        read_fees(bad)


def test_a_rule_without_a_source_is_refused(tmp_path: Path) -> None:
    text = RULES.read_text()
    bad = tmp_path / "policy.yaml"
    bad.write_text(text.replace("  lead_minutes:\n    value: 120\n    source: >-", "  lead_minutes:\n    value: 120\n    note: >-"))  # fmt: skip  # noqa: E501
    with pytest.raises(BadPack, match=r"policy.yaml:\d+: lead_minutes has no source"):
        read_policy(bad)


def test_a_policy_is_read_whole() -> None:
    assert POLICY.pack == "halcyon-cancellation@1"
    assert timedelta(minutes=POLICY.late_minutes) == timedelta(minutes=15)
