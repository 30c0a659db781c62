"""A series' money from the terminal, on a network of its own."""

import io
import json
from pathlib import Path
from typing import Any

import pypdf
from pyx12 import params, x12n_document

from clients import accounts, journey
from clients.cli.views.words import money
from clients.network import Network, Options
from clients.tests.running import Run
from halcyon.billing.events.v1.billing_events_pb2 import SuperbillIssued
from halcyon.billing.v1.billing_pb2 import Invoice, Money
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


def usd(minor_units: int) -> str:
    return money(Money(currency_code="USD", minor_units=minor_units))


def words(path: Path) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


async def test_a_series_money_from_the_terminal(halcyon: Run, tmp_path: Path) -> None:
    data, papers = tmp_path / "data", tmp_path / "papers"
    with Network(data, Options()) as network:
        referral_id, invoice = await delivered(network)
        into = ("--into", str(papers))

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
        said("estimate", referral_id, *into)
        said("superbill", referral_id, "--session", "1", *into)
        said("superbill", referral_id, "--form", "fhir", *into)
        claim = ("--form", "837p", "--payer", "Example Health/99999/XEH1")
        said("superbill", referral_id, *claim, *into)
        assert "payer" in said("superbill", referral_id, "--form", "837p", *into, fails=True)
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
        nobody = "00000000-0000-4000-8000-000000000000"
        assert "INVOICE_NOT_FOUND" in said("statement", nobody, fails=True)
    pdfs = sorted(papers.glob("*.pdf"))
    assert [path.name.split("-")[0] for path in pdfs] == ["good", "superbill"]
    assert f"Total charge USD {unit // 100}.{unit % 100:02}" in words(pdfs[1])
    (edi,) = papers.glob("*.837")
    assert x12n_document.x12n_document(params.ParamsBase(), str(edi), io.StringIO(), None)
