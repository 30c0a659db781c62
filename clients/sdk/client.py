"""The client of a network: one stub per service, one way to watch a referral."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import grpc
from grpc import StatusCode
from grpc.aio import AioRpcError

from chassis.papers import Papers
from clients.sdk.calls import BothWays, Carrying, Streaming, Token, Unary
from clients.sdk.errors import typed
from halcyon.billing.v1.billing_service_pb2_grpc import BillingServiceStub
from halcyon.billing.v1.estimate_service_pb2_grpc import EstimateServiceStub
from halcyon.billing.v1.ledger_service_pb2_grpc import LedgerServiceStub
from halcyon.billing.v1.payment_service_pb2_grpc import PaymentServiceStub
from halcyon.billing.v1.refund_service_pb2_grpc import RefundServiceStub
from halcyon.billing.v1.superbill_service_pb2_grpc import SuperbillServiceStub
from halcyon.infusion.v1.custody_service_pb2_grpc import CustodyServiceStub
from halcyon.infusion.v1.infusion_service_pb2_grpc import InfusionServiceStub
from halcyon.infusion.v1.protocol_service_pb2_grpc import ProtocolServiceStub
from halcyon.infusion.v1.summary_service_pb2_grpc import SummaryServiceStub
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from halcyon.operations.v1.audit_service_pb2_grpc import AuditServiceStub
from halcyon.operations.v1.operations_service_pb2_grpc import OperationsServiceStub
from halcyon.referral.v1.partner_service_pb2_grpc import PartnerServiceStub
from halcyon.referral.v1.referral_pb2 import ReferralChange
from halcyon.referral.v1.referral_service_pb2 import WatchReferralRequest
from halcyon.referral.v1.referral_service_pb2_grpc import ReferralServiceStub
from halcyon.scheduling.v1.scheduling_service_pb2_grpc import SchedulingServiceStub

if TYPE_CHECKING:
    from halcyon.billing.v1.billing_service_pb2_grpc import BillingServiceAsyncStub
    from halcyon.billing.v1.estimate_service_pb2_grpc import EstimateServiceAsyncStub
    from halcyon.billing.v1.ledger_service_pb2_grpc import LedgerServiceAsyncStub
    from halcyon.billing.v1.payment_service_pb2_grpc import PaymentServiceAsyncStub
    from halcyon.billing.v1.refund_service_pb2_grpc import RefundServiceAsyncStub
    from halcyon.billing.v1.superbill_service_pb2_grpc import SuperbillServiceAsyncStub
    from halcyon.infusion.v1.custody_service_pb2_grpc import CustodyServiceAsyncStub
    from halcyon.infusion.v1.infusion_service_pb2_grpc import InfusionServiceAsyncStub
    from halcyon.infusion.v1.protocol_service_pb2_grpc import ProtocolServiceAsyncStub
    from halcyon.infusion.v1.summary_service_pb2_grpc import SummaryServiceAsyncStub
    from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub
    from halcyon.operations.v1.audit_service_pb2_grpc import AuditServiceAsyncStub
    from halcyon.operations.v1.operations_service_pb2_grpc import OperationsServiceAsyncStub
    from halcyon.referral.v1.partner_service_pb2_grpc import PartnerServiceAsyncStub
    from halcyon.referral.v1.referral_service_pb2_grpc import ReferralServiceAsyncStub
    from halcyon.scheduling.v1.scheduling_service_pb2_grpc import SchedulingServiceAsyncStub

DEFAULT_TIMEOUT = 10.0
_PATIENCE = 60.0
_RESUMABLE = {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
)


class Halcyon:
    """Calls the five services as one caller; close it, or use it as a context manager."""

    def __init__(
        self,
        network: Mapping[str, str] | Path,
        token: Token,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        credentials: grpc.ChannelCredentials | None = None,
        papers: Papers | None = None,
    ) -> None:
        """`network` gives each service's address, or is the network.json of `halcyon up`.

        An address may name several replicas: "ipv4:127.0.0.1:1,127.0.0.1:2", "dns:///referral:1".
        `papers` are of the services' own authority: whoever answers must be the service that is
        called, wherever it is. `credentials` are for whoever stands before them.
        """
        self._addresses = addresses(network) if isinstance(network, Path) else dict(network)
        carrying = Carrying(token)
        self._interceptors = (Unary(carrying, timeout), Streaming(carrying), BothWays(carrying))
        self._credentials, self._papers = credentials, papers
        self._channels: dict[str, grpc.aio.Channel] = {}

    @property
    def referral(self) -> "ReferralServiceAsyncStub":
        """Takes referrals in and tells what became of them."""
        return ReferralServiceStub(self._channel("referral"))

    @property
    def partners(self) -> "PartnerServiceAsyncStub":
        """Knows who refers by events; answered by referral."""
        return PartnerServiceStub(self._channel("referral"))

    @property
    def intake(self) -> "IntakeServiceAsyncStub":
        """Assesses, plans, titrates."""
        return IntakeServiceStub(self._channel("intake"))

    @property
    def scheduling(self) -> "SchedulingServiceAsyncStub":
        """Keeps clinics and books series."""
        return SchedulingServiceStub(self._channel("scheduling"))

    @property
    def infusion(self) -> "InfusionServiceAsyncStub":
        """Keeps the record of each session."""
        return InfusionServiceStub(self._channel("infusion"))

    @property
    def custody(self) -> "CustodyServiceAsyncStub":
        """Keeps the controlled-drug ledger; answered by infusion."""
        return CustodyServiceStub(self._channel("infusion"))

    @property
    def protocols(self) -> "ProtocolServiceAsyncStub":
        """Keeps the infusion protocols and each clinic's choice; answered by infusion."""
        return ProtocolServiceStub(self._channel("infusion"))

    @property
    def summary(self) -> "SummaryServiceAsyncStub":
        """Writes the summary of a session; answered by infusion."""
        return SummaryServiceStub(self._channel("infusion"))

    @property
    def billing(self) -> "BillingServiceAsyncStub":
        """Estimates, collects, refunds, keeps the ledger."""
        return BillingServiceStub(self._channel("billing"))

    @property
    def estimates(self) -> "EstimateServiceAsyncStub":
        """Quotes, Good Faith Estimates, and charges measured by them."""
        return EstimateServiceStub(self._channel("billing"))

    @property
    def payments(self) -> "PaymentServiceAsyncStub":
        """Collects before the series begins: online, at the desk, or in parts."""
        return PaymentServiceStub(self._channel("billing"))

    @property
    def refunds(self) -> "RefundServiceAsyncStub":
        """Gives money back, by the terms: refunds, missed sessions, disputes."""
        return RefundServiceStub(self._channel("billing"))

    @property
    def ledger(self) -> "LedgerServiceAsyncStub":
        """Statements, payouts, balances, the end of a period."""
        return LedgerServiceStub(self._channel("billing"))

    @property
    def superbills(self) -> "SuperbillServiceAsyncStub":
        """Receipts of delivered sessions, and their documents."""
        return SuperbillServiceStub(self._channel("billing"))

    def operations(self, service: str) -> "OperationsServiceAsyncStub":
        """What the person on call asks of one service."""
        return OperationsServiceStub(self._channel(service))

    def audit(self, service: str) -> "AuditServiceAsyncStub":
        """Who saw or changed what, as one service knows it."""
        return AuditServiceStub(self._channel(service))

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose address is known."""
        return tuple(sorted(self._addresses))

    async def watch(
        self, referral_id: str, after_revision: int = 0
    ) -> AsyncGenerator[ReferralChange, None]:
        """Every change from a revision on, until the referral ends; resumes when cut off."""
        seen, cuts, progress = after_revision, 0, time.monotonic()
        while True:
            request = WatchReferralRequest(referral_id=referral_id, after_revision=seen)
            call = self.referral.WatchReferral(request)
            try:
                async for reply in call:
                    seen, cuts, progress = reply.change.revision, 0, time.monotonic()
                    yield reply.change
                return
            except AioRpcError as fault:
                lost = time.monotonic() - progress > _PATIENCE
                if fault.code() not in _RESUMABLE or lost:
                    raise typed(fault) from None
            finally:
                call.cancel()
            cuts += 1
            await asyncio.sleep(min(0.05 * 2**cuts, 1.0))

    async def close(self) -> None:
        """Let go of every connection."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close()

    async def __aenter__(self) -> "Halcyon":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _channel(self, service: str) -> grpc.aio.Channel:
        if service not in self._channels:
            self._channels[service] = self._open(service)
        return self._channels[service]

    def _open(self, service: str) -> grpc.aio.Channel:
        address, interceptors = self._addresses[service], self._interceptors
        credentials, options = self._credentials, list[tuple[str, int | str]](_OPTIONS)
        if self._papers:
            credentials = self._papers.channel()
            options.append(("grpc.ssl_target_name_override", service))
        if credentials:
            return grpc.aio.secure_channel(
                address, credentials, options=options, interceptors=interceptors
            )
        return grpc.aio.insecure_channel(address, options=options, interceptors=interceptors)


def addresses(file: Path) -> dict[str, str]:
    """Who listens where, from the network.json that `halcyon up` keeps."""
    services = json.loads(file.read_text())["services"]
    return {name: service["address"] for name, service in services.items()}
