"""What callers ask, in our words."""

from uuid import UUID

from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as rpc
from services.intake import domain


def entity_id(request: rpc.GetIntakeRequest) -> UUID:
    """The intake asked for, by its own id or by its referral's."""
    if request.HasField("referral_id"):
        return domain.intake_id(UUID(request.referral_id))
    return UUID(request.intake_id)


def decline_reason(request: rpc.DeclineReferralRequest) -> str:
    """The reason as facts and rows say it."""
    return rpc.DeclineReason.Name(request.reason).removeprefix("DECLINE_REASON_").lower()


def policy(said: nouns.ClinicPolicy, pack: domain.Pack) -> domain.Policy:
    """How a clinic wants its plans approved, if the pack can do it."""
    approval = nouns.Approval.Name(said.approval).removeprefix("APPROVAL_").lower()
    return domain.Policy(
        UUID(said.clinic_id), domain.Approval(approval), pack.schedule(said.schedule).name, pack
    )


def status(request: rpc.ListIntakesRequest) -> domain.Status | None:
    """The status asked for; None for any."""
    if not request.status:
        return None
    return domain.Status(
        nouns.IntakeStatus.Name(request.status).removeprefix("INTAKE_STATUS_").lower()
    )
