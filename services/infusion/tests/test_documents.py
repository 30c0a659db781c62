"""The summary of a session as people and as other systems read it."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import fhirkit
import pypdf
import pytest
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, NotFound
from chassis.testing import House
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1 import observation_pb2 as noted
from halcyon.infusion.v1 import summary_service_pb2 as rpc
from services.infusion.api import SummaryService
from services.infusion.documents.nodes import decimal, written
from services.infusion.tests import examples as eg
from services.infusion.tests.custody_examples import Cabinet
from services.infusion.tests.test_custody_session import running
from services.infusion.tests.ward import DOCTOR, NURSE, STRANGER

STATUSES = {
    "CarePlan": {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error"},
    "MedicationAdministration": {
        "in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown",
    },
    "Observation": {"registered", "preliminary", "final", "amended"},
    "QuestionnaireResponse": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
}  # fmt: skip


class Writer:
    """One session with everything in it, and its documents."""

    def __init__(self, house: House) -> None:
        self.house, self.cabinet = house, Cabinet(house)
        self.session = nouns.Session()

    async def live(self) -> None:
        """A whole visit: a bad reading, an adverse event, an antiemetic, a waste, the way home."""
        ward = self.cabinet.ward
        await self.cabinet.open()
        (vial,) = await self.cabinet.receive("A-1")
        session_id = await running(ward)
        now = ward.now()
        hot = eg.reading(now - timedelta(minutes=20), systolic=166, diastolic=96, moaas=4)
        low = eg.reading(now - timedelta(minutes=19), oxygen_saturation=94)
        low.ClearField("systolic")
        low.ClearField("diastolic")
        low.ClearField("moaas")
        await ward.record(session_id, hot, low)
        await self.observe(
            session_id,
            adverse_event=noted.AdverseEvent(code="nausea", severity=noted.SEVERITY_MODERATE),
        )
        ondansetron = noted.Medication(code="ondansetron", amount="4.0", unit="mg", route="iv")
        await self.observe(session_id, medication=ondansetron)
        await self.observe(session_id, scale=noted.Scale(code="cadss", score=12))
        await self.observe(session_id, session_note=noted.SessionNote(code="kap", note="secret"))
        await ward.complete(session_id, container_id=vial.container_id)
        ward.later(minutes=1)
        await ward.recover(session_id)
        ward.later(minutes=70)
        self.session = await ward.discharge(session_id)

    async def observe(self, session_id: str, **about: Any) -> None:
        request = monitoring.RecordObservationRequest(
            session_id=session_id,
            request_id=str(uuid4()),
            observation=noted.Observation(**about),
        )
        await self.house.call(self.cabinet.ward.api.RecordObservation, request, NURSE)

    async def write(
        self, form: rpc.SummaryFormat.ValueType, who: Any = DOCTOR, **changes: Any
    ) -> rpc.GetSessionSummaryResponse:
        told: dict[str, Any] = {
            "session_id": self.session.session_id,
            "clinic_name": "Halcyon Boston",
            "time_zone": "America/New_York",
            "patient": rpc.SummaryPatient(
                patient_id=self.session.patient_id,
                given_name="Synthia",
                family_name="Sample",
                birth_date=Date(year=1980, month=2, day=29),
                gender=rpc.SUMMARY_GENDER_FEMALE,
            ),
        }
        request = rpc.GetSessionSummaryRequest(format=form, **told | changes)
        return await self.house.call(SummaryService(self.house.db).GetSessionSummary, request, who)

    async def bundle(self, **changes: Any) -> dict[str, Any]:
        reply = await self.write(rpc.SUMMARY_FORMAT_FHIR, **changes)
        assert reply.media_type == "application/fhir+json"
        checked = fhirkit.parse(reply.document)
        assert not [issue for issue in checked.issues if issue.severity == "error"]
        made: dict[str, Any] = json.loads(reply.document, parse_float=Decimal)
        return made


@pytest.fixture
async def writer(house: House) -> Writer:
    made = Writer(house)
    await made.live()
    return made


async def test_the_bundle_is_valid_and_whole(writer: Writer) -> None:
    bundle = await writer.bundle()
    resources = [one["resource"] for one in bundle["entry"]]
    kinds = Counter(one["resourceType"] for one in resources)
    assert kinds["Patient"] == kinds["CarePlan"] == kinds["QuestionnaireResponse"] == 1
    assert kinds["MedicationAdministration"] == 2
    assert kinds["AdverseEvent"] == 1
    assert kinds["Observation"] > 10
    for one in resources:
        if one["resourceType"] in STATUSES:
            assert one["status"] in STATUSES[one["resourceType"]]
    urls = {one["fullUrl"] for one in bundle["entry"]}
    assert len(urls) == len(resources)
    assert set(references(bundle)) - {"#drug"} <= urls


async def test_the_infusion_says_what_was_given_exactly(writer: Writer) -> None:
    resources = [one["resource"] for one in (await writer.bundle())["entry"]]
    infusion, antiemetic = [r for r in resources if r["resourceType"] == "MedicationAdministration"]
    assert infusion["status"] == "completed"
    assert infusion["dosage"]["dose"]["value"] == 35
    assert infusion["contained"][0]["batch"]["lotNumber"] == "L1"
    assert infusion["effectivePeriod"]["start"][-6:] in ("-05:00", "-04:00")
    assert antiemetic["dosage"]["dose"]["value"] == 4
    (answers,) = [r for r in resources if r["resourceType"] == "QuestionnaireResponse"]
    assert [one["answer"][0]["valueInteger"] for one in answers["item"]] == [18, 0]


async def test_the_page_is_read_by_people(writer: Writer) -> None:
    reply = await writer.write(rpc.SUMMARY_FORMAT_PDF)
    assert reply.media_type == "application/pdf"
    page = pypdf.PdfReader(io.BytesIO(reply.document))
    text = "\n".join(one.extract_text() for one in page.pages)
    for words in (
        "Halcyon Boston", "Sample, Synthia", "1980-02-29", "35 mg in 100 mL", "166/96", "nausea",
        "moderate", "ondansetron", "4 mg", "IV", "CADSS", "10 of 10", "lot L1",
        "administered", "0.35 mL", "America/New_York",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("form", [rpc.SUMMARY_FORMAT_PDF, rpc.SUMMARY_FORMAT_FHIR])
async def test_protected_words_stay_in_the_record(
    writer: Writer, form: rpc.SummaryFormat.ValueType
) -> None:
    reply = await writer.write(form)
    text = reply.document.decode("latin-1")
    if form == rpc.SUMMARY_FORMAT_PDF:
        page = pypdf.PdfReader(io.BytesIO(reply.document))
        text = "\n".join(one.extract_text() for one in page.pages)
    assert "secret" not in text
    assert "Synthetic Escort" not in text


async def test_without_a_patient_nobody_is_named(writer: Writer) -> None:
    bundle = await writer.bundle(patient=None)
    assert bundle["entry"][0]["resource"] == {
        "resourceType": "Patient",
        "id": writer.session.patient_id,
    }
    reply = await writer.write(rpc.SUMMARY_FORMAT_PDF, patient=None, clinic_name="", time_zone="")
    text = pypdf.PdfReader(io.BytesIO(reply.document)).pages[0].extract_text()
    assert writer.session.patient_id in text
    assert str(eg.BOSTON) in text


async def test_no_name_stands_on_the_record_of_somebody_else(writer: Writer) -> None:
    stranger = rpc.SummaryPatient(patient_id=str(uuid4()), given_name="A", family_name="B")
    with pytest.raises(Invalid):
        await writer.write(rpc.SUMMARY_FORMAT_PDF, patient=stranger)
    with pytest.raises(Invalid):
        await writer.write(rpc.SUMMARY_FORMAT_PDF, time_zone="Mars/Olympus")
    with pytest.raises(NotFound):
        await writer.write(rpc.SUMMARY_FORMAT_PDF, who=STRANGER)
    with pytest.raises(NotFound):
        await writer.write(rpc.SUMMARY_FORMAT_PDF, session_id=str(uuid4()))


async def test_what_happens_before_the_start_blames_no_infusion(house: House) -> None:
    writer, at = Writer(house), eg.NOON.year
    ward = writer.cabinet.ward
    case = await ward.expect()
    await ward.ready(case.session_id(1))
    fainted = noted.AdverseEvent(code="syncope", severity=noted.SEVERITY_MILD)
    await writer.observe(case.session_id(1), adverse_event=fainted)
    writer.session = await ward.get(case.session_id(1))
    resources = [one["resource"] for one in (await writer.bundle())["entry"]]
    by_kind = {one["resourceType"]: one for one in resources}
    assert "MedicationAdministration" not in by_kind
    assert "suspectEntity" not in by_kind["AdverseEvent"]
    assert int(by_kind["QuestionnaireResponse"]["authored"][:4]) >= at
    assert by_kind["CarePlan"]["activity"][0]["detail"]["status"] == "in-progress"


async def test_a_session_that_is_only_planned_has_a_summary_too(house: House) -> None:
    writer = Writer(house)
    case = await writer.cabinet.ward.expect()
    writer.session = await writer.cabinet.ward.get(case.session_id(1))
    bundle = await writer.bundle()
    assert [one["resource"]["resourceType"] for one in bundle["entry"]] == ["Patient", "CarePlan"]
    assert (await writer.write(rpc.SUMMARY_FORMAT_PDF)).document.startswith(b"%PDF-")


def test_decimals_are_written_as_they_are() -> None:
    exact = "0.1000000000000000055511151231257827"
    told = written({"value": decimal(exact), "note": "@35", "code": "35"})
    assert told == f'{{"value": {exact}, "note": "@35", "code": "35"}}'.encode()


def references(node: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(node, dict):
        if "reference" in node:
            yield node["reference"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
