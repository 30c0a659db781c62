"""`halcyon intake revise` asks for what is named, of the version that it has seen."""

import pytest
from typer.testing import CliRunner

from clients.cli import intake
from clients.cli.__main__ import app
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.intake.v1.intake_service_pb2 import (
    GetIntakeRequest,
    GetIntakeResponse,
    RevisePlanResponse,
)

KNOWN = nouns.Intake(
    intake_id="7a1c6f0e-5d1b-4c3e-8e55-2f6a0f4c9b01",
    referral_id="x",
    plan=nouns.Plan(version=3, sessions_per_week=[2], infusion_minutes=45),
)


class Desk:
    """An intake service that remembers what it was asked."""

    def __init__(self) -> None:
        self.intake, self.asked = self, list[plans.RevisePlanRequest]()

    async def __aenter__(self) -> "Desk":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def GetIntake(self, request: GetIntakeRequest) -> GetIntakeResponse:  # noqa: N802
        assert request.referral_id == "x"
        return GetIntakeResponse(intake=KNOWN)

    async def RevisePlan(self, request: plans.RevisePlanRequest) -> RevisePlanResponse:  # noqa: N802
        self.asked.append(request)
        return RevisePlanResponse(intake=KNOWN)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["--minutes", "60"], {"infusion_minutes": 60}),
        (["--dose", "42.5"], {"dose_micrograms": 42500}),
        (["--kap", "--antiemetic", "none"], {"kap": plans.KAP_WITH, "antiemetic": "none"}),
        (["--no-kap"], {"kap": plans.KAP_WITHOUT}),
    ],
)
def test_what_is_named_changes_and_nothing_else(
    words: list[str], changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()

    def acting(*_: object) -> Desk:
        return desk

    monkeypatch.setattr(intake, "acting", acting)
    result = CliRunner().invoke(app, ["intake", "revise", "x", "--rationale", "longer", *words])
    assert result.exit_code == 0, result.output
    wanted = {"intake_id": KNOWN.intake_id, "version": 3, "rationale": "longer", **changes}
    assert desk.asked == [plans.RevisePlanRequest(**wanted)]  # type: ignore[arg-type]
    assert "Plan, version 3" in result.output
