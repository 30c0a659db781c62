"""Compose without an engine: the file is one that Compose accepts, and it says what we promise."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients.network.options import discovered

COMPOSE = Path(__file__).resolve().parents[2] / "deploy/compose"


@pytest.fixture(name="services", scope="module")
def _services() -> dict[str, Any]:
    compose = Path(sys.executable).parent / "docker-compose"
    command = [str(compose), "--profile", "*", "config", "--format", "json"]
    shown = subprocess.run(command, cwd=COMPOSE, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)["services"]
    return found


def test_everything_is_there(services: dict[str, Any]) -> None:
    servers = {"postgres", "nats-1", "nats-2", "nats-3"}
    telemetry = {"collector", "traces", "prometheus", "dashboards"}
    migrations = {f"migrate-{name}" for name in discovered()}
    assert services.keys() == {
        *discovered(),
        *migrations,
        *servers,
        *telemetry,
        "issuer",
        "keys",
        "papers",
        "broker",
        "streams",
        "halcyon",
    }
    assert all(services[name]["deploy"]["replicas"] == 2 for name in discovered())


def test_what_is_published_is_published_on_this_machine_only(services: dict[str, Any]) -> None:
    published = [port for one in services.values() for port in one.get("ports", ())]
    assert len(published) >= len(discovered())
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_ours_can_write_nothing_and_may_do_nothing(services: dict[str, Any]) -> None:
    ours = {name: one for name, one in services.items() if one["image"].startswith("halcyon:")}
    assert len(ours) == 2 * len(discovered()) + 6
    for one in ours.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


def test_a_service_connects_as_another_role_than_the_owner(services: dict[str, Any]) -> None:
    for name in discovered():
        rows = services[name]["environment"]["HALCYON_DATABASE_URL"]
        migrating = services[f"migrate-{name}"]["environment"]
        assert f"//halcyon_{name}_service:" in rows
        assert rows == migrating["HALCYON_SERVICE_URL"] != migrating["HALCYON_DATABASE_URL"]


def test_everybody_shows_papers_of_their_own_and_none_is_made_for_nobody(
    services: dict[str, Any],
) -> None:
    made = set(services["papers"]["command"][4:])
    for name in discovered():
        shown = services[name]["environment"]
        assert shown["HALCYON_TLS_CERTIFICATE"] == f"/var/lib/halcyon/tls/{name}/tls.crt"
        assert shown["HALCYON_TLS_KEY"] == f"/var/lib/halcyon/tls/{name}/tls.key"
        assert shown["HALCYON_TLS_AUTHORITY"] == shown["HALCYON_DATABASE_AUTHORITY"]
        assert shown["HALCYON_NATS_CREDENTIALS"] == f"/var/lib/halcyon/broker/{name}.creds"
        assert shown["HALCYON_BIND_ONLY"] == "true"
        held = {one["source"] for one in services[name]["volumes"]}
        assert "seeds" not in held, "who has a seed can make any permit"
        urls = shown["HALCYON_NATS_URL"].split(",")
        assert all(url.startswith("tls://") for url in urls)
    nodes = {f"nats-{number}" for number in (1, 2, 3)}
    for node in nodes:
        assert services[node]["environment"]["TLS_CERTIFICATE"] == f"/tls/{node}/tls.crt"
    assert made == {*nodes, "postgres", "door/cli", "door/prometheus"}


def test_the_servers_speak_to_nobody_in_the_clear() -> None:
    """The words of their configurations; tests/containers speaks to them."""
    node = (COMPOSE.parent / "nats/nats.conf").read_text()
    assert node.count("cert_file: $TLS_CERTIFICATE") == 2
    assert "verify: true" in node.partition("cluster")[2]
    assert "http" not in node
    admitted = (COMPOSE.parent / "postgres/hba.conf").read_text().splitlines()
    kinds = {line.split()[0] for line in admitted if line and not line.startswith("#")}
    assert kinds == {"local", "hostssl"}


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_the_command_line_knows_every_service(place: str) -> None:
    network = json.loads((COMPOSE / place / "network.json").read_text())
    assert network["services"].keys() == set(discovered())


def test_addresses_outside_are_the_published_ones(services: dict[str, Any]) -> None:
    network = json.loads((COMPOSE / "outside/network.json").read_text())
    for name in discovered():
        (port,) = services[name]["ports"]
        first, _, last = port["published"].partition("-")
        assert network["services"][name]["address"] == f"ipv4:127.0.0.1:{first},127.0.0.1:{last}"
