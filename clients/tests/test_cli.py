"""The command without a network: what it says, and how it fails."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import protovalidate
import pytest
from grpc.aio import AioRpcError, Metadata
from typer.testing import CliRunner

from chassis.errors import status_of
from chassis.refusal import Invalid, Violation
from clients import journey
from clients.cli.__main__ import app
from clients.cli.errors import told
from clients.cli.token import ROLES
from clients.cli.views import sessions, tree, words
from clients.network import record
from clients.sdk.errors import typed
from halcyon.billing.v1.billing_pb2 import Money
from halcyon.infusion.v1.infusion_pb2 import SESSION_STATUS_INFUSING, Session, Vitals
from halcyon.infusion.v1.monitoring_calls_pb2 import WatchSessionResponse
from halcyon.infusion.v1.monitoring_pb2 import ALERT_LEVEL_PAUSE, Alert

EXAMPLES = Path(__file__).parent.parent / "examples"
PATTERN = ["--gap-hours", "48", "--infusion-minutes", "45", "--recovery-minutes", "45"]
runner = CliRunner()


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        *(
            [name, "--help"]
            for name in (
                "up",
                "down",
                "status",
                "seed",
                "token",
                "demo",
                "referral",
                "flow",
                "billing",
                "schedule",
            )
        ),
        ["referral", "submit", "--help"],
        *(["billing", name, "--help"] for name in ("quote", "estimate", "pay")),
        *(["billing", name, "--help"] for name in ("refunds", "owed", "books", "disputes")),
        ["parked", "replay", "--help"],
        *(["stream", name, "--help"] for name in ("check", "rebuild")),
        *(
            ["flow", name, "--help"]
            for name in ("list", "show", "retry", "skip", "pause", "resume", "pauses", "log")
        ),
        *([name, "--help"] for name in ("backup", "restore")),
        ["infusion", "summary", "--help"],
        *(
            ["infusion", name, "--help"]
            for name in ("list", "show", "watch", "arrive", "check", "start", "pause", "resume")
        ),
        *(
            ["infusion", name, "--help"]
            for name in ("vitals", "acknowledge", "recover", "discharge", "confirm", "override")
        ),
        *(["infusion", name, "--help"] for name in ("complete", "observe", "transfer")),
        *(["infusion", name, "--help"] for name in ("no-show", "cancel", "rate")),
        *(["referral", name, "--help"] for name in ("list", "route", "cancel")),
        *(
            ["custody", name, "--help"]
            for name in (
                "receive",
                "administer",
                "waste",
                "witness",
                "count",
                "balance",
                "stock",
                "due",
            )
        ),
        *(
            ["intake", name, "--help"]
            for name in (
                *("queue", "show", "assess", "decide", "approve", "revise", "doses", "sign"),
                *("decline", "stop", "resume"),
            )
        ),
        *(["scale", name, "--help"] for name in ("record", "list")),
        *(["pack", name, "--help"] for name in ("list", "show", "check", "publish")),
        *(
            ["billing", name, "--help"]
            for name in ("estimate", "statement", "superbill", "refund", "trial-balance")
        ),
        *(["schedule", name, "--help"] for name in ("day", "close", "reopen", "repairs", "accept")),
        *(
            ["schedule", name, "--help"]
            for name in (
                *("series", "arrive", "miss", "cancel", "move", "transfer", "find", "use", "watch"),
            )
        ),
    ],
)
def test_every_command_explains_itself(words: list[str]) -> None:
    assert runner.invoke(app, words).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["down"],
        ["seed"],
        ["token", "--role", "nurse"],
        ["referral", "show", "x"],
        ["referral", "watch", "x"],
        ["referral", "list", "--status", "received"],
        ["referral", "route", "x", "denver"],
        ["referral", "cancel", "x", "--reason", "entered_in_error"],
        ["flow", "show", "x"],
        ["infusion", "show", "x"],
        ["infusion", "watch", "x"],
        ["infusion", "pause", "x", "alert"],
        ["infusion", "transfer", "x", "chest_pain"],
        ["infusion", "no-show", "x"],
        ["infusion", "cancel", "x", "--reason", "clinic_closed"],
        ["infusion", "rate", "x", "60"],
        ["infusion", "vitals", "x", "--pressure", "120/80", "--spo2", "98", "--pulse", "70"],
        ["schedule", "day", "denver", "today"],
        ["schedule", "close", "denver", "2026-12-02", "2026-12-03"],
        ["schedule", "reopen", "7a1c6f0e-5d1b-4c3e-8e55-2f6a0f4c9b01"],
        ["schedule", "series", "7a1c6f0e-5d1b-4c3e-8e55-2f6a0f4c9b01"],
        ["schedule", "arrive", "7a1c6f0e-5d1b-4c3e-8e55-2f6a0f4c9b01", "1"],
        ["schedule", "use", "denver", "today"],
        ["schedule", "watch", "denver", "today"],
        ["parked", "list"],
        ["custody", "balance", "FH1000001"],
        ["custody", "due"],
        ["intake", "queue"],
        ["intake", "show", "x"],
        ["intake", "revise", "x", "--minutes", "60", "--rationale", "longer"],
        ["intake", "decline", "x", "--reason", "capacity"],
        ["intake", "stop", "x", "--reason", "goal_reached"],
        ["intake", "resume", "x", "--rationale", "seen again"],
        ["scale", "record", "x", "phq9", "1,-,3"],
        ["pack", "list"],
        ["billing", "statement", "x"],
        ["billing", "superbill", "x"],
        ["billing", "refund", "x"],
        ["billing", "trial-balance", "x"],
        ["billing", "quote", "x"],
        ["billing", "estimate", "x"],
        ["billing", "pay", "x"],
        ["referral", "submit", str(EXAMPLES / "crps-seattle.json")],
    ],
)
def test_without_a_network_it_says_so(words: list[str], tmp_path: Path) -> None:
    result = runner.invoke(app, [*words, "--data", str(tmp_path / "nothing")])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "halcyon up" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words",
    [
        ["intake", "queue", "--status", "gone"],
        ["intake", "decide", "x", "perhaps"],
        ["intake", "revise", "x", "--rationale", "longer"],
        ["intake", "decline", "x", "--reason", "mood"],
        ["intake", "stop", "x", "--reason", "mood"],
        ["referral", "list", "--status", "gone"],
        ["referral", "cancel", "x", "--reason", "mood"],
        ["schedule", "close", "x", "2026-12-02", "2026-12-03", "--reason", "mood"],
        ["schedule", "find", "x", "--weeks", "3,two", *PATTERN],
        *(
            ["schedule", "find", "x", "--weeks", "1", *PATTERN, "--window", window]
            for window in ("monday morning", "mon 12:00-09:00", "mon 09:00-24:15")
        ),
        ["intake", "revise", "x", "--dose", "42.0001"],
        ["intake", "revise", "x", "--dose", "NaN"],
        ["scale", "record", "x", "phq9", "1,two"],
    ],
)
def test_what_is_not_understood_is_told_on_one_line(words: list[str]) -> None:
    result = runner.invoke(app, words)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "Traceback" not in result.output


def test_a_command_does_not_wait_for_what_only_a_network_needs() -> None:
    names = "'sqlalchemy', 'alembic', 'asyncpg', 'pydantic_settings'"
    code = f"import sys, clients.cli.__main__; print([n for n in ({names}) if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_example_assessment_keeps_its_contract() -> None:
    read = journey.read_assessment((EXAMPLES / "assessment.json").read_text())
    assert not protovalidate.collect_violations(read)


def test_a_network_that_has_died_is_not_taken_for_running(tmp_path: Path) -> None:
    record.write(tmp_path, {"pid": 2**22 - 1})
    result = runner.invoke(app, ["status", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "has ended" in result.stderr


def test_a_broken_document_is_told_with_every_fault(tmp_path: Path) -> None:
    document = json.loads((EXAMPLES / "ptsd-phoenix.fhir.json").read_text())
    document["entry"][1]["resource"]["birthDate"] = "1979"
    document["entry"][2]["resource"].pop("identifier")
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))
    result = runner.invoke(app, ["referral", "submit", str(broken)])
    assert result.exit_code == 1
    assert "2 problems in the FHIR document" in result.stderr
    assert "Bundle.entry[1].resource.birthDate" in result.stderr
    assert "us-npi" in result.stderr


@pytest.mark.parametrize("content", ["{", '{"nonsense": 1}', "[]"])
def test_what_is_no_referral_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(content)
    result = runner.invoke(app, ["referral", "submit", str(file)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_a_refusal_is_a_line_and_its_violations() -> None:
    refusal = Invalid("INVALID_REFERRAL", "Broken [rules].", (Violation("a.b", "is bad"),))
    details = status_of(refusal, "halcyon.referral").SerializeToString()
    metadata = Metadata(("grpc-status-details-bin", details))
    code = grpc.StatusCode.INVALID_ARGUMENT
    fault = typed(AioRpcError(code, Metadata(), metadata, refusal.message))
    assert told(fault) == ["[bold]INVALID_REFERRAL[/] Broken \\[rules].", "  a.b: is bad"]


def test_the_roles_are_those_of_the_contract() -> None:
    assert {"referrer", "medical_director", "operator"} <= set(ROLES)
    assert "unspecified" not in ROLES


@pytest.mark.parametrize(
    ("minor", "shown"),
    [(0, "0.00 USD"), (5, "0.05 USD"), (-5, "-0.05 USD"), (-332_500, "-3,325.00 USD")],
)
def test_money_is_exact(minor: int, shown: str) -> None:
    assert words.money(Money(currency_code="USD", minor_units=minor)) == shown


def span(span_id: str, parent: str, name: str, at: int) -> dict[str, object]:
    return {
        "trace_id": "t", "span_id": span_id, "parent_span_id": parent, "name": name,
        "service": "intake", "start_unix_nano": at, "end_unix_nano": at + 1, "status": "OK",
    }  # fmt: skip


def test_a_trace_is_a_tree_and_twins_are_shown_once() -> None:
    spans = [
        span("1", "gone", "halcyon.intake.v1.IntakeService/ApprovePlan", 1),
        span("2", "1", "process halcyon.intake.events.v1.PlanApproved", 2),
        span("3", "1", "process halcyon.intake.events.v1.PlanApproved", 3),
        span("4", "3", "work", 4),
        {**span("5", "", "other", 5), "trace_id": "u"},
    ]
    root = tree.trace(spans, "t")
    assert "4 spans in [green]intake[/]" in str(root.label)
    top = root.children[0]
    assert "ApprovePlan" in str(top.label)
    assert [str(child.label).split(" [dim]")[0] for child in top.children] == [
        "[green]intake[/] process PlanApproved"
    ] * 2


def test_a_pressure_is_two_numbers(tmp_path: Path) -> None:
    told = ["--pressure", "high", "--spo2", "98", "--pulse", "70", "--data", str(tmp_path)]
    result = runner.invoke(app, ["infusion", "vitals", "x", *told])
    assert (result.exit_code, "128/82" in result.stderr) == (1, True)


def test_a_watched_session_is_told_line_by_line() -> None:
    reading = Vitals(oxygen_saturation=97, heart_rate=71, systolic=128, diastolic=82)
    alert = Alert(level=ALERT_LEVEL_PAUSE, rule_id="systolic_very_high")
    over = Alert(level=ALERT_LEVEL_PAUSE, rule_id="systolic_very_high")
    over.clear_time.GetCurrentTime()
    told = [
        WatchSessionResponse(session=Session(status=SESSION_STATUS_INFUSING)),
        WatchSessionResponse(reading=reading),
        WatchSessionResponse(alert=alert),
        WatchSessionResponse(alert=over),
    ]
    lines = [sessions.news(one) for one in told]
    assert "infusing" in lines[0]
    assert "128/82 SpO2 97 % pulse 71" in lines[1]
    assert "pause[/] systolic very high" in lines[2]
    assert "over[/] systolic very high" in lines[3]


def test_a_deployment_is_known_by_its_addresses_alone(tmp_path: Path) -> None:
    services = {"billing": {"address": "dns:///billing:50051"}}
    record.write(tmp_path, {"services": services, "issuer": "keys"})
    shown = runner.invoke(app, ["status", "--data", str(tmp_path)])
    assert shown.exit_code == 0
    assert "dns:///billing:50051" in shown.stdout
    ended = runner.invoke(app, ["down", "--data", str(tmp_path)])
    assert ended.exit_code != 0
    token = runner.invoke(app, ["token", "--role", "nurse", "--data", str(tmp_path)])
    assert token.stdout.count(".") == 2
    assert (tmp_path / "keys/jwks.json").exists()
