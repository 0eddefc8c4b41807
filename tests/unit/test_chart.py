"""The Helm chart, rendered by Helm's own code and checked against Kubernetes' own schemas."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from reprise_cli.commands.doctor import flattened
from reprise_contracts.nodes import PHASES
from reprise_runtime import metrics
from reprise_runtime.roles import ROLES
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.settings import Settings, Timings

helm = pytest.importorskip("helm_python", reason="it has no wheel for this machine")
CHART = Path(__file__).parents[2] / "deploy/helm"
KUBERNETES = ("1.29", "1.37")
"""The oldest and the newest that the chart is checked against."""
SERVICES = ("gateway", "orchestrator", "scheduler")
NEEDED = {"s3": {"endpoint": "s3.example.org:9000"}}
EVERYTHING = NEEDED | {
    "autoscaling": {"enabled": True},
    "caSecretName": "authorities",
    "extraEnv": [
        {"name": "REPRISE_LLM__API_KEY", "valueFrom": {"secretKeyRef": {"name": "llm", "key": "api-key"}}}
    ],
    "gateway": {"ingress": {"enabled": True, "tlsSecretName": "certificate", "className": "nginx"}},
    "image": {"repository": "registry.example.org/reprise", "digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "nats": {"monitor": "http://nats:8222", "replicas": 3},
    "networkPolicy": {
        "webhooks": True,
        "servers": [
            {
                "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "nats"}}}],
                "ports": [{"port": 4222}],
            }
        ],
    },
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "settings": {"REPRISE_ENGINE": "openai", "REPRISE_LIMITS__SOCKETS": 100},
}
Document = dict[str, Any]


def rendered(values: Document) -> list[Document]:
    """What would be installed."""
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name="research", namespace="reprise")
    texts = [text for name, text in files.items() if name.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    """The documents of a kind, by the part of their names behind the release's."""
    return {
        document["metadata"]["name"].removeprefix("research").lstrip("-"): document
        for document in documents
        if document["kind"] == kind
    }


def container(document: Document) -> Document:
    """The only container of a workload."""
    (found,) = document["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def workloads(documents: list[Document]) -> dict[str, Document]:
    """Whatever runs a container."""
    return of_kind(documents, "Deployment") | of_kind(documents, "Job")


@pytest.fixture(scope="module", params=["needed", "everything"])
def documents(request: pytest.FixtureRequest) -> list[Document]:
    """The least and the most that can be asked for."""
    return rendered(NEEDED if request.param == "needed" else EVERYTHING)


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(documents: list[Document], version: str) -> None:
    """Strictly: a field that Kubernetes does not know is a mistake. KEDA's own kind is looked at below."""
    for document in documents:
        if document["kind"] != "ScaledObject":
            kubernetes_validate.validate(document, version, strict=True)


def test_helm_finds_nothing_wrong() -> None:
    """But for the icon, which is a matter of taste."""
    found = helm.lint(str(CHART))
    assert [one["error"] for one in found["messages"] if "icon" not in one["error"]] == []


def test_each_role_and_each_pool_has_a_deployment_and_a_budget(documents: list[Document]) -> None:
    """With the command of its service, and a selector that finds its pods and no others."""
    expected = {*SERVICES, *(f"worker-{phase}" for phase in PHASES)}
    deployments = of_kind(documents, "Deployment")
    assert set(deployments) == expected == set(of_kind(documents, "PodDisruptionBudget"))
    for name, deployment in deployments.items():
        module = (
            ["reprise_workers", name.removeprefix("worker-")] if "worker" in name else [f"reprise_{name}"]
        )
        assert container(deployment)["command"] == ["python", "-m", *module]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        for selector in (
            deployment["spec"]["selector"]["matchLabels"],
            of_kind(documents, "PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"],
        ):
            assert selector.items() <= labels.items() and selector["reprise/process"] == name
    service = of_kind(documents, "Service")[""]["spec"]["selector"]
    assert service.items() <= deployments["gateway"]["spec"]["template"]["metadata"]["labels"].items()


def test_every_process_has_its_own_user_and_every_secret_is_a_reference(documents: list[Document]) -> None:
    """Nobody but bootstrap is the operator, and who has no business in the store has no key."""
    for name, workload in workloads(documents).items():
        role = "admin" if name == "bootstrap" else name.removeprefix("worker-")
        environment = {entry["name"]: entry for entry in container(workload)["env"]}
        assert environment["REPRISE_NATS__USER"]["value"] == role
        key = environment.get("REPRISE_S3__ACCESS_KEY", {}).get("value")
        assert key == (user_of(role) if role in WRITES or role == "admin" else None)
        for variable, entry in environment.items():
            if re.search("PASSWORD|SECRET|TOKENS|API_KEY", variable):
                assert set(entry) == {"name", "valueFrom"}, variable
    asked = {entry["name"] for entry in container(workloads(documents)["bootstrap"])["env"]}
    assert {f"REPRISE_SECRETS__{role.upper()}" for role in ROLES} <= asked


def test_every_variable_is_a_setting(documents: list[Document]) -> None:
    """A name that nobody reads would do nothing."""
    known = {name for name, _ in flattened(Settings.model_construct().public())}
    known |= {f"REPRISE_SECRETS__{role.upper()}" for role in ROLES}
    for name, workload in workloads(documents).items():
        assert {entry["name"] for entry in container(workload)["env"]} <= known, name


def test_a_process_that_hangs_is_restarted_and_one_without_servers_is_not(documents: list[Document]) -> None:
    """Liveness is the process's own sign of life; whether it can work only takes it out of the Service."""
    for name, deployment in of_kind(documents, "Deployment").items():
        probes = container(deployment)
        assert probes["livenessProbe"]["exec"]["command"][-1] == "--alive"
        assert probes["startupProbe"]["exec"]["command"][-1] == "--alive"
        if name == "gateway":
            assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
        else:
            assert probes["readinessProbe"]["exec"]["command"][-1].endswith("reprise-healthy")
        assert {"name": "REPRISE_BEAT", "value": "/tmp/beat"} in probes["env"]  # noqa: S108  # the pod's own


def test_a_pod_may_drain_before_it_is_killed() -> None:
    """The grace follows the setting, which every process gets."""
    for seconds in (20, 300):
        for deployment in of_kind(rendered(NEEDED | {"drainSeconds": seconds}), "Deployment").values():
            assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == seconds + 10
            told = {entry["name"]: entry.get("value") for entry in container(deployment)["env"]}
            assert told["REPRISE_TIMINGS__DRAIN"] == str(seconds)
    assert Timings().drain == yaml.safe_load((CHART / "values.yaml").read_text())["drainSeconds"]


def test_nothing_runs_as_root_or_without_limits(documents: list[Document]) -> None:
    """On a read-only file system, with no rights and no token of the cluster."""
    for workload in workloads(documents).values():
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
        own = container(workload)
        assert own["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"memory"} <= set(own["resources"]["limits"])


def test_pools_are_scaled_by_figures_that_the_gateway_has() -> None:
    """One object for each pool, on its Deployment, which then names no size of its own."""
    documents = rendered(EVERYTHING)
    scaled = of_kind(documents, "ScaledObject")
    assert set(scaled) == {f"worker-{phase}" for phase in PHASES}
    served = {family.name for family in metrics.REGISTRY.collect()}
    for name, document in scaled.items():
        spec = document["spec"]
        assert spec["scaleTargetRef"]["name"] == f"research-{name}"
        (trigger,) = spec["triggers"]
        query = trigger["metadata"]["query"]
        figures = re.findall(r"reprise_\w+", query)
        assert len(figures) == 3 and set(figures) <= served
        assert set(re.findall(r'pool="(\w+)"', query)) == {name.removeprefix("worker-")}
        assert "replicas" not in of_kind(documents, "Deployment")[name]["spec"]
        assert spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    assert of_kind(rendered(NEEDED), "ScaledObject") == {}


def test_only_the_gateway_is_called_and_only_workers_call_anyone() -> None:
    """Without a policy of its own a port is open to nobody."""
    policies = of_kind(rendered(EVERYTHING), "NetworkPolicy")
    assert [rule["ports"] for rule in policies["inside"]["spec"]["ingress"]] == [[{"port": "metrics"}]]
    assert policies["inside"]["spec"]["podSelector"]["matchLabels"].keys().isdisjoint({"reprise/process"})
    gateway = policies["gateway"]["spec"]
    assert gateway["podSelector"]["matchLabels"]["reprise/process"] == "gateway"
    assert [rule["ports"] for rule in gateway["ingress"]] == [[{"port": "http"}]]
    out = policies["out"]["spec"]
    assert out["policyTypes"] == ["Egress"] and len(out["egress"]) == 2
    assert "out" not in of_kind(rendered(NEEDED), "NetworkPolicy")


def test_what_has_to_be_named_is_asked_for() -> None:
    """Where the store is; and a value that cannot be is refused before anything is sent."""
    with pytest.raises(helm.HelmError, match="where the object store is"):
        rendered({})
    with pytest.raises(helm.HelmError, match="endpoint"):
        rendered({"s3": {"endpoint": "https://s3.example.org"}})


def test_the_chart_has_the_version_of_the_project() -> None:
    """Its image is the one of the same release."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == metrics.code_version()
