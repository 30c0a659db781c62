"""Receipts on a real database: versions, voids, what is paid, and who may not hear."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2
from halcyon.billing.v1 import ledger_service_pb2 as ledger
from halcyon.billing.v1 import superbill_pb2 as nouns
from halcyon.billing.v1 import superbill_service_pb2 as rpc
from halcyon.referral.v1 import referral_pb2 as people
from services.billing import domain, gateway, wire
from services.billing.api import Ledger, Superbills
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    infusion_completed,
    series_held,
)
from services.billing.tests.papers import PROFILE
from services.billing.tests.test_documents import judged, words

UNIT = 45000
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
PERSON = people.Patient(
    patient_id=str(PATIENT),
    given_name="Pat",
    family_name="Sample",
    birth_date=Date(year=1985, month=4, day=9),
    sex_at_birth=people.SEX_AT_BIRTH_FEMALE,
    address=people.PostalAddress(
        line="1 Sample Road", city="Aurora", state="CO", postal_code="80010"
    ),
)
DOCTOR = people.Practitioner(npi="2000000010", given_name="Robin", family_name="Referrer")
PAYER = nouns.ClaimPayer(name="Example Health", payer_id="99999", member_id="XEH1")
FORMS = nouns.SuperbillFormat


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
async def desk(house: House) -> Superbills:
    desk = Superbills(house.db)
    request = rpc.UpdateBillingProfileRequest(profile=wire.profile_told(PROFILE))
    await house.call(desk.UpdateBillingProfile, request)
    return desk


async def delivered(house: House, count: int = 1, *, pay: bool = True) -> tuple[str, list[str]]:
    held = series_held(sessions=4)
    await house.given(held)
    if pay:
        await house.run_errands("collect-payment")
    for number in range(1, count + 1):
        await house.given(infusion_completed(held, number))
    await house.stated()
    bills = [str(domain.superbill_id(UUID(one.session_id))) for one in held.sessions[:count]]
    return str(domain.invoice_id(UUID(held.series_id))), bills


def printing(form: Any, **changes: Any) -> rpc.RenderSuperbillRequest:
    about = {"format": form, "patient": PERSON, "referrer": DOCTOR, "payer": PAYER}
    return rpc.RenderSuperbillRequest(**{**about, **changes})


async def test_a_receipt_names_the_clinic_where_the_session_was_given(
    house: House, desk: Superbills
) -> None:
    """A transferred series is treated elsewhere than it was sold; the money stays where it was."""
    held = series_held()
    await house.given(held)
    elsewhere = infusion_completed(held, 1)
    elsewhere.clinic_id = str(uuid4())
    await house.given(elsewhere)
    invoice_id = domain.invoice_id(UUID(held.series_id))
    ((given, sold),) = await house.db.fetch(
        "SELECT superbill.clinic_id, invoice.clinic_id FROM superbill JOIN invoice"
        " USING (invoice_id) WHERE invoice_id = $1",
        invoice_id,
    )
    assert (str(given), str(sold)) == (elsewhere.clinic_id, held.clinic_id)
    entries = await house.db.fetch("SELECT DISTINCT clinic_id FROM journal_entry")
    assert [str(row[0]) for row in entries] == [held.clinic_id]


async def test_a_receipt_is_the_session_line_by_line(house: House, desk: Superbills) -> None:
    _, (bill,) = await delivered(house)
    found = await house.call(desk.GetSuperbill, rpc.GetSuperbillRequest(superbill_id=bill))
    shown = found.superbill
    assert (shown.version, shown.diagnosis_code, shown.running_minutes) == (1, "F33.2", 45)
    assert [line.code for line in shown.lines] == ["96365", "J3490"]
    assert sum(line.charge.minor_units for line in shown.lines) == shown.charge.minor_units == UNIT
    assert (shown.paid.minor_units, shown.claim_table) == (UNIT, "halcyon-claims/1")
    assert (shown.lines[1].ndc, shown.lines[1].millilitres) == ("00143950910", "0.35")


async def test_every_form_is_made_of_the_same_receipt(house: House, desk: Superbills) -> None:
    invoice_id, (bill, _) = await delivered(house, 2)
    one = {"superbill_id": bill}
    pdf = await house.call(desk.RenderSuperbill, printing(FORMS.SUPERBILL_FORMAT_PDF, **one))
    assert (pdf.media_type, pdf.file_name) == ("application/pdf", f"superbill-{bill}.pdf")
    assert "Total charge USD 450.00" in words(pdf.content)
    assert "Card, online 1,800.00" in words(pdf.content)
    series = printing(FORMS.SUPERBILL_FORMAT_PDF, invoice_id=invoice_id)
    whole = await house.call(desk.RenderSuperbill, series)
    assert "Total charge USD 900.00" in words(whole.content)
    claim = await house.call(
        desk.RenderSuperbill, printing(FORMS.SUPERBILL_FORMAT_X12_837P, invoice_id=invoice_id)
    )
    assert judged(claim.content.decode()) == "A"
    for form in (FORMS.SUPERBILL_FORMAT_FHIR_INVOICE, FORMS.SUPERBILL_FORMAT_FHIR_CLAIM):
        made = await house.call(desk.RenderSuperbill, printing(form, **one))
        assert made.media_type == "application/fhir+json"


async def test_nothing_of_the_patient_stays(house: House, desk: Superbills) -> None:
    _, (bill,) = await delivered(house)
    await house.call(desk.RenderSuperbill, printing(FORMS.SUPERBILL_FORMAT_PDF, superbill_id=bill))
    tables = await house.db.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (table,) in tables:
        found = await house.count(
            f"SELECT count(*) FROM {table} AS kept WHERE kept::text ILIKE '%Sample%'"
        )
        assert found == 0, table


async def test_a_payer_is_not_told_what_the_patient_restricted(
    house: House, desk: Superbills
) -> None:
    invoice_id, (bill,) = await delivered(house)
    restrict = rpc.UpdateDisclosureRestrictionRequest(
        invoice_id=invoice_id, restriction=nouns.DISCLOSURE_RESTRICTION_SELF_PAY
    )
    await house.call(desk.UpdateDisclosureRestriction, restrict)
    for form in (FORMS.SUPERBILL_FORMAT_FHIR_CLAIM, FORMS.SUPERBILL_FORMAT_X12_837P):
        for about in ({"superbill_id": bill}, {"invoice_id": invoice_id}):
            with pytest.raises(NotAllowed) as refused:
                await house.call(desk.RenderSuperbill, printing(form, **about))
            assert refused.value.reason == "DISCLOSURE_RESTRICTED"
    for form in (FORMS.SUPERBILL_FORMAT_PDF, FORMS.SUPERBILL_FORMAT_FHIR_INVOICE):
        made = await house.call(desk.RenderSuperbill, printing(form, superbill_id=bill))
        assert made.content
    restrict.restriction = nouns.DISCLOSURE_RESTRICTION_NONE
    await house.call(desk.UpdateDisclosureRestriction, restrict)
    request = printing(FORMS.SUPERBILL_FORMAT_X12_837P, superbill_id=bill)
    assert (await house.call(desk.RenderSuperbill, request)).content


async def test_only_what_is_paid_can_be_restricted(house: House, desk: Superbills) -> None:
    invoice_id, _ = await delivered(house, pay=False)
    with pytest.raises(NotAllowed) as refused:
        restrict = rpc.UpdateDisclosureRestrictionRequest(
            invoice_id=invoice_id, restriction=nouns.DISCLOSURE_RESTRICTION_SELF_PAY
        )
        await house.call(desk.UpdateDisclosureRestriction, restrict)
    assert refused.value.reason == "NOT_PAID_IN_FULL"


async def test_a_receipt_is_voided_and_issued_again_never_edited(
    house: House, desk: Superbills
) -> None:
    _, (bill,) = await delivered(house)
    for _ in range(2):
        request = rpc.VoidSuperbillRequest(superbill_id=bill)
        voided = (await house.call(desk.VoidSuperbill, request)).superbill
    assert voided.version == 2
    assert voided.HasField("void_time")
    again = rpc.ReissueSuperbillRequest(
        superbill_id=bill, visit_minutes=20, visit_patient=nouns.VISIT_PATIENT_ESTABLISHED
    )
    for _ in range(2):
        issued = (await house.call(desk.ReissueSuperbill, again)).superbill
    assert (issued.version, issued.HasField("void_time")) == (3, False)
    assert [(line.code, list(line.modifiers)) for line in issued.lines] == [
        ("99213", ["25"]), ("96365", []), ("J3490", []),
    ]  # fmt: skip
    assert sum(line.charge.minor_units for line in issued.lines) == UNIT
    facts = [type(fact).__name__ for fact in await house.stated()]
    assert facts == ["SuperbillIssued", "SuperbillIssued"]
    assert await house.count("SELECT count(*) FROM superbill") == 3


async def test_a_receipt_is_issued_again_when_money_comes_for_it(
    house: House, desk: Superbills
) -> None:
    invoice_id, (bill,) = await delivered(house, pay=False)
    request = rpc.GetSuperbillRequest(superbill_id=bill)
    assert (await house.call(desk.GetSuperbill, request)).superbill.paid.minor_units == 0
    await house.db.fetch("UPDATE invoice SET status = 'void'")
    payment = ledger.RecordBalancePaymentRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_id,
        amount=billing_pb2.Money(currency_code="USD", minor_units=UNIT),
    )
    await house.call(Ledger(house.db).RecordBalancePayment, payment)
    issued = (await house.call(desk.GetSuperbill, request)).superbill
    assert (issued.version, issued.paid.minor_units) == (2, UNIT)
    again = rpc.ReissueSuperbillRequest(superbill_id=bill)
    assert (await house.call(desk.ReissueSuperbill, again)).superbill == issued


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"patient": people.Patient(patient_id=str(uuid4()))}, "patient.birth_date"),
        ({"payer": None}, "payer"),
        ({"other": True}, "patient.patient_id"),
    ],
)
async def test_what_does_not_fit_is_not_printed(
    house: House, desk: Superbills, changes: dict[str, Any], field: str
) -> None:
    _, (bill,) = await delivered(house)
    if changes.pop("other", False):
        someone = people.Patient()
        someone.CopyFrom(PERSON)
        someone.patient_id = str(uuid4())
        changes = {"patient": someone}
    request = printing(FORMS.SUPERBILL_FORMAT_X12_837P, superbill_id=bill, **changes)
    with pytest.raises(Invalid) as refused:
        await house.call(desk.RenderSuperbill, request)
    assert [fault.field for fault in refused.value.violations] == [field]


async def test_nothing_is_there_for_another_clinic(house: House, desk: Superbills) -> None:
    invoice_id, (bill,) = await delivered(house)
    pdf = FORMS.SUPERBILL_FORMAT_PDF
    calls: list[tuple[Any, Any]] = [
        (desk.GetSuperbill, rpc.GetSuperbillRequest(superbill_id=bill)),
        (desk.ListSuperbills, rpc.ListSuperbillsRequest(invoice_id=invoice_id)),
        (desk.RenderSuperbill, printing(pdf, superbill_id=bill)),
        (desk.RenderSuperbill, printing(pdf, invoice_id=invoice_id)),
        (desk.VoidSuperbill, rpc.VoidSuperbillRequest(superbill_id=bill)),
        (desk.ReissueSuperbill, rpc.ReissueSuperbillRequest(superbill_id=bill)),
        (desk.GetBillingProfile, rpc.GetBillingProfileRequest(clinic_id=str(CLINIC))),
    ]
    for method, request in calls:
        with pytest.raises(NotFound):
            await house.call(method, request, STRANGER)
    assert await house.count("SELECT count(*) FROM superbill") == 1


async def test_a_profile_with_a_wrong_check_digit_is_a_typing_error(
    house: House, desk: Superbills
) -> None:
    wrong = wire.profile_told(PROFILE)
    wrong.npi, wrong.provider_npi = "1234567890", "1234567890"
    with pytest.raises(Invalid) as refused:
        request = rpc.UpdateBillingProfileRequest(profile=wrong)
        await house.call(desk.UpdateBillingProfile, request)
    assert [fault.field for fault in refused.value.violations] == [
        "profile.npi", "profile.provider_npi",
    ]  # fmt: skip
    asked = rpc.GetBillingProfileRequest(clinic_id=str(CLINIC))
    assert (await house.call(desk.GetBillingProfile, asked)).profile.npi == PROFILE.npi
