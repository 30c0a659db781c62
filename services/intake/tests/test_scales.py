"""Rating scales: the published tables for every total, missing answers, change and outcome."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import AlreadyExists, Invalid, NotFound
from services.intake import domain
from services.intake.domain import risk, scoring
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON, PACK

TABLES: dict[str, list[tuple[int, int, str]]] = {
    "phq9": [
        (0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"),
        (15, 19, "moderately_severe"), (20, 27, "severe"),
    ],
    "gad7": [(0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 21, "severe")],
    "pcl5": [(0, 30, "below_cut"), (31, 80, "provisional_ptsd")],
    "madrs": [(0, 6, "none"), (7, 19, "mild"), (20, 34, "moderate"), (35, 60, "severe")],
    "qids_sr16": [
        (0, 5, "none"), (6, 10, "mild"), (11, 15, "moderate"), (16, 20, "severe"),
        (21, 27, "very_severe"),
    ],
}  # fmt: skip
REMISSION = {"phq9": 4, "gad7": 4, "madrs": 10, "qids_sr16": 5}


BANDS = TABLES | {"bladder": [(0, 2, "none"), (3, 5, "some"), (6, 12, "refer")]}
LEVELS = {"cssrs": 7, "dependence": 6}
"""Rated by single answers and not by a total; how many there are."""


def test_no_scale_of_the_pack_is_left_out() -> None:
    assert BANDS.keys() | LEVELS.keys() == PACK.scales.keys()


@pytest.mark.parametrize("name", BANDS)
def test_every_total_lies_in_the_band_of_the_table(name: str) -> None:
    table, scale = BANDS[name], PACK.scales[name]
    assert scale.highest_total == table[-1][1]
    expected = {t: band for low, high, band in table for t in range(low, high + 1)}
    assert {t: scoring.rated(scale, t).band for t in range(scale.highest_total + 1)} == expected
    for beyond in (-1, scale.highest_total + 1):
        with pytest.raises(Invalid):
            scoring.rated(scale, beyond) if beyond > 0 else scoring.score(scale, {1: beyond})


@pytest.mark.parametrize("name", TABLES)
def test_every_change_is_the_tables(name: str) -> None:
    scale = PACK.scales[name]
    totals = range(scale.highest_total + 1)
    for before in totals:
        for now in totals:
            percent = scoring.percent_change(before, now)
            assert percent == (None if before == 0 else Fraction(100 * (before - now), before))
            found = scoring.outcome(scale, before, now)
            if now <= REMISSION.get(name, -1):
                assert found is domain.Outcome.REMISSION
            elif before == 0:
                assert found is domain.Outcome.UNKNOWN
            elif name == "pcl5":
                assert (found is domain.Outcome.RESPONSE) == (before - now >= 10)
            else:
                assert (found is domain.Outcome.RESPONSE) == (2 * now <= before)


@pytest.mark.parametrize(("count", "highest", "name"), [(9, 3, "phq9"), (20, 4, "pcl5")])
@given(data=st.data())
def test_whole_answers_add_up(count: int, highest: int, name: str, data: st.DataObject) -> None:
    given_ = data.draw(st.lists(st.integers(0, highest), min_size=count, max_size=count))
    found = scoring.score(PACK.scales[name], dict(enumerate(given_, 1)))
    assert (found.total, found.prorated) == (sum(given_), False)


def whole(count: int, value: int, **changes: int | None) -> dict[int, int]:
    answers: dict[int, int | None] = dict.fromkeys(range(1, count + 1), value)
    answers |= {int(item[1:]): answer for item, answer in changes.items()}
    return {item: answer for item, answer in answers.items() if answer is not None}


@pytest.mark.parametrize(
    ("name", "answers", "total", "prorated"),
    [
        ("phq9", whole(9, 1, i3=None), 9, True),
        ("phq9", whole(9, 2, i1=3, i3=None), 19, True),
        ("qids_sr16", whole(16, 1), 9, False),
        ("qids_sr16", whole(16, 0, i2=3, i8=2, i15=1, i16=2), 7, False),
        ("qids_sr16", whole(16, 1, i6=None, i9=None), 9, False),
        ("qids_sr16", whole(16, 3, i7=None, i8=None), 27, False),
        ("madrs", whole(10, 6), 60, False),
        ("bladder", {1: 4, 2: 1, 3: 1}, 6, False),
    ],
)
def test_a_score(name: str, answers: dict[int, int], total: int, prorated: bool) -> None:
    found = scoring.score(PACK.scales[name], answers)
    assert (found.total, found.prorated) == (total, prorated)


@pytest.mark.parametrize(
    ("name", "answers", "fields"),
    [
        ("phq9", whole(9, 1, i9=None), ["answers[9]"]),
        ("phq9", whole(9, 1, i1=None, i2=None), ["answers[1]", "answers[2]"]),
        ("phq9", whole(9, 4), [f"answers[{item}]" for item in range(1, 10)]),
        ("phq9", whole(9, 1, i10=1, i0=1), ["answers[10]", "answers[0]"]),
        ("gad7", whole(7, 1, i7=None), ["answers[7]"]),
        ("qids_sr16", whole(16, 1, i6=None, i7=None), ["answers[6]", "answers[7]"]),
        ("cssrs", {1: 0, 2: 1, 6: 0}, ["answers[3]", "answers[4]", "answers[5]"]),
        ("cssrs", whole(7, 0, i4=1), ["answers[4]"]),
        ("cssrs", whole(7, 0, i7=1), ["answers[7]"]),
    ],
)
def test_answers_that_make_no_score(name: str, answers: dict[int, int], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        scoring.score(PACK.scales[name], answers)
    assert [fault.field for fault in refused.value.violations] == fields


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({1: 0, 2: 0, 6: 0}, "none"),
        ({1: 1, 2: 0, 6: 0}, "low"),
        (whole(7, 0, i1=1, i2=1), "low"),
        (whole(7, 0, i2=1, i3=1), "moderate"),
        ({1: 0, 2: 0, 6: 1, 7: 0}, "moderate"),
        ({1: 0, 2: 0, 6: 1, 7: 1}, "high"),
        (whole(7, 0, i2=1, i4=1), "high"),
        (whole(7, 1), "high"),
    ],
)
def test_the_levels_of_the_suicide_risk_screener(answers: dict[int, int], level: str) -> None:
    found = scoring.score(PACK.scales["cssrs"], answers)
    assert (found.total, found.band) == (None, level)


def suicide_risk(yes: set[int]) -> str | None:
    """The published screener: 3 to 5 follow a yes to 2, and 7 (three months) a yes to 6."""
    if (yes & {3, 4, 5} and 2 not in yes) or (7 in yes and 6 not in yes):
        return None
    for level, items in (("high", {4, 5, 7}), ("moderate", {3, 6}), ("low", {1, 2})):
        if yes & items:
            return level
    return "none"


def dependence(yes: set[int]) -> str:
    grave = max(yes, default=0)
    return ("none", "watch", "watch", "review", "review", "stop", "stop")[grave]


@pytest.mark.parametrize(("name", "rule"), [("cssrs", suicide_risk), ("dependence", dependence)])
def test_every_pattern_of_answers_has_its_level(name: str, rule: Any) -> None:
    count = LEVELS[name]
    for pattern in product((0, 1), repeat=count):
        answers = dict(enumerate(pattern, 1))
        expected = rule({item for item, value in answers.items() if value})
        if expected is None:
            with pytest.raises(Invalid):
                scoring.score(PACK.scales[name], answers)
        else:
            assert scoring.score(PACK.scales[name], answers).band == expected


# --- recording --------------------------------------------------------------------------------


def opened() -> domain.Intake:
    return domain.open_for(eg.need(), None, eg.policy(), domain.NO_PAST, NOON)[0]


def told(scale: str, answers: dict[int, int] | None = None, **more: Any) -> domain.Questionnaire:
    fields: dict[str, Any] = {"request_id": uuid4(), "total": None, "measure_time": NOON}
    given_ = tuple((answers or {}).items())
    return domain.Questionnaire(scale=scale, answers=given_, **fields | more)


@pytest.mark.parametrize("rest", [0, 3])
def test_item_nine_opens_the_risk_step_at_any_total(rest: int) -> None:
    intake, score, events = domain.record_scale(
        opened(), None, told("phq9", whole(9, rest, i9=1)), NOON
    )
    assert events == (domain.ScoreTaken(intake, score),)
    assert risk.against(intake.risk, PACK, NOON) == (risk.OPEN,)
    calm, _, _ = domain.record_scale(opened(), None, told("phq9", whole(9, rest, i9=0)), NOON)
    assert not calm.risk.is_open


def test_a_screener_closes_the_step_and_its_worst_level_blocks_that_day() -> None:
    asked, _, _ = domain.record_scale(opened(), None, told("phq9", whole(9, 1)), NOON)
    later = NOON + timedelta(hours=1)
    high = told("cssrs", whole(7, 1), measure_time=later)
    intake, score, (kept, stated) = domain.record_scale(asked, None, high, later)
    assert kept == domain.ScoreTaken(intake, score)
    assert stated == domain.SuicideRiskScreened(intake, intake.risk)
    assert (intake.revision, intake.risk.is_open) == (asked.revision + 1, False)
    assert risk.against(intake.risk, PACK, later) == (risk.HIGH,)
    assert risk.against(intake.risk, PACK, later + timedelta(hours=24)) == ()


def test_an_older_screener_neither_closes_nor_replaces() -> None:
    before = NOON - timedelta(days=2)
    asked, _, _ = domain.record_scale(opened(), None, told("phq9", whole(9, 1)), NOON)
    old = told("cssrs", {1: 0, 2: 0, 6: 0}, measure_time=before)
    intake, _, _ = domain.record_scale(asked, None, old, NOON)
    assert (intake.risk.is_open, intake.risk.level) == (True, "none")
    low = told("cssrs", {1: 1, 2: 0, 6: 0})
    newer, _, _ = domain.record_scale(intake, None, low, NOON)
    assert domain.record_scale(newer, None, old, NOON)[0] == newer
    assert (newer.risk.is_open, newer.risk.level) == (False, "low")


def test_a_questionnaire_is_recorded_once() -> None:
    asked = told("gad7", whole(7, 2))
    intake, score, _ = domain.record_scale(opened(), None, asked, NOON)
    assert domain.record_scale(intake, score, asked, NOON) == (intake, score, ())
    for other in (replace(asked, answers=asked.answers[::-1]), replace(asked, measure_time=None)):
        assert domain.record_scale(intake, score, other, NOON)[1] == score
    for other in (
        replace(asked, answers=tuple(whole(7, 1).items())),
        replace(asked, measure_time=NOON - timedelta(days=1)),
    ):
        with pytest.raises(AlreadyExists):
            domain.record_scale(intake, score, other, NOON)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"measure_time": NOON + timedelta(seconds=1)}, Invalid),
        ({"answers": ()}, Invalid),
        ({"total": 3}, Invalid),
        ({"answers": (), "total": 22}, Invalid),
        ({"scale": "cssrs", "answers": (), "total": 3}, Invalid),
        ({"answers": ((1, 1), (1, 2))}, Invalid),
        ({"scale": "gone"}, NotFound),
    ],
)
def test_a_questionnaire_is_refused(changes: dict[str, Any], kind: type[Exception]) -> None:
    asked = replace(told("gad7", whole(7, 2)), **changes)
    with pytest.raises(kind):
        domain.record_scale(opened(), None, asked, NOON)


# --- over time --------------------------------------------------------------------------------


def taken(total: int, day: int) -> domain.Score:
    moment = NOON + timedelta(days=day)
    rating = scoring.rated(PACK.measured_by, total)
    place = (uuid4(), UUID(int=1), UUID(int=2), UUID(int=3), "phq9", rating)
    return domain.Score(*place, domain.Origin.RECORDED, moment, PACK.label)


def test_the_baseline_is_the_last_score_before_the_first_infusion() -> None:
    scores = [taken(20, 0), taken(16, 3), taken(8, 7), taken(4, 14)]
    assert domain.baseline(scores, NOON + timedelta(days=3)) == 16
    assert domain.baseline(scores, NOON - timedelta(days=3)) is None
    assert domain.baseline(scores, None) == 4
    intake = opened()._replace(treated_since=NOON + timedelta(days=3))
    found = list(domain.compared(intake, scores, scores))
    assert [one.percent for one in found] == [None, None, 50, 75]
    assert [one.outcome.value for one in found] == ["unknown", "unknown", "response", "remission"]
