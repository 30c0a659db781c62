"""Each clinic works by the protocol that it chose, and a visit keeps the one it began with."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from chassis.auth import Principal
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound, Refusal
from chassis.testing import House, somebody
from halcyon.infusion.v1 import monitoring_pb2 as monitoring
from halcyon.infusion.v1 import protocol_service_pb2 as rpc
from services.infusion import api, packs
from services.infusion.store import protocols
from services.infusion.tests import examples as eg
from services.infusion.tests.ward import NURSE, SECOND, STRANGER, Ward, person

TEXT = (Path(packs.__file__).parent / "halcyon-default-2.yaml").read_text("utf-8")
DIRECTOR = person("director", "medical_director")
NETWORK = somebody("medical_director")
_CHOICES = "SELECT count(*) FROM clinic_protocol"
_KEPT = "SELECT count(*) FROM protocol"


def strict(version: int = 1, changes: Mapping[str, str] = MappingProxyType({})) -> str:
    """A protocol that holds from a systolic pressure of 120, and pauses from a pulse of 100."""
    told = TEXT.replace("name: halcyon-default\nversion: 2", f"name: strict\nversion: {version}")
    told = told.replace('{value: 160, source: "[V] MTS', '{value: 120, source: "[V] MTS')
    told = told.replace("level: warn, from: 131, clear: 121", "level: pause, from: 100, clear: 95")
    for old, new in changes.items():
        told = told.replace(old, new)
    return told


class Office:
    """Who answers for protocols."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, api.ProtocolService(house.db)

    async def publish(self, content: str, who: Principal = NETWORK, **about: Any) -> rpc.Protocol:
        request = rpc.PublishProtocolRequest(content=content, **about)
        return (await self.house.call(self.api.PublishProtocol, request, who)).protocol

    async def choose(self, label: str, who: Principal = DIRECTOR) -> rpc.Protocol:
        request = rpc.ChooseProtocolRequest(clinic_id=str(eg.BOSTON), label=label)
        return (await self.house.call(self.api.ChooseProtocol, request, who)).protocol

    async def labels(self, who: Principal, **page: Any) -> list[str]:
        reply = await self.house.call(self.api.ListProtocols, rpc.ListProtocolsRequest(**page), who)
        return [one.label for one in reply.protocols]


@pytest.fixture
async def office(house: House) -> Office:
    return Office(house)


async def test_the_gate_of_a_clinic_is_that_of_its_protocol(house: House, office: Office) -> None:
    ward = Ward(house)
    case, other = await ward.expect(), await ward.expect()
    await ward.arrive(case.session_id(1))
    await office.publish(strict())
    await office.choose("strict@1")
    await ward.arrive(other.session_id(1))
    held = await ward.check(other.session_id(1))
    assert {one.item for one in held.findings} == {"systolic", "double_check"}
    passed = await ward.check(case.session_id(1))
    assert {one.item for one in passed.findings} == {"double_check"}
    assert await house.count("SELECT count(*) FROM attendance WHERE pack = 'strict@1'") == 1
    assert (await ward.whole(other.session_id(1))).protocol == "strict@1"


async def test_alerts_follow_the_protocol_of_the_visit(house: House, office: Office) -> None:
    ward = Ward(house)
    case = await ward.expect()
    await office.publish(strict(changes={"value: 120, source": "value: 160, source"}))
    await office.choose("strict@1")
    await ward.running(case.session_id(1))
    await ward.record(case.session_id(1), eg.reading(ward.later(seconds=30), heart_rate=101))
    await ward.record(case.session_id(1), eg.reading(ward.later(seconds=30), heart_rate=101))
    (alert,) = (await ward.whole(case.session_id(1))).alerts
    assert (alert.rule_id, alert.level) == ("pulse_high", monitoring.ALERT_LEVEL_PAUSE)


async def test_another_clinic_keeps_its_own(house: House, office: Office) -> None:
    await office.publish(strict())
    await office.choose("strict@1")
    ward = Ward(house)
    case = await ward.expect(clinic_id=eg.CHICAGO)
    await ward.arrive(case.session_id(1), STRANGER)
    assert await house.count("SELECT count(*) FROM attendance WHERE pack = 'strict@1'") == 0


async def test_a_process_that_has_not_read_it_yet_reads_it(house: House, office: Office) -> None:
    ward = Ward(house)
    case = await ward.expect()
    await office.publish(strict())
    await office.choose("strict@1")
    await ward.arrive(case.session_id(1))
    protocols.SHELF._read.clear()
    assert (await ward.get(case.session_id(1))).session_id == case.session_id(1)
    await ward.list(series_id=str(case.series_id))
    protocols.SHELF._read.clear()
    await ward.record(case.session_id(1), eg.reading(ward.now()))


@pytest.mark.parametrize(
    ("content", "refusal", "reason"),
    [
        (strict().replace("100, clear: 95", "100, clear: 105"), Invalid, "PROTOCOL_BROKEN"),
        ("name: [", Invalid, "PROTOCOL_BROKEN"),
        (" ", Invalid, "PROTOCOL_BROKEN"),
        (strict(2), NotAllowed, "PROTOCOL_OUT_OF_ORDER"),
        (TEXT.replace("version: 2", "version: 3"), AlreadyExists, "PROTOCOL_TAKEN"),
    ],
)
async def test_what_may_not_be_published_is_refused(
    house: House, office: Office, content: str, refusal: type[Refusal], reason: str
) -> None:
    with pytest.raises(refusal) as refused:
        await office.publish(content)
    assert refused.value.reason == reason
    assert await house.count(_KEPT) == 0


async def test_a_broken_protocol_is_refused_with_its_line(office: Office) -> None:
    content = strict().replace("100, clear: 95", "100, clear: 105")
    number = next(n for n, line in enumerate(content.splitlines(), 1) if "clear: 105" in line)
    with pytest.raises(Invalid) as refused:
        await office.publish(content)
    (fault,) = refused.value.violations
    assert fault.description.startswith(f"line {number}: alerts.2.clear")


async def test_versions_follow_each_other_and_the_same_again_is_the_same(
    house: House, office: Office
) -> None:
    first = await office.publish(strict())
    assert await office.publish(strict()) == first
    with pytest.raises(AlreadyExists):
        await office.publish(strict(changes={"[D] below 45": "[D] under 45"}))
    assert (await office.publish(strict(2), validate_only=True)).version == 2
    assert await house.count(_KEPT) == 1
    await office.publish(strict(2))
    assert await office.labels(NURSE) == ["halcyon-default@2", "strict@1", "strict@2"]
    with pytest.raises(Exception, match="23001"):
        await house.db.fetch("UPDATE protocol SET content = ''")


async def test_a_clinics_own_protocol_is_nobody_elses(office: Office) -> None:
    await office.publish(strict(), DIRECTOR, clinic_id=str(eg.BOSTON))
    assert await office.labels(STRANGER) == ["halcyon-default@2"]
    request = rpc.GetProtocolRequest(label="strict@1")
    with pytest.raises(NotFound):
        await office.house.call(office.api.GetProtocol, request, STRANGER)
    found = await office.house.call(office.api.GetProtocol, request, NURSE)
    assert found.protocol.content == strict()
    with pytest.raises(NotFound):
        await office.publish(strict(), DIRECTOR)
    with pytest.raises(NotFound):
        await office.choose("strict@1", STRANGER)


async def test_what_may_not_be_chosen_is_refused(house: House, office: Office) -> None:
    with pytest.raises(NotFound):
        await office.choose("strict@1")
    soon = (office.house.db.clock() + timedelta(days=3)).date().isoformat()
    await office.publish(strict(changes={"2026-01-01": soon}))
    with pytest.raises(NotAllowed) as refused:
        await office.choose("strict@1")
    assert refused.value.reason == "PROTOCOL_NOT_EFFECTIVE"
    assert await house.count(_CHOICES) == 0
    house.db.travel(timedelta(days=3))
    await office.choose("strict@1")
    await office.choose(packs.CURRENT)
    assert await house.count(_CHOICES) == 1


async def test_pages_of_protocols(office: Office) -> None:
    for version in (1, 2, 3):
        await office.publish(strict(version))
    request = rpc.ListProtocolsRequest(page_size=3)
    first = await office.house.call(office.api.ListProtocols, request, SECOND)
    assert [one.label for one in first.protocols] == ["halcyon-default@2", "strict@1", "strict@2"]
    rest = await office.labels(SECOND, page_size=3, page_token=first.next_page_token)
    assert rest == ["strict@3"]
    with pytest.raises(Invalid):
        await office.labels(SECOND, page_token="nonsense")
