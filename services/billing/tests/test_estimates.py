"""Good Faith Estimates as callers and patients get them."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from chassis.mishaps import DatabaseFault
from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2
from halcyon.billing.v1 import estimate_pb2 as nouns
from halcyon.billing.v1 import estimate_service_pb2 as rpc
from halcyon.billing.v1.superbill_service_pb2 import UpdateBillingProfileRequest
from halcyon.referral.v1.referral_pb2 import Patient
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesHeld
from services.billing import domain, gateway, wire
from services.billing.api import Estimates, Superbills
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    clinic_updated,
    co_provider,
    series_held,
    series_released,
)
from services.billing.tests.papers import PROFILE

FACILITY, MONITORING = "1234567893", "1543219871"
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
OWN = somebody("cashier", clinics=frozenset({CLINIC}))
PERSON = Patient(
    patient_id=str(PATIENT),
    given_name="Ada",
    family_name="Muster",
    birth_date=Date(year=1980, month=2, day=29),
)


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def service(house: House) -> Estimates:
    return Estimates(house.db)


async def signed(house: House, service: Estimates, *shares: nouns.CoProviderShare) -> None:
    await house.given(clinic_updated())
    profile = UpdateBillingProfileRequest(profile=wire.profile_told(PROFILE))
    await house.call(Superbills(house.db).UpdateBillingProfile, profile)
    request = rpc.UpdateCoProvidersRequest(clinic_id=str(CLINIC), shares=shares or [co_provider()])
    await house.call(service.UpdateCoProviders, request)


async def issued(
    house: House, service: Estimates, held: SeriesHeld | None = None
) -> nouns.Estimate:
    held = held or series_held()
    await house.given(held)
    return await newest(house, service, held)


async def newest(house: House, service: Estimates, held: SeriesHeld) -> nouns.Estimate:
    invoice_id = str(domain.invoice_id(UUID(held.series_id)))
    request = rpc.GetEstimateRequest(invoice_id=invoice_id)
    return (await house.call(service.GetEstimate, request, OWN)).estimate


def infusions(count: int = 8, **more: Any) -> nouns.InfusionsWanted:
    return nouns.InfusionsWanted(
        indication_code="F33.2", infusion_minutes=45, session_count=count, **more
    )


def usd(minor_units: int) -> billing_pb2.Money:
    return billing_pb2.Money(currency_code="USD", minor_units=minor_units)


async def test_a_held_series_gets_a_whole_estimate(house: House, service: Estimates) -> None:
    await signed(house, service)
    held = series_held()
    found = await issued(house, service, held)
    (stated, _) = await house.stated()
    assert stated.estimate_id == found.estimate_id
    assert (found.version, found.reason) == (1, nouns.ESTIMATE_REASON_SCHEDULED)
    assert list(found.missing) == []
    assert found.policy == "good-faith-estimate/1"
    assert found.diagnosis_code == "F33.2"
    session, monitoring = found.lines
    assert (session.npi, session.quantity, session.amount) == (FACILITY, 8, usd(360000))
    assert list(session.procedure_codes) == ["96365", "J3490"]
    assert (monitoring.npi, monitoring.amount) == (MONITORING, usd(120000))
    assert found.total == usd(480000)
    assert found.first_service_time == held.sessions[0].start_time
    assert found.last_service_time == held.sessions[-1].start_time
    assert found.due_time.ToDatetime(UTC) > datetime.now(UTC)


async def test_the_same_hold_twice_is_one_estimate(house: House, service: Estimates) -> None:
    held = series_held()
    await house.given(held, held)
    await house.given(held)
    assert await house.count("SELECT count(*) FROM estimate") == 1


async def test_held_again_it_is_estimated_again(house: House, service: Estimates) -> None:
    await signed(house, service)
    held = series_held()
    await house.given(held)
    await house.given(series_released(held, "hold_expired"))
    again = series_held(UUID(held.series_id), revision=3, sessions=6)
    found = await issued(house, service, again)
    assert (found.version, found.reason) == (2, nouns.ESTIMATE_REASON_CHANGED)
    assert found.session_count == 6
    first = rpc.GetEstimateRequest(estimate_id=found.estimate_id, version=1)
    kept = (await house.call(service.GetEstimate, first)).estimate
    assert kept.session_count == 8


async def test_what_is_missing_is_said_and_is_not_given_to_a_patient(
    house: House, service: Estimates
) -> None:
    found = await issued(house, service)
    assert list(found.missing) == ["facility"]
    provide = rpc.ProvideEstimateRequest(
        estimate_id=found.estimate_id, version=1, way=nouns.PROVIDE_WAY_PAPER
    )
    render = rpc.RenderEstimateRequest(estimate_id=found.estimate_id, patient=PERSON)
    for method, request in ((service.ProvideEstimate, provide), (service.RenderEstimate, render)):
        with pytest.raises(NotAllowed) as refused:
            await house.call(method, request)
        assert refused.value.reason == "ESTIMATE_INCOMPLETE"
        assert refused.value.metadata == {"missing": "facility"}
    await signed(house, service)
    revise = rpc.ReviseEstimateRequest(estimate_id=found.estimate_id, version=1)
    whole = (await house.call(service.ReviseEstimate, revise)).estimate
    assert (whole.version, list(whole.missing)) == (2, [])
    assert {line.npi for line in whole.lines} == {FACILITY}
    provide.version = 2
    assert (await house.call(service.ProvideEstimate, provide)).estimate.HasField("provide_time")


async def test_the_first_time_it_reaches_the_patient_counts(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    ways = [nouns.PROVIDE_WAY_ORAL, nouns.PROVIDE_WAY_ELECTRONIC, nouns.PROVIDE_WAY_PAPER]
    told = []
    for way in ways:
        request = rpc.ProvideEstimateRequest(estimate_id=found.estimate_id, version=1, way=way)
        told.append((await house.call(service.ProvideEstimate, request)).estimate)
    assert not told[0].HasField("provide_time")
    assert told[1] == told[2]
    assert told[2].provide_way == nouns.PROVIDE_WAY_ELECTRONIC


async def test_a_question_about_costs_starts_the_clock(house: House, service: Estimates) -> None:
    await signed(house, service)
    request = rpc.RequestEstimateRequest(
        request_id=str(uuid4()),
        clinic_id=str(CLINIC),
        patient_id=str(PATIENT),
        infusions=infusions(),
        items=[nouns.ItemWanted(item="assessment", quantity=1)],
    )
    first = (await house.call(service.RequestEstimate, request, OWN)).estimate
    again = (await house.call(service.RequestEstimate, request, OWN)).estimate
    assert first == again
    assert first.reason == nouns.ESTIMATE_REASON_REQUESTED
    assert [line.item for line in first.lines] == [
        "six-pack", "infusion", "assessment", "monitoring",
    ]  # fmt: skip
    assert list(first.lines[0].procedure_codes) == ["96365", "J3490"]
    assert first.total == usd(333000 + 30000 + 120000)
    due = first.due_time.ToDatetime(UTC) - first.clock_time.ToDatetime(UTC)
    assert timedelta(days=2) < due < timedelta(days=7)
    assert list(first.missing) == []


async def test_what_has_not_reached_its_patient_is_listed_the_most_urgent_first(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    soon, later = datetime.now(UTC) + timedelta(days=10), datetime.now(UTC) + timedelta(days=30)
    far = await issued(house, service, series_held(first=later))
    near = await issued(house, service, series_held(first=soon))
    same_day = await issued(house, service, series_held(first=datetime.now(UTC)))
    await issued(house, service, series_held(clinic=CLINIC))
    given = await issued(house, service)
    provide = rpc.ProvideEstimateRequest(
        estimate_id=given.estimate_id, version=1, way=nouns.PROVIDE_WAY_PAPER
    )
    await house.call(service.ProvideEstimate, provide)
    seen: list[str] = []
    token = ""
    for _ in range(2):
        request = rpc.ListUnprovidedEstimatesRequest(
            clinic_id=str(CLINIC), page_size=2, page_token=token
        )
        page = await house.call(service.ListUnprovidedEstimates, request, OWN)
        seen += [one.estimate_id for one in page.estimates]
        token = page.next_page_token
    assert token == ""
    assert len(seen) == 4
    assert seen[0] == near.estimate_id
    assert seen[-1] == same_day.estimate_id
    assert far.estimate_id in seen
    assert given.estimate_id not in seen
    request = rpc.ListUnprovidedEstimatesRequest(clinic_id=str(CLINIC), due_by=near.due_time)
    page = await house.call(service.ListUnprovidedEstimates, request, OWN)
    assert [one.estimate_id for one in page.estimates] == [near.estimate_id]
    with pytest.raises(NotFound):
        await house.call(service.ListUnprovidedEstimates, request, STRANGER)


async def test_a_change_of_scope_is_a_new_version_once(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    revise = rpc.ReviseEstimateRequest(
        estimate_id=found.estimate_id,
        version=1,
        items=[nouns.ItemWanted(item="kap", quantity=2)],
    )
    changed = (await house.call(service.ReviseEstimate, revise)).estimate
    assert (changed.version, changed.total) == (2, usd(480000 + 40000))
    assert (await house.call(service.ReviseEstimate, revise)).estimate == changed
    revise.items[0].item = "ecg"
    with pytest.raises(NotAllowed) as refused:
        await house.call(service.ReviseEstimate, revise)
    assert refused.value.reason == "ESTIMATE_CHANGED"
    assert await house.count("SELECT count(*) FROM estimate") == 2


async def test_a_change_on_the_day_before_a_holiday_weekend_is_too_late(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    tomorrow = Timestamp(seconds=int(datetime.now(UTC).timestamp()))
    revise = rpc.ReviseEstimateRequest(
        estimate_id=found.estimate_id,
        version=1,
        items=[nouns.ItemWanted(item="kap", quantity=2)],
        service_time=tomorrow,
    )
    with pytest.raises(NotAllowed) as refused:
        await house.call(service.ReviseEstimate, revise)
    assert refused.value.reason == "TOO_LATE_TO_CHANGE"


async def charge(
    house: House, service: Estimates, invoice_id: str, item: str, quantity: int, npi: str = ""
) -> rpc.CreateChargeResponse:
    request = rpc.CreateChargeRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_id,
        item=nouns.ItemWanted(item=item, quantity=quantity),
        npi=npi,
    )
    return await house.call(service.CreateCharge, request, OWN)


def level(watches: Any, npi: str) -> tuple[int, int]:
    (one,) = [watch for watch in watches if watch.npi == npi]
    return one.excess.minor_units, one.level


async def test_the_bill_is_warned_about_and_then_stopped_at_the_threshold(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    added = await charge(house, service, found.invoice_id, "ecg", 3)
    assert level(added.watches, FACILITY) == (22500, nouns.EXCESS_LEVEL_WITHIN)
    added = await charge(house, service, found.invoice_id, "ecg", 1)
    assert level(added.watches, FACILITY) == (30000, nouns.EXCESS_LEVEL_WARNING)
    added = await charge(house, service, found.invoice_id, "ecg", 1)
    assert level(added.watches, FACILITY) == (37500, nouns.EXCESS_LEVEL_WARNING)
    before = await house.count("SELECT count(*) FROM journal_entry")
    with pytest.raises(NotAllowed) as refused:
        await charge(house, service, found.invoice_id, "ondansetron", 2)
    assert refused.value.reason == "ESTIMATE_EXCEEDED"
    assert refused.value.metadata == {"npi": FACILITY, "excess_minor_units": "40500"}
    assert await house.count("SELECT count(*) FROM charge") == 3
    assert await house.count("SELECT count(*) FROM journal_entry") == before == 3
    consent = rpc.ConsentToExcessRequest(
        estimate_id=found.estimate_id, version=1, excess=usd(40500)
    )
    await house.call(service.ConsentToExcess, consent)
    added = await charge(house, service, found.invoice_id, "ondansetron", 2)
    assert level(added.watches, FACILITY) == (40500, nouns.EXCESS_LEVEL_WARNING)
    with pytest.raises(NotAllowed):
        await charge(house, service, found.invoice_id, "ondansetron", 1)
    revise = rpc.ReviseEstimateRequest(
        estimate_id=found.estimate_id,
        version=1,
        items=[nouns.ItemWanted(item="ondansetron", quantity=30)],
    )
    await house.call(service.ReviseEstimate, revise)
    added = await charge(house, service, found.invoice_id, "ondansetron", 1)
    assert level(added.watches, FACILITY) == (42000 - 45000, nouns.EXCESS_LEVEL_WITHIN)
    sums = await house.db.fetch("SELECT rule, amounts FROM journal_entry")
    assert all(sum(row["amounts"]) == 0 for row in sums)
    asked = rpc.GetExcessRequest(invoice_id=found.invoice_id)
    told = await house.call(service.GetExcess, asked, OWN)
    assert list(told.watches) == list(added.watches)


async def test_each_provider_is_watched_alone(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    added = await charge(house, service, found.invoice_id, "kap", 1, "2000000010")
    assert level(added.watches, "2000000010") == (20000, nouns.EXCESS_LEVEL_WITHIN)
    with pytest.raises(NotAllowed):
        await charge(house, service, found.invoice_id, "kap", 1, "2000000010")
    added = await charge(house, service, found.invoice_id, "kap", 1)
    assert level(added.watches, FACILITY) == (20000, nouns.EXCESS_LEVEL_WITHIN)


async def test_one_request_is_one_charge(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    request = rpc.CreateChargeRequest(
        request_id=str(uuid4()),
        invoice_id=found.invoice_id,
        item=nouns.ItemWanted(item="kap", quantity=1),
    )
    first = await house.call(service.CreateCharge, request)
    assert await house.call(service.CreateCharge, request) == first
    assert await house.count("SELECT count(*) FROM charge") == 1


@pytest.mark.parametrize(("item", "field"), [("massage", "item"), ("infusion", "item")])
async def test_what_cannot_be_charged_is_refused(
    house: House, service: Estimates, item: str, field: str
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    with pytest.raises(Invalid) as refused:
        await charge(house, service, found.invoice_id, item, 1)
    assert refused.value.violations[0].field == field
    assert await house.count("SELECT count(*) FROM charge") == 0


async def test_a_quote_adds_up_and_explains_itself(house: House, service: Estimates) -> None:
    request = rpc.GetQuoteRequest(clinic_id=str(CLINIC), infusions=infusions())
    found = (await house.call(service.GetQuote, request, OWN)).quote
    assert found.total == usd(333000)
    assert sum(line.amount.minor_units for line in found.lines) == found.total.minor_units
    assert all(line.reasons for line in found.lines)
    request.infusions.packages = nouns.PACKAGE_PREFERENCE_NONE
    alone = (await house.call(service.GetQuote, request, OWN)).quote
    assert alone.total == usd(360000)
    with pytest.raises(Invalid):
        await house.call(service.GetQuote, rpc.GetQuoteRequest(clinic_id=str(CLINIC)), OWN)


async def test_a_quote_and_the_invoice_say_the_same(house: House, service: Estimates) -> None:
    held = series_held(sessions=1)
    held.indication_code, held.infusion_minutes = "G90.50", 130
    found = await issued(house, service, held)
    wanted = nouns.InfusionsWanted(indication_code="G90.50", infusion_minutes=130, session_count=1)
    request = rpc.GetQuoteRequest(clinic_id=str(CLINIC), infusions=wanted)
    assert (await house.call(service.GetQuote, request)).quote.total == found.total == usd(90000)


async def test_another_clinics_estimate_does_not_exist(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    here: Any = {"estimate_id": found.estimate_id}
    for method, request in (
        (service.GetEstimate, rpc.GetEstimateRequest(**here)),
        (service.ReviseEstimate, rpc.ReviseEstimateRequest(**here, version=1)),
        (
            service.ProvideEstimate,
            rpc.ProvideEstimateRequest(**here, version=1, way=nouns.PROVIDE_WAY_PAPER),
        ),
        (service.ConsentToExcess, rpc.ConsentToExcessRequest(**here, version=1, excess=usd(1))),
        (service.RenderEstimate, rpc.RenderEstimateRequest(**here, patient=PERSON)),
        (service.GetExcess, rpc.GetExcessRequest(invoice_id=found.invoice_id)),
        (service.GetQuote, rpc.GetQuoteRequest(clinic_id=str(CLINIC), infusions=infusions())),
        (service.UpdateCoProviders, rpc.UpdateCoProvidersRequest(clinic_id=str(CLINIC))),
    ):
        with pytest.raises(NotFound):
            await house.call(method, request, STRANGER)
    unknown = rpc.GetEstimateRequest(estimate_id=str(uuid4()))
    with pytest.raises(NotFound):
        await house.call(service.GetEstimate, unknown)


async def test_another_currency_is_refused(house: House, service: Estimates) -> None:
    found = await issued(house, service)
    request = rpc.ConsentToExcessRequest(
        estimate_id=found.estimate_id,
        version=1,
        excess=billing_pb2.Money(currency_code="EUR", minor_units=1),
    )
    with pytest.raises(Invalid) as refused:
        await house.call(service.ConsentToExcess, request)
    assert refused.value.violations[0].field == "excess.currency_code"


async def test_the_numbers_of_a_co_provider_are_checked(house: House, service: Estimates) -> None:
    wrong = co_provider()
    wrong.provider.npi, wrong.price.currency_code = "1234567890", "EUR"
    request = rpc.UpdateCoProvidersRequest(clinic_id=str(CLINIC), shares=[wrong])
    with pytest.raises(Invalid) as refused:
        await house.call(service.UpdateCoProviders, request)
    fields = [fault.field for fault in refused.value.violations]
    assert fields == ["shares[0].provider.npi", "shares[0].price.currency_code"]
    assert await house.count("SELECT count(*) FROM co_provider") == 0


async def test_an_estimate_keeps_who_billed_then(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    other = co_provider()
    other.price.minor_units = 99900
    await signed(house, service, other)
    request = rpc.GetEstimateRequest(estimate_id=found.estimate_id)
    assert (await house.call(service.GetEstimate, request)).estimate == found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE estimate SET total_minor_units = 1",
        "UPDATE estimate SET lines = '[]'",
        "DELETE FROM estimate",
        "TRUNCATE estimate",
        "UPDATE estimate SET providers = '[]'",
        "UPDATE estimate SET provide_time = now(), missing = '{x}'",
    ],
)
async def test_the_database_keeps_what_was_estimated(
    house: House, service: Estimates, statement: str
) -> None:
    await signed(house, service)
    await issued(house, service)
    with pytest.raises(DatabaseFault):
        await house.as_owner(statement)


async def test_the_document_says_all_that_it_must(house: House, service: Estimates) -> None:
    await signed(house, service)
    found = await issued(house, service)
    request = rpc.RenderEstimateRequest(estimate_id=found.estimate_id, patient=PERSON)
    made = await house.call(service.RenderEstimate, request, OWN)
    assert made.file_name == f"good-faith-estimate-{found.estimate_id}-v1.pdf"
    reader = pypdf.PdfReader(io.BytesIO(made.pdf))
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in (
        "Ada Muster", "February 29, 1980",
        "Ketamine infusion, 45 minutes", "F33.2", "8 sessions within 4 weeks", "12 months",
        "Halcyon Denver PLLC", "NPI 1234567893", "TIN 84-0000001", "State CO", "Denver, CO 80202",
        "Front Range Anesthesia PC", "NPI 1543219871", "TIN 98-7654321",
        "96365, J3490", "99152", "450.00 USD", "3,600.00 USD", "1,200.00 USD", "4,800.00 USD",
        "Scheduled separately", "+13035550100",
        "further items or services", "only an estimate", "at least USD 400", "120 calendar days",
        "will not affect the quality", "not a contract",
        found.estimate_id,
    ):  # fmt: skip
        assert words in text, words
    assert reader.xmp_metadata
    assert b"pdfaid" in made.pdf


async def test_a_document_without_a_whole_birth_date_is_refused(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    request = rpc.RenderEstimateRequest(estimate_id=found.estimate_id, patient=PERSON)
    request.patient.birth_date.day = 31
    with pytest.raises(Invalid):
        await house.call(service.RenderEstimate, request)


async def test_another_patients_name_does_not_belong_on_it(
    house: House, service: Estimates
) -> None:
    await signed(house, service)
    found = await issued(house, service)
    request = rpc.RenderEstimateRequest(estimate_id=found.estimate_id, patient=PERSON)
    request.patient.patient_id = str(uuid4())
    with pytest.raises(Invalid) as refused:
        await house.call(service.RenderEstimate, request)
    assert refused.value.violations[0].field == "patient.patient_id"
