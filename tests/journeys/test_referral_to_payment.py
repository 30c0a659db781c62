"""A FHIR referral on its whole way, by the people who move it, over real processes."""

from uuid import uuid4

import pytest

from clients import journey
from clients.network import Network
from clients.network.seed import DENVER
from halcyon.billing.events.v1.billing_events_pb2 import SuperbillIssued
from halcyon.billing.v1 import billing_pb2 as billing
from halcyon.billing.v1 import billing_service_pb2 as billing_rpc
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, IntakeOpened
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1 import referral_service_pb2 as referral_rpc
from halcyon.scheduling.v1 import scheduling_pb2 as scheduling
from halcyon.scheduling.v1 import scheduling_service_pb2 as scheduling_rpc
from tests.flows import NPI, application

pytestmark = pytest.mark.xdist_group("network")

STAFF = "coordinator", "prescriber", "nurse", "cashier", "medical_director"
BUNDLE = journey.EXAMPLES / "depression-denver.fhir.json"


async def booked(network: Network, request: referral_rpc.CreateReferralRequest) -> str:
    """Through assessment and approval to a series that is paid for."""
    async with network.client("referrer", npi=NPI) as doctor, network.client(*STAFF) as staff:
        taken = await journey.refer(doctor, request)
        await journey.until(doctor, taken.referral_id, [IntakeOpened])
        assessed = await journey.assess(staff, taken.referral_id)
        await journey.approve(staff, assessed.intake_id)
        await journey.until(doctor, taken.referral_id, [SessionPlanned])
    return taken.referral_id


async def series_of(network: Network, referral_id: str) -> scheduling.Series:
    async with network.client(*STAFF) as staff:
        request = scheduling_rpc.GetSeriesRequest(referral_id=referral_id)
        return (await staff.scheduling.GetSeries(request)).series


async def invoice_of(network: Network, referral_id: str) -> billing.Invoice:
    async with network.client(*STAFF) as staff:
        request = billing_rpc.GetInvoiceRequest(referral_id=referral_id)
        return (await staff.billing.GetInvoice(request)).invoice


async def test_a_bundle_becomes_eight_paid_sessions_and_a_first_infusion(network: Network) -> None:
    request = journey.read_referral(BUNDLE.read_text())
    referral_id = await booked(network, request)
    series = await series_of(network, referral_id)
    assert series.status == scheduling.SERIES_STATUS_CONFIRMED
    assert [booking.number for booking in series.bookings] == list(range(1, 9))
    invoice = await invoice_of(network, referral_id)
    assert invoice.status == billing.INVOICE_STATUS_PAID
    assert invoice.total.minor_units == 8 * DENVER.dollars * 100

    async with (
        network.client(*STAFF) as staff,
        network.client("nurse") as second,
        network.client("referrer", npi=NPI) as doctor,
    ):
        session = await journey.infuse(staff, second, series.bookings[0].session_id)
        assert session.running_minutes == 40
        await journey.until(doctor, referral_id, [DoseAdjusted, SuperbillIssued])
        standing = await journey.referral_of(doctor, referral_id)
        assert standing.status == referral.REFERRAL_STATUS_IN_TREATMENT
        balances = await staff.billing.GetTrialBalance(
            billing_rpc.GetTrialBalanceRequest(clinic_id=str(DENVER.clinic_id))
        )
    assert sum(each.balance.minor_units for each in balances.balances) == 0
    assert (await invoice_of(network, referral_id)).delivered_count == 1


async def test_a_withdrawn_referral_gives_back_times_and_money(network: Network) -> None:
    referral_id = await booked(network, application(1, DENVER, uuid4()))
    async with network.client("referrer", npi=NPI) as doctor:
        reason = referral_rpc.CANCEL_REASON_PATIENT_DECLINED
        await doctor.referral.CancelReferral(
            referral_rpc.CancelReferralRequest(referral_id=referral_id, reason=reason)
        )
    network.settle()
    series = await series_of(network, referral_id)
    assert series.status == scheduling.SERIES_STATUS_RELEASED
    assert (await invoice_of(network, referral_id)).status == billing.INVOICE_STATUS_REFUNDED
