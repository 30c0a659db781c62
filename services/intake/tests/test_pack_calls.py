"""Packs are published as new versions, chosen clinic by clinic, and kept with each plan."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Principal
from chassis.mishaps import DatabaseFault
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound
from chassis.testing import somebody
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as policies
from halcyon.intake.v1 import pack_pb2 as rpc
from services.intake import packs
from services.intake.store import publications
from services.intake.tests import examples as eg
from services.intake.tests.practice import Practice

BOSTON = somebody("medical_director", clinics=frozenset({eg.BOSTON}))
CHICAGO = somebody("medical_director", clinics=frozenset({eg.CHICAGO}))
NETWORK = somebody("medical_director")


def text(name: str = "boston-own", version: int = 1) -> str:
    """The platform's own pack under another name."""
    found = packs.shipped()[packs.CURRENT][1].content
    found = found.replace("name: halcyon-default", f"name: {name}", 1)
    return found.replace("version: 1", f"version: {version}", 1)


async def publish(
    practice: Practice, content: str, who: Principal = BOSTON, **more: Any
) -> rpc.Pack:
    fields = {"clinic_id": str(eg.BOSTON)} | more
    request = rpc.PublishPackRequest(content=content, **fields)
    return (await practice.house.call(practice.api.PublishPack, request, who)).pack


async def choose(
    practice: Practice, label: str, who: Principal = BOSTON, clinic_id: UUID = eg.BOSTON
) -> nouns.ClinicPolicy:
    policy = nouns.ClinicPolicy(
        clinic_id=str(clinic_id),
        approval=nouns.APPROVAL_SPECIALIST,
        schedule="six_in_two_weeks",
        pack=label,
    )
    request = policies.UpdateClinicPolicyRequest(policy=policy)
    return (await practice.house.call(practice.api.UpdateClinicPolicy, request, who)).policy


async def listed(practice: Practice, who: Principal, **page: Any) -> rpc.ListPacksResponse:
    request = rpc.ListPacksRequest(**page)
    return await practice.house.call(practice.api.ListPacks, request, who)


async def get(practice: Practice, label: str, who: Principal) -> rpc.Pack:
    request = rpc.GetPackRequest(label=label)
    return (await practice.house.call(practice.api.GetPack, request, who)).pack


async def test_a_clinic_follows_the_pack_it_has_chosen(practice: Practice) -> None:
    before = await practice.open()
    await practice.assess(before)
    milder = text().replace("value: 0.5, unit: mg/kg", "value: 0.4, unit: mg/kg", 1)
    published = await publish(practice, milder)
    assert (published.label, published.schedules[0]) == ("boston-own@1", "taper_3_2_1_1_1")
    assert (await choose(practice, "boston-own@1")).pack == "boston-own@1"
    after = await practice.open()
    await practice.assess(after)
    old, new = [(await practice.approve(intake_id)).plan for intake_id in (before, after)]
    assert (old.pack, old.dose.dose_micrograms) == ("halcyon-default@1", 35000)
    assert (new.pack, new.dose.dose_micrograms) == ("boston-own@1", 28000)
    assert (await practice.get(intake_id=after)).plan == new


async def test_versions_follow_each_other_and_never_change(practice: Practice) -> None:
    first = await publish(practice, text())
    assert await publish(practice, text()) == first
    with pytest.raises(AlreadyExists) as taken:
        await publish(practice, text() + "# another word\n")
    assert taken.value.reason == "PACK_TAKEN"
    with pytest.raises(NotAllowed) as gap:
        await publish(practice, text(version=3))
    assert gap.value.metadata == {"next_version": "2"}
    assert (await publish(practice, text(version=2), validate_only=True)).version == 2
    assert await practice.house.count("SELECT count(*) FROM protocol_pack") == 1
    await publish(practice, text(version=2))
    with pytest.raises(DatabaseFault):
        await practice.house.db.fetch("UPDATE protocol_pack SET content = ''")


@pytest.mark.parametrize(
    ("content", "who", "more", "kind"),
    [
        (text("halcyon-default", 2), NETWORK, {"clinic_id": ""}, AlreadyExists),
        (text(), BOSTON, {"clinic_id": ""}, NotFound),
        (text(), CHICAGO, {}, NotFound),
        (text(version=2), BOSTON, {}, NotAllowed),
        ("name: boston", BOSTON, {}, Invalid),
    ],
)
async def test_a_pack_is_not_published(
    practice: Practice, content: str, who: Principal, more: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await publish(practice, content, who, **more)
    assert await practice.house.count("SELECT count(*) FROM protocol_pack") == 0


async def test_a_broken_pack_is_refused_with_its_line(practice: Practice) -> None:
    broken = text().replace("from: 5, to: 9", "from: 6, to: 9", 1)
    line = broken[: broken.index("from: 6, to: 9")].count("\n") + 1
    with pytest.raises(Invalid) as refused:
        await publish(practice, broken)
    (fault,) = refused.value.violations
    assert re.match(rf"line {line}: scales.phq9.bands\[1\]: leaves a gap", fault.description)


async def test_a_name_belongs_to_who_published_it_first(practice: Practice) -> None:
    await publish(practice, text())
    with pytest.raises(AlreadyExists):
        await publish(practice, text(version=2), CHICAGO, clinic_id=str(eg.CHICAGO))


async def test_only_a_pack_in_force_and_ones_own_may_be_chosen(practice: Practice) -> None:
    later = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    await publish(practice, text().replace("2026-01-01", later, 1))
    with pytest.raises(NotAllowed) as early:
        await choose(practice, "boston-own@1")
    assert early.value.reason == "PACK_NOT_EFFECTIVE"
    practice.house.db.travel(timedelta(days=3))
    await choose(practice, "boston-own@1")
    for label in ("boston-own@1", "boston-own@2", "nonsense", "x@y"):
        with pytest.raises(NotFound):
            await choose(practice, label, CHICAGO, eg.CHICAGO)


async def test_packs_are_read_by_those_who_may_choose_them(practice: Practice) -> None:
    await publish(practice, text())
    await publish(practice, text("all-clinics"), NETWORK, clinic_id="")
    first = await listed(practice, BOSTON, page_size=2)
    rest = await listed(practice, BOSTON, page_size=2, page_token=first.next_page_token)
    labels = [pack.label for pack in (*first.packs, *rest.packs)]
    assert labels == ["all-clinics@1", "boston-own@1", "halcyon-default@1"]
    there = (await listed(practice, CHICAGO)).packs
    assert [pack.label for pack in there] == ["all-clinics@1", "halcyon-default@1"]
    assert (await get(practice, "boston-own@1", BOSTON)).content == text()
    for label, who in (("boston-own@1", CHICAGO), ("gone@1", BOSTON)):
        with pytest.raises(NotFound):
            await get(practice, label, who)
    with pytest.raises(Invalid):
        await listed(practice, BOSTON, page_token="WyJhIiwiYiJd")


async def test_a_published_pack_is_found_by_another_process(practice: Practice) -> None:
    """The cache is one process's; another one reads the text again."""
    await publish(practice, text())
    await choose(practice, "boston-own@1")
    intake_id = await practice.open()
    publications.SHELF._read.clear()
    assert (await practice.assess(intake_id)).flags
    publications.SHELF._read.clear()
    page = await practice.list()
    assert [intake.intake_id for intake in page.intakes] == [intake_id]
