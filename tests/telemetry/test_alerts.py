"""Every alert fires under its trouble, is calm otherwise, and leads to a section of the runbook."""

import json
import re
from pathlib import Path

import pytest
import yaml

from chassis.authority import Authority
from chassis.names import ATTRIBUTES, OBSERVED, RECORDED
from clients.network.options import discovered
from clients.network.process import ROOT
from tests.telemetry.binaries import promtool

OTEL = ROOT / "deploy/otel"
RULES = sorted((OTEL / "alerts").glob("*.yaml"))
TESTS = Path(__file__).with_name("alerts.yaml")
ALERTS = {
    rule["alert"]: rule
    for path in RULES
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
}
PANELS = json.loads((OTEL / "dashboards/halcyon.json").read_text())["panels"]


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
    promtool("check", "rules", *RULES)
    promtool("test", "rules", TESTS)
    cases = [
        case
        for test in yaml.safe_load(TESTS.read_text())["tests"]
        for case in test["alert_rule_test"]
    ]
    fired = {case["alertname"] for case in cases if case["exp_alerts"]}
    calm = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert fired == calm == set(ALERTS)


def test_prometheus_takes_its_configuration_and_finds_all_where_compose_puts_it(
    tmp_path: Path,
) -> None:
    Authority(tmp_path / "tls").papers("door/prometheus")
    here = tmp_path / "prometheus.yaml"
    written = (OTEL / "prometheus.yaml").read_text()
    here.write_text(written.replace(" /tls/", f" {tmp_path}/tls/"))
    promtool("check", "config", here)
    config = yaml.safe_load((OTEL / "prometheus.yaml").read_text())
    mounted = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"]
    volumes = dict(one.split(":")[:2] for one in mounted["prometheus"]["volumes"])
    (pattern,) = config["rule_files"]
    assert volumes["tls"] == "/tls"
    assert volumes["../otel/alerts"] == pattern.rpartition("/")[0]
    shown = dict(one.split(":")[:2] for one in mounted["dashboards"]["volumes"])
    provided = yaml.safe_load((OTEL / "grafana/dashboards/halcyon.yaml").read_text())
    assert shown["../otel/dashboards"] == provided["providers"][0]["options"]["path"]


def test_prometheus_reads_every_service_and_misses_each() -> None:
    (job,) = yaml.safe_load((OTEL / "prometheus.yaml").read_text())["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == set(discovered())
    missed = re.findall(
        r'absent\(up\{job="halcyon", service="(\w+)"\}', ALERTS["ServiceDown"]["expr"]
    )
    assert sorted(missed) == sorted(discovered())
    environment = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
    listening = environment["x-environment"]["HALCYON_METRICS_LISTEN"]
    assert listening == f"0.0.0.0:{found['port']}"


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


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_hides_nothing(panel) -> None:
    """To Prometheus `or` means: of these, those whose labels the first lacks, which is none."""
    assert not [target for target in panel["targets"] if " or " in target["expr"]]


def test_the_dashboard_leaves_out_no_gauge() -> None:
    shown = {
        name for panel in PANELS for target in panel["targets"] for name in named(target["expr"])
    }
    gauges = {
        name.replace(".", "_") + ("_seconds" if OBSERVED[name].unit == "s" else "")
        for name in OBSERVED
    }
    assert gauges - shown <= {"halcyon_outbox_waiting"}
