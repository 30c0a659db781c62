"""Every service has the same rooms, and nothing stands in a room that has no name."""

import ast
import os
import re
from pathlib import Path

import pytest

from tools.factmap import SERVICES, Route, routes

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"__init__", "__main__", "api", "handlers", "domain", "store", "wire"}
FURTHER = {"partners", "config", "packs", "documents", "gateway", "migrations", "tests"}
PARTNERS = {
    "BookingOverridden",
    "ReminderDue",
    "CustodyDiscrepancyFound",
    "CustodyDiscrepancyOverdue",
    "CustodyDiscrepancyResolved",
    "CustodyDisposalUnwitnessed",
    "CustodyInventoryDue",
    "CustodyInventoryOverdue",
    "DischargeOverridden",
    "GateOverridden",
    "PackageSold",
    "ReferralCancelled",
    "ReferralReceived",
    "ReferralRouted",
    "VitalsOverdue",
}
"""Facts that nobody in the house hears: for partners, and for whoever oversees a clinic."""
NAMELESS = {"utils", "helpers", "common", "models", "service", "manager", "misc", "base"}


def modules(folder: Path) -> set[str]:
    found = {path.stem for path in folder.glob("*.py")}
    return found | {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_rooms_and_no_other(service: str) -> None:
    found = modules(ROOT / "services" / service)
    assert found >= ROOMS | {"migrations", "tests"}
    assert not found - ROOMS - FURTHER
    assert (ROOT / "services" / service / "README.md").exists()


def test_services_holds_only_services() -> None:
    others = modules(ROOT / "services") - {"__init__"}
    assert others == set(SERVICES)


@pytest.mark.parametrize("top", ["chassis", "services", "standards", "clients"])
def test_no_module_is_named_after_nothing(top: str) -> None:
    names = {path.stem for path in (ROOT / top).rglob("*.py")} | {
        path.name for path in (ROOT / top).rglob("*") if path.is_dir()
    }
    allowed = {"service"} if top == "chassis" else set()
    assert not names & (NAMELESS - allowed)


@pytest.mark.parametrize("route", list(routes()), ids=lambda route: route.fact.name)
def test_every_fact_is_stated(route: Route) -> None:
    assert route.stated


def test_every_fact_is_heard_or_meant_for_partners() -> None:
    unheard = {route.fact.name for route in routes() if not route.heard}
    assert unheard <= PARTNERS


def sources(*patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in ROOT.glob(pattern)]
    return [path for path in found if "tests" not in path.parts]


def calls(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return {ast.unparse(node.func) for node in tree if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", sources("services/*/domain*/**/*.py", "services/*/domain.py"))
def test_a_domain_is_told_the_time(path: Path) -> None:
    clocks = ("datetime.now", "date.today", "time.time", "time.monotonic", "utcnow")
    assert not [call for call in calls(path) if call.endswith(clocks)]


def test_the_commit_stands_in_one_place() -> None:
    written = sources("chassis/**/*.py", "services/**/*.py")
    committing = {path.name for path in written if '"COMMIT"' in path.read_text()}
    committing |= {path.name for path in written if any(c.endswith(".commit") for c in calls(path))}
    assert committing == {"database.py"}


@pytest.mark.parametrize("path", sources("services/*/api.py", "services/*/api/*.py"))
def test_a_servicer_leaves_statuses_to_the_interceptor(path: Path) -> None:
    tree = ast.walk(ast.parse(path.read_text()))
    servicers = [
        node
        for node in tree
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Servicer") for base in node.bases)
    ]
    inside = [node for servicer in servicers for node in ast.walk(servicer)]
    assert not [node for node in inside if isinstance(node, ast.ExceptHandler)]
    assert "StatusCode" not in path.read_text()


def test_the_readme_names_only_what_is_there() -> None:
    words = re.findall(r"[`(]([\w/.-]+/[\w/.-]*)[`)]", (ROOT / "README.md").read_text())
    named = {word for word in words if word.split("/")[0] in os.listdir(ROOT)}
    assert len(named) > 10
    assert not [path for path in named if not (ROOT / path).exists()]
