"""A statement on paper says what the journal says, and nothing to others."""

import io
from uuid import UUID, uuid4

import pypdf
import pytest
from google.type.date_pb2 import Date

from chassis.refusal import NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import ledger_service_pb2 as rpc
from halcyon.billing.v1.superbill_service_pb2 import UpdateBillingProfileRequest
from halcyon.referral.v1.referral_pb2 import Patient
from services.billing import gateway, wire
from services.billing.api import Ledger, Superbills
from services.billing.documents.statements import WORDS
from services.billing.domain import Rule
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.papers import PROFILE

STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
BETWEEN_US_AND_THE_PROCESSOR = {Rule.PAY_OUT, Rule.DISPUTE_FEE}


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


def asked(patient_id: UUID = PATIENT) -> rpc.RenderStatementRequest:
    person = Patient(
        patient_id=str(patient_id),
        given_name="Ada",
        family_name="Muster",
        birth_date=Date(year=1980, month=2, day=29),
    )
    return rpc.RenderStatementRequest(clinic_id=str(CLINIC), patient=person)


async def billed(house: House) -> None:
    """A series of four paid, two had; another released after one that nobody paid."""
    profile = UpdateBillingProfileRequest(profile=wire.profile_told(PROFILE))
    await house.call(Superbills(house.db).UpdateBillingProfile, profile)
    held, other = series_held(sessions=4), series_held(sessions=4)
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1), infusion_completed(held, 2))
    await house.given(other)
    await house.given(infusion_completed(other, 1))
    await house.given(series_released(other, "hold_expired"))


async def test_the_paper_says_what_the_journal_says(house: House) -> None:
    ledger = Ledger(house.db)
    await billed(house)
    made = await house.call(ledger.RenderStatement, asked())
    pages = pypdf.PdfReader(io.BytesIO(made.pdf)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for words in (
        "Ada Muster", "Halcyon Denver PLLC", "Payment by card 1,800.00 USD 1,800.00 USD",
        "Session -450.00 USD", "Session, not paid before 450.00 USD",
        "Now 1,800.00 USD 900.00 USD 450.00 USD",
    ):  # fmt: skip
        assert words in text, (words, text)
    assert made.file_name == f"statement-{PATIENT}.pdf"


async def test_nobody_else_and_nothing_else_gets_a_paper(house: House) -> None:
    ledger = Ledger(house.db)
    with pytest.raises(NotAllowed):
        await house.call(ledger.RenderStatement, asked())
    await billed(house)
    with pytest.raises(NotFound):
        await house.call(ledger.RenderStatement, asked(), STRANGER)
    with pytest.raises(NotAllowed):
        await house.call(ledger.RenderStatement, asked(uuid4()))


def test_every_rule_that_concerns_a_patient_has_words() -> None:
    assert set(WORDS) == set(Rule) - BETWEEN_US_AND_THE_PROCESSOR
