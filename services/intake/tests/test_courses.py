"""Any course of infusions, signatures, revisions and pauses: what holds whatever people do."""

import contextlib
from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.refusal import Invalid, NotAllowed
from services.intake import domain, packs
from services.intake.domain import dosing, starting
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON, PACK

_TEXT = packs.shipped()[packs.CURRENT][1].content
_RISING = ("floor", "older_start", "start", "earlier_start_at_most", "soft_cap", "hard_cap")


class Course(RuleBasedStateMachine):
    """One patient's plan, and what its dose may do."""

    intake: domain.Intake
    past = domain.NO_PAST
    number = 0

    @initialize(
        sex=st.sampled_from(["female", "male", "unknown"]),
        grams=st.integers(20_000, 400_000),
        height=st.integers(800, 2600),
        age=st.integers(18, 100),
        basis=st.none() | st.sampled_from(domain.Basis),
        per_kg=st.none() | st.integers(0, 2000),
    )
    def begin(self, sex: str, grams: int, height: int, age: int, basis: Any, per_kg: Any) -> None:
        body = {"weight_grams": grams, "height_millimetres": height}
        need = eg.need(sex_at_birth=sex, age_years=age, **body)
        opened, _ = domain.open_for(need, None, eg.policy(), domain.NO_PAST, NOON)
        found = eg.found(**body)
        seen, _ = domain.record_assessment(opened, found, eg.policy(), NOON)
        calm = seen._replace(flags=())
        dose = per_kg * grams // 1000 if per_kg else None
        own = domain.Individual(weight_basis=basis)
        try:
            self.intake = self.approve(calm, domain.Wish(None, dose, "why", own, "dr-smith"))
        except Invalid:
            self.intake = self.approve(calm, domain.Wish(signed_by="dr-smith"))

    def approve(self, intake: domain.Intake, wish: domain.Wish) -> domain.Intake:
        return domain.approve_plan(intake, wish, eg.policy(), domain.NO_PAST, NOON)[0]

    @property
    def plan(self) -> domain.Plan:
        assert self.intake.plan
        return self.intake.plan

    @rule(
        phq9=st.none() | st.integers(0, 27),
        systolic=st.integers(0, 260),
        moaas=st.integers(0, 5),
        events=st.lists(st.sampled_from(["nausea", "vomiting", "itch"]), max_size=2),
        again=st.booleans(),
    )
    def infuse(self, phq9: Any, systolic: int, moaas: int, events: Any, again: bool) -> None:
        self.number += not again or not self.number
        before = self.plan
        told = eg.response(
            before.plan_id,
            self.intake.need.referral_id,
            self.number,
            phq9_score=phq9,
            peak_systolic=systolic,
            lowest_moaas=moaas,
            adverse_events=tuple(events),
        )
        news = before.state is domain.State.ACTIVE and self.number > self.intake.decided_number
        self.intake, kept = domain.adjust(self.intake, self.past, told, NOON)
        self.past = eg.remembered(self.past, kept)
        moved = self.plan.dose.dose_micrograms - before.dose.dose_micrograms
        grams = before.dose.dosing_weight_grams
        step = dosing.step(PACK.dosing, PACK.titration.step_per_kg, grams)
        assert abs(moved) <= step
        assert news or (moved == 0 and self.plan.proposed == before.proposed)
        if moved > 0:
            reach = before.starting_micrograms + PACK.titration.automatic_raises * step
            cap = dosing.highest_unsigned(PACK.dosing, grams)
            assert self.plan.dose.dose_micrograms <= min(reach, cap)
        if self.plan.proposed and news:
            assert 0 < self.plan.proposed.dose_micrograms - self.plan.dose.dose_micrograms <= step

    @rule(sign=st.booleans(), right=st.booleans())
    def sign(self, sign: bool, right: bool) -> None:
        proposed = self.plan.proposed
        session = proposed.session_id if proposed and right else uuid5(self.plan.plan_id, "other")
        try:
            self.intake, _ = domain.sign_dose(
                self.intake, session, "dr-jones" if sign else None, NOON
            )
        except NotAllowed:
            assert not (proposed and right and self.plan.state is domain.State.ACTIVE)

    @rule(dose=st.integers(1, 300_000), stale=st.booleans())
    def revise(self, dose: int, stale: bool) -> None:
        version = self.plan.version + stale
        asked = domain.Revision(version, "dr-jones", "why", dose_micrograms=dose)
        before = self.intake
        try:
            self.intake, _ = domain.revise(self.intake, asked, NOON)
        except (Invalid, NotAllowed):
            assert self.intake == before

    @precondition(lambda self: self.intake.is_paused)
    @rule(day=st.integers(0, 3))
    def see_again_and_go_on(self, day: int) -> None:
        found = eg.found(weight_date=NOON.date() - timedelta(days=day))
        seen, _ = domain.record_assessment(self.intake, found, eg.policy(), NOON)
        self.intake, _ = domain.resume(seen._replace(flags=()), "why", "dr-smith", NOON)

    @rule()
    def approve_again(self) -> None:
        with contextlib.suppress(NotAllowed):
            assert self.approve(self.intake, domain.Wish(signed_by="x")) == self.intake

    @invariant()
    def inside_the_caps(self) -> None:
        if not hasattr(self, "intake"):
            return
        order = self.plan.dose
        caps = domain.caps(self.intake, self.plan)
        assert caps.floor <= order.dose_micrograms <= caps.hard
        assert order.dose_micrograms <= 120_000
        assert order.dose_micrograms * 1000 <= 1500 * order.dosing_weight_grams
        assert order.dosing_weight_grams <= self.intake.need.weight_grams
        assert order.dose_order_id == domain.dose_order_id(self.plan.plan_id, order.number)
        assert not self.plan.proposed or self.plan.proposed.dose_micrograms <= caps.hard


TestCourse = Course.TestCase
TestCourse.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)


def pack_with(tenths: list[int]) -> domain.Pack:
    """The platform's pack with other amounts per kilogram; the gentle start is its floor."""
    text = _TEXT
    for name, value in (*zip(_RISING, tenths, strict=True), ("gentle_start", tenths[0])):
        head, found, tail = text.partition(f"  {name}:\n    {{value: ")
        assert found
        text = f"{head}{found}{value / 10}{tail[tail.index(',') :]}"
    return packs.read(text)


rising = st.lists(st.integers(1, 30), min_size=6, max_size=6).map(sorted)


@settings(deadline=None, max_examples=60)
@given(
    rising.filter(lambda tenths: tenths[4] > tenths[0]),
    st.integers(18, 100),
    st.integers(20_000, 400_000),
    st.none() | st.integers(0, 9000),
)
def test_no_first_dose_of_any_pack_leaves_that_packs_caps(
    tenths: list[int], age: int, grams: int, earlier: int | None
) -> None:
    rules = pack_with(tenths).dosing
    course = domain.Earlier(domain.EarlierOutcome.HELPED, earlier)
    for told in (course, domain.Earlier(), domain.Earlier(domain.EarlierOutcome.NOT_TOLERATED)):
        dose = starting.start(rules, age, grams, told).micrograms
        assert dose <= rules.hard_cap
        assert dose * 1000 <= rules.hard_cap_per_kg * grams
        assert dosing.lowest(rules, grams) <= dose <= dosing.highest(rules, grams)


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(1, 7)).filter(lambda tenths: list(tenths) != sorted(tenths)))
def test_a_pack_whose_amounts_do_not_rise_is_refused(tenths: list[int]) -> None:
    with pytest.raises(packs.PackBroken):
        pack_with(tenths)
