"""A series' money from the terminal, on a network of its own."""

import io
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pypdf
from pyx12 import params, x12n_document

from clients import accounts, collecting, journey
from clients.cli.views.words import money
from clients.network import Network, Options
from clients.sdk import Halcyon
from clients.tests import clerking
from clients.tests.running import Run, Said, within
from halcyon.billing.events.v1.billing_events_pb2 import PaymentFailed, SuperbillIssued
from halcyon.billing.v1.billing_pb2 import ClinicPrice, Invoice, Money
from halcyon.billing.v1.billing_service_pb2 import UpdateClinicPriceRequest
from halcyon.billing.v1.estimate_pb2 import PACKAGE_PREFERENCE_NONE, InfusionsWanted
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned

SHARE: dict[str, Any] = {
    "provider": {
        "name": "Denver Nursing",
        "npi": "1234567893",
        "tin": "84-0000002",
        "state_code": "CO",
        "location": "Denver",
    },
    "item": "monitoring",
    "description": "Nursing during the infusion",
    "procedure_codes": ["99152"],
    "price": {"currency_code": "USD", "minor_units": "5000"},
}


async def delivered(network: Network) -> tuple[str, Invoice]:
    """A paid series with one session delivered."""
    request = journey.read_referral((journey.EXAMPLES / "crps-seattle.json").read_bytes())
    async with (
        network.client("referrer", npi=request.referrer.npi) as doctor,
        network.client("nurse") as nurse,
        network.client("nurse", "prescriber") as second,
        network.client("cashier") as clerk,
    ):
        referral_id = (await journey.refer(doctor, request)).referral_id
        await journey.until(doctor, referral_id, [SessionPlanned])
        invoice = await accounts.invoice_of(clerk, referral_id)
        first = (await journey.sessions_of(nurse, invoice.series_id))[0]
        await journey.infuse(nurse, second, first.session_id)
        await journey.until(doctor, referral_id, [SuperbillIssued])
    return referral_id, invoice


async def declined(network: Network, like: Invoice) -> str:
    """Another patient's series at the same clinic, at a price that the simulator declines."""
    request = journey.read_referral((journey.EXAMPLES / "crps-seattle.json").read_bytes())
    request.request_id, request.patient.given_name = str(uuid4()), "Sigrid"
    request.patient.birth_date.year -= 1
    async with (
        network.client("cashier") as clerk,
        network.client("referrer", npi=request.referrer.npi) as doctor,
    ):
        await _priced_at_cents(clerk, like, {2, 4})
        referral_id = (await journey.refer(doctor, request)).referral_id
        await journey.until(doctor, referral_id, [PaymentFailed])
        await _priced_at_cents(clerk, like, {0})
    return referral_id


async def _priced_at_cents(clerk: Halcyon, like: Invoice, cents: set[int]) -> None:
    wanted = InfusionsWanted(
        indication_code="G90.511",
        infusion_minutes=int(re.findall(r"(\d+) minutes", like.lines[0].description)[0]),
        session_count=like.session_count,
        packages=PACKAGE_PREFERENCE_NONE,
    )
    for minor_units in range(60000, 60100):
        price = ClinicPrice(
            clinic_id=like.clinic_id,
            infusion_price=Money(currency_code="USD", minor_units=minor_units),
        )
        await clerk.billing.UpdateClinicPrice(UpdateClinicPriceRequest(price=price))
        quoted = await collecting.quote(clerk, like.clinic_id, wanted, {})
        if quoted.total.minor_units % 100 in cents:
            return
    raise AssertionError("no such price")


def a_card_is_kept_and_removed(said: Said, referral_id: str) -> None:
    """Nothing is due, so nothing is taken from it."""
    token = "pm_card_1"
    refused = said("card", "keep", referral_id, token, "--consent", "none/1", fails=True)
    assert "CONSENT_MISSING" in refused
    assert "pending" in said("card", "keep", referral_id, token, "--consent", "card-on-file/1")
    kept = until_said(said, "saved", "card", "list", referral_id)
    assert token not in kept
    assert "NOTHING_OWED" in said("card", "charge", referral_id, "--yes", fails=True)
    assert "--yes" in said("card", "charge", referral_id, fails=True)
    said("card", "remove", re.findall(r"[0-9a-f-]{36}", kept)[0])
    until_said(said, "removed", "card", "list", referral_id)


def a_package_is_applied(said: Said, referral_id: str, sessions: int) -> None:
    """To a series whose own payment was declined."""
    package = said("package", "sell", referral_id, "six-pack").split()[-1]
    until_said(said, "paid", "package", "list", referral_id)
    applied = said("package", "apply", referral_id, package)
    assert f"6 sessions from the package, {sessions - 6} to be paid" in applied


def until_said(said: Said, words: str, *arguments: str) -> str:
    """The gateway answers in its own time; each look takes as long as a terminal does to start."""
    for _ in range(60):
        if words in (told := said(*arguments)):
            return told
    raise AssertionError(words)


def usd(minor_units: int) -> str:
    return money(Money(currency_code="USD", minor_units=minor_units))


def words(path: Path) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def papers_are_printed(said: Said, referral_id: str, papers: Path, sums: tuple[int, str]) -> None:
    """A statement, an estimate, a superbill, and the claim for a payer."""
    (unit, held), into = sums, ("--into", str(papers))
    said("statement", referral_id, *into)
    said("estimate", referral_id, *into)
    said("superbill", referral_id, "--session", "1", *into)
    said("superbill", referral_id, "--form", "fhir", *into)
    claim = ("--form", "837p", "--payer", "Example Health/99999/XEH1")
    said("superbill", referral_id, *claim, *into)
    assert "payer" in said("superbill", referral_id, "--form", "837p", *into, fails=True)
    pdfs = sorted(papers.glob("*.pdf"))
    assert [path.name.split("-")[0] for path in pdfs] == ["good", "statement", "superbill"]
    assert held.removesuffix(" USD") in words(pdfs[1])
    assert f"Total charge USD {unit // 100}.{unit % 100:02}" in words(pdfs[2])
    (edi,) = papers.glob("*.837")
    assert x12n_document.x12n_document(params.ParamsBase(), str(edi), io.StringIO(), None)


async def test_a_series_money_from_the_terminal(halcyon: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Network(data, Options()) as network:
        referral_id, invoice = await delivered(network)

        def said(*arguments: str, fails: bool = False) -> str:
            result = halcyon("billing", *arguments, data=data)
            assert (result.returncode != 0) is fails, result.stderr
            assert "Traceback" not in result.stderr
            return result.stderr if fails else result.stdout

        unit = invoice.total.minor_units // invoice.session_count
        one, held = usd(unit), usd(invoice.total.minor_units - unit)
        assert f"prepaid {held}, owed 0.00 USD" in said("statement", referral_id)
        quoted = said("refund", referral_id, "--sessions", "1")
        assert one in quoted
        assert "nothing was done" in quoted
        asked = said("refund", referral_id, "--sessions", "1", "--yes")
        assert f"{one} requested" in asked, "above the limit a second person must agree"
        assert f"prepaid {held}, owed 0.00 USD" in said("statement", referral_id)
        papers_are_printed(said, referral_id, tmp_path / "papers", (unit, held))
        assert "sum" in said("trial-balance", invoice.clinic_id)
        shares = tmp_path / "shares.json"
        shares.write_text(json.dumps({"clinic_id": invoice.clinic_id, "shares": [SHARE]}))
        told = said("co-providers", str(shares))
        assert "Denver Nursing" in told
        assert SHARE["provider"]["tin"] not in told
        assert "six-pack" not in said("package", "list", referral_id)
        sold = said("package", "sell", referral_id, "six-pack").split()[-1]
        listed = said("package", "list", referral_id)
        assert sold in listed
        refused = said("package", "apply", referral_id, sold, fails=True)
        assert "WRONG_STATE" in refused, "the series is paid already"
        a_card_is_kept_and_removed(said, referral_id)
        a_package_is_applied(said, await declined(network, invoice), invoice.session_count)
        at_once = within(data, "billing")
        await clerking.a_second_person_decides(at_once, network, referral_id)
        await clerking.a_balance_is_cleared(at_once, network, referral_id)
        await clerking.the_books_are_kept(at_once, network, referral_id)
        await clerking.a_bank_is_answered(at_once, network, referral_id)
        nobody = "00000000-0000-4000-8000-000000000000"
        assert "INVOICE_NOT_FOUND" in said("statement", nobody, fails=True)
