"""What front and nurses' desks do from a terminal: each command for real, each effect asked for."""

import asyncio
from collections.abc import Iterator

import pytest

from chassis.embedded import remove
from clients import journey
from clients.cli import routing, screen
from clients.network import Network, Options
from clients.network.seed import DENVER, SEATTLE
from clients.tests.front import Front, sessions_of, started, without_response
from halcyon.infusion.events.v1.infusion_events_pb2 import (
    SessionCancelled,
    SessionPlanned,
)
from halcyon.infusion.v1 import infusion_pb2 as chair
from halcyon.intake.events.v1.intake_events_pb2 import (
    IntakeOpened,
    PlanResumed,
    PlanStopped,
    ReferralDeclined,
)
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.referral.events.v1.referral_events_pb2 import ReferralCancelled
from halcyon.referral.v1 import referral_pb2 as loop
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesReleased

NOBODY_TREATS = "M54.5"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    data = tmp_path_factory.mktemp("front") / "data"
    with pytest.MonkeyPatch.context() as patch, Network(data, Options()) as network:
        patch.setattr(screen.console, "width", 100)
        yield Front(network)
    remove(data)


def test_what_waits_is_found_routed_and_withdrawn(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        front.referred("depression-denver.json", indication=NOBODY_TREATS) for _ in range(2)
    )
    newest = front.said("referral", "list", "--status", "received", "--limit", "1")
    assert (second in newest, first in newest, "there are more" in newest) == (True, False, True)
    monkeypatch.setattr(routing, "_PAGE", 1)
    waiting = front.said("referral", "list", "--status", "received")
    assert waiting.index(second) < waiting.index(first)
    assert "not routed yet" in waiting
    assert "Halloran" not in waiting
    front.said("referral", "route", first, "halcyon", refused="more than one clinic")
    front.said("referral", "route", first, "boston", refused="no clinic is called boston")
    assert "routed" in front.said("referral", "route", first, "denver")
    assert front.until(first, IntakeOpened).clinic_id == str(DENVER.clinic_id)
    front.said("referral", "route", first, str(SEATTLE.clinic_id), refused="ALREADY_ROUTED")
    assert first in front.said("referral", "list", "--clinic", "denver")
    assert first not in front.said("referral", "list", "--clinic", "seattle")
    cancelled = front.said("referral", "cancel", first, "--reason", "patient_declined")
    assert "cancelled" in cancelled
    assert front.until(first, ReferralCancelled).status == loop.REFERRAL_STATUS_CANCELLED
    assert front.said("referral", "cancel", first, "--reason", "patient_declined") == cancelled


def test_a_clinic_declines_once(front: Front) -> None:
    referral_id = front.referred("depression-denver.json", IntakeOpened)
    declined = front.said("intake", "decline", referral_id, "--reason", "capacity")
    assert "declined" in declined
    told = front.until(referral_id, ReferralDeclined)
    assert told.status == loop.REFERRAL_STATUS_DECLINED
    assert front.said("intake", "decline", referral_id, "--reason", "capacity") == declined
    other = ("--reason", "wrong_specialty")
    front.said("intake", "decline", referral_id, *other, refused="INTAKE_CLOSED")
    stop = ("--reason", "safety")
    front.said("intake", "stop", referral_id, *stop, refused="PLAN_NOT_ACTIVE")
    cancel = ("--reason", "entered_in_error")
    front.said("referral", "cancel", referral_id, *cancel, refused="REFERRAL_CLOSED")


def test_a_plan_that_the_rules_paused_goes_on_and_is_ended(front: Front) -> None:
    referral_id = front.referred("depression-denver.json", IntakeOpened)
    asyncio.run(without_response(front.network, referral_id))
    assert front.plan(referral_id) == plans.PLAN_STATE_PAUSED
    resume = ("intake", "resume", referral_id, "--rationale", "seen again")
    front.said(*resume, refused="REASSESSMENT_NEEDED")
    front.asked(lambda who: journey.assess(who, referral_id, phq9_score=12), "prescriber")
    assert "active" in front.said(*resume)
    front.until(referral_id, PlanResumed)
    assert front.plan(referral_id) == plans.PLAN_STATE_ACTIVE
    stopped = front.said("intake", "stop", referral_id, "--reason", "non_response")
    assert "stopped" in stopped
    front.until(referral_id, PlanStopped, SeriesReleased)
    assert front.plan(referral_id) == plans.PLAN_STATE_STOPPED


def test_sessions_go_otherwise_than_planned(front: Front) -> None:
    referral_id = front.referred("crps-seattle.json", SessionPlanned)
    running, off, early = asyncio.run(sessions_of(front.network, referral_id))[:3]
    front.said("infusion", "no-show", early, refused="NOT_MISSED")
    assert front.session(early).status == chair.SESSION_STATUS_PLANNED
    asyncio.run(started(front.network, running))
    front.said("infusion", "no-show", running, refused="WRONG_STATE")
    front.said("infusion", "rate", running, "9999", refused="RATE_NOT_ALLOWED")
    assert "now" in front.said("infusion", "rate", running, "60.5")
    before, after = front.session(running).intervals
    assert (before.HasField("end_time"), after.rate_ml_per_h) == (True, "60.5")
    front.said("infusion", "cancel", off, "--reason", "Mood!", refused="INVALID_REQUEST")
    told = front.said("infusion", "cancel", off, "--reason", "clinic_closed")
    assert ("cancelled" in told, "booking stands" in told) == (True, True)
    assert front.said("infusion", "cancel", off, "--reason", "clinic_closed") == told
    assert front.session(off).status == chair.SESSION_STATUS_CANCELLED
    front.until(referral_id, SessionCancelled)
