"""Every alert fires under its trouble, is calm otherwise, and leads to a section of the runbook."""

import json
import re

import pytest
import yaml

from chassis.names import ATTRIBUTES, OBSERVED, RECORDED
from clients.network.process import ROOT
from tests.telemetry.binaries import promtool

RULES = ROOT / "deploy/prometheus/alerts.yaml"
TESTS = ROOT / "deploy/prometheus/alerts_test.yaml"
ALERTS = {rule["alert"]: rule for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
PANELS = json.loads((ROOT / "deploy/grafana/halcyon.json").read_text())["panels"]


def exposed() -> set[str]:
    """The registry's names as Prometheus sees them."""
    found = {"up"}
    for name, one in (*RECORDED.items(), *OBSERVED.items()):
        plain = name.replace(".", "_")
        if name in OBSERVED:
            found.add(plain + ("_seconds" if one.unit == "s" else ""))
        elif one.unit == "s":
            found |= {f"{plain}_seconds_{end}" for end in ("bucket", "count", "sum")}
        else:
            found.add(f"{plain}_total")
    return found


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:halcyon|rpc|messaging)_[a-z_]+|\bup\b", expression))


LABELS = {name.replace(".", "_") for name in ATTRIBUTES}


def test_the_rules_are_good_and_each_fires() -> None:
    promtool("check", "rules", RULES)
    promtool("test", "rules", TESTS)
    cases = [
        case
        for test in yaml.safe_load(TESTS.read_text())["tests"]
        for case in test["alert_rule_test"]
    ]
    fired = {case["alertname"] for case in cases if case["exp_alerts"]}
    calm = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert fired == calm == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_a_section_of_the_runbook(alert: str) -> None:
    path, _, anchor = ALERTS[alert]["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / path).read_text(), re.M)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_looks_at_what_is_measured(alert: str) -> None:
    found = named(ALERTS[alert]["expr"])
    assert found
    assert found - LABELS <= exposed()


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_shows_what_is_measured(panel) -> None:
    for target in panel["targets"]:
        assert named(target["expr"]) - LABELS <= exposed()


def test_the_dashboard_leaves_out_no_gauge() -> None:
    shown = {
        name for panel in PANELS for target in panel["targets"] for name in named(target["expr"])
    }
    gauges = {
        name.replace(".", "_") + ("_seconds" if OBSERVED[name].unit == "s" else "")
        for name in OBSERVED
    }
    assert gauges - shown <= {"halcyon_outbox_waiting"}
