"""The chart without a cluster: it lints, its objects fit their schemas, our promises are in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from clients.network.options import discovered

helm_python = pytest.importorskip("helm_python", reason="helm-python-sdk has no wheel here")

K8S = Path(__file__).resolve().parents[2] / "deploy/k8s"
CHART = K8S / "halcyon"
OPERATED = {
    ("cert-manager.io/v1", "Certificate"),
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("postgresql.cnpg.io/v1", "Cluster"),
    ("postgresql.cnpg.io/v1", "Database"),
}
"""Kinds of operators: their schemas are not Kubernetes' own."""
SECRETIVE = ("PASSWORD", "SECRET", "KEY", "TOKEN", "DATABASE_URL", "SERVICE_URL", "NATS_URL")

Objects = list[dict[str, Any]]


@pytest.fixture(name="objects", scope="module")
def _objects() -> Objects:
    with helm_python.Chart.load(CHART) as chart:
        rendered = chart.render(name="halcyon", namespace="halcyon")
    return [one for text in rendered.values() for one in yaml.safe_load_all(text) if one]


def of(objects: Objects, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects: Objects) -> Iterator[dict[str, Any]]:
    for kind in ("Deployment", "Job"):
        for one in of(objects, kind).values():
            yield one["spec"]["template"]["spec"]


def test_it_lints() -> None:
    report = helm_python.lint(CHART, strict=True)
    assert [m for m in report["messages"] if m["severity"] > 1] == []
    assert report["errors"] in (None, [])


def test_every_object_fits_its_schema(objects: Objects) -> None:
    known = [one for one in objects if (one["apiVersion"], one["kind"]) not in OPERATED]
    for one in known:
        kubernetes_validate.validate(one, "1.37", strict=True)
    assert len(known) >= 4 * len(discovered())


def test_an_object_that_does_not_fit_is_found(objects: Objects) -> None:
    wrong = of(objects, "Deployment")["billing"] | {"spec": {"replicas": "two"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_every_service_is_deployed_budgeted_scaled_and_migrated(objects: Objects) -> None:
    services = set(discovered())
    for kind in ("Deployment", "Service", "PodDisruptionBudget", "ScaledObject"):
        assert of(objects, kind).keys() == services, kind
    assert of(objects, "Job").keys() == {"streams", *(f"migrate-{name}" for name in services)}
    for name, scaled in of(objects, "ScaledObject").items():
        (lag, _) = scaled["spec"]["triggers"]
        assert lag["type"] == "prometheus"
        assert lag["metadata"]["query"] == f'max(halcyon_consumer_lag{{service="{name}"}})'
        assert scaled["spec"]["minReplicaCount"] >= 2


def test_a_service_connects_as_another_role_than_the_owner(objects: Objects) -> None:
    for name in discovered():
        rows = secret(of(objects, "Deployment")[name], "HALCYON_DATABASE_URL")
        job = of(objects, "Job")[f"migrate-{name}"]
        assert rows == secret(job, "HALCYON_SERVICE_URL") != secret(job, "HALCYON_DATABASE_URL")


def secret(made: Any, variable: str) -> Any:
    """Where a variable of the only container comes from."""
    (container,) = made["spec"]["template"]["spec"]["containers"]
    (found,) = [one for one in container["env"] if one["name"] == variable]
    return found["valueFrom"]["secretKeyRef"]


def test_every_pod_is_confined_probed_and_bounded(objects: Objects) -> None:
    for pod in pods(objects):
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
    for deployed in of(objects, "Deployment").values():
        (container,) = deployed["spec"]["template"]["spec"]["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


def test_every_replica_is_read_under_the_name_of_its_service(objects: Objects) -> None:
    (endpoint,) = of(objects, "PodMonitor")["halcyon"]["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"][0]["targetLabel"] == "service"
    for deployed in of(objects, "Deployment").values():
        (container,) = deployed["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        (listen,) = [v for v in container["env"] if v["name"] == "HALCYON_METRICS_LISTEN"]
        assert listen["value"] == f"0.0.0.0:{ports[endpoint['port']]}"


def test_secrets_are_named_and_never_written(objects: Objects) -> None:
    for pod in pods(objects):
        (container,) = pod["containers"]
        secret = {volume["name"] for volume in pod["volumes"] if "secret" in volume}
        mounts = {one["mountPath"] for one in container["volumeMounts"] if one["name"] in secret}
        for variable in container["env"]:
            if any(word in variable["name"] for word in SECRETIVE):
                named = "secretKeyRef" in variable.get("valueFrom", ())
                assert named or str(Path(variable["value"]).parent) in mounts, variable["name"]
    assert of(objects, "Secret") == {}


def test_a_secret_given_as_a_value_is_refused() -> None:
    values = {"services": {"billing": {"env": {"HALCYON_BILLING_STRIPE_KEY": "sk_live"}}}}
    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError):
        chart.render(values)


def test_nobody_reaches_a_pod_but_callers_on_the_one_port(objects: Objects) -> None:
    policies = of(objects, "NetworkPolicy")
    assert policies["halcyon-nothing"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    calls, readings = policies["halcyon-calls"]["spec"]["ingress"]
    assert [port["port"] for port in calls["ports"]] == [50051]
    assert [port["port"] for port in readings["ports"]] == [9464]
    assert [one["namespaceSelector"] for one in readings["from"]]
    for pod in (*of(objects, "Deployment").values(), *of(objects, "Job").values()):
        labels = pod["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "halcyon"


def test_every_service_shows_papers_by_its_own_name(objects: Objects) -> None:
    certificates = of(objects, "Certificate")
    for name, deployed in of(objects, "Deployment").items():
        pod = deployed["spec"]["template"]["spec"]
        secrets = {one["name"]: one["secret"] for one in pod["volumes"] if "secret" in one}
        shown = certificates[secrets["tls"]["secretName"]]["spec"]
        assert shown["uris"] == [f"spiffe://halcyon/{name}"]
        assert {name, "localhost"} <= set(shown["dnsNames"])
        (container,) = pod["containers"]
        values = {one["name"]: one.get("value") for one in container["env"]}
        assert values["HALCYON_TLS_KEY"] == "/var/lib/halcyon/tls/tls.key"
        assert values["HALCYON_DATABASE_AUTHORITY"] == "/var/lib/halcyon/database/ca.crt"
        assert container["readinessProbe"]["exec"]["command"] == ["python", "-m", "chassis.health"]
    (endpoint,) = of(objects, "PodMonitor")["halcyon"]["spec"]["podMetricsEndpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"]["cert"]["secret"]["name"] in certificates


def test_services_bind_to_what_the_deploy_step_made_each_by_its_own_credentials(
    objects: Objects,
) -> None:
    (step,) = of(objects, "Job")["streams"]["spec"]["template"]["spec"]["containers"]
    assert step["command"] == ["python", "-m", "chassis.streams"]
    held = set()
    for pod in pods(objects):
        (container,) = pod["containers"]
        (broker,) = [one["secret"] for one in pod["volumes"] if one["name"] == "broker"]
        held.add((container["name"], broker["secretName"]))
        values = {one["name"]: one.get("value") for one in container["env"]}
        assert values["HALCYON_NATS_CREDENTIALS"] == "/var/lib/halcyon/broker/nats.creds"
        assert (values.get("HALCYON_BIND_ONLY") == "true") == (container["name"] in discovered())
    assert held >= {(name, f"halcyon-{name}-nats") for name in discovered()}
    assert ("streams", "halcyon-deploy-nats") in held


def test_the_servers_speak_to_nobody_in_the_clear_and_hide_their_monitoring() -> None:
    chosen = yaml.safe_load((K8S / "nats.values.yaml").read_text())["config"]
    assert chosen["nats"]["tls"]["enabled"] is True
    assert chosen["cluster"]["tls"]["merge"]["verify"] is True
    policy = yaml.safe_load((K8S / "nats.network.yaml").read_text())
    kubernetes_validate.validate(policy, "1.37", strict=True)
    open_ports = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    assert open_ports == {4222, 6222}
    cluster, *_ = yaml.safe_load_all((K8S / "postgres.yaml").read_text())
    assert "hostnossl all all all reject" in cluster["spec"]["postgresql"]["pg_hba"]


def test_postgresql_has_a_database_an_owner_and_a_role_for_each_service() -> None:
    cluster, *databases = yaml.safe_load_all((K8S / "postgres.yaml").read_text())
    owners = {f"halcyon_{name}" for name in discovered()}
    roles = {role["name"]: role for role in cluster["spec"]["managed"]["roles"]}
    assert roles.keys() == owners | {f"{owner}_service" for owner in owners}
    assert not any("superuser" in role or "bypassrls" in role for role in roles.values())
    assert {one["spec"]["owner"] for one in databases} == owners
    assert cluster["spec"]["instances"] == 3


def test_the_nodes_of_nats_sync_every_write() -> None:
    chosen = yaml.safe_load((K8S / "nats.values.yaml").read_text())["config"]
    assert chosen["cluster"]["replicas"] == 3
    assert chosen["jetstream"]["merge"]["sync_interval"] == "always"
    assert "sync_interval: always" in (K8S.parent / "nats/nats.conf").read_text()
