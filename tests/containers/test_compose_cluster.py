"""Three NATS servers and everything encrypted, switched on as `docs/operators.md` says: a batch goes on while
a server is killed."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from containers.composed import Project, composed, docker, until

pytestmark = pytest.mark.docker
SERVERS = ("nats", "nats-2", "nats-3")


@pytest.fixture
def cluster(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project with the lines of both parts of the page in `.env`, certificates, and the comments before
    `tls` taken away."""
    project = Project(tmp_path_factory.mktemp("cluster"))
    deploy = project.folder / "deploy"
    subprocess.run([deploy / "make-certs"], check=True, capture_output=True)
    for name in ("nats.conf", "cluster.conf"):
        path = deploy / "nats" / name
        written = path.read_text()
        assert written.count("# tls {") == 1
        path.write_text(written.replace("# tls {", "tls {"))
    lines = [line.removeprefix("# ") for line in (deploy / "example.env").read_text().splitlines()]
    of_three = dict(line.split("=", 1) for line in lines[lines.index("COMPOSE_PROFILES=cluster") :])
    assert len(of_three) == 5
    of_three["REPRISE_NATS__URL"] = of_three["REPRISE_NATS__URL"].replace("nats://", "tls://")
    ca = "/etc/reprise/tls/ca.pem"
    project.set(
        **of_three,
        REPRISE_NATS__TLS_FIRST="true",
        REPRISE_NATS__CA=ca,
        REPRISE_S3__SECURE="true",
        REPRISE_S3__CA=ca,
    )
    with composed(project) as running:
        yield running


def monitored(project: Project, server: str, path: str) -> dict[str, object]:
    """What a NATS server says of itself, asked from the gateway's container."""
    program = (
        f"import urllib.request; print(urllib.request.urlopen('http://{server}:8222/{path}', "
        "timeout=5).read().decode())"
    )
    asked = docker("exec", project.containers("gateway")[0], "python", "-c", program)
    assert asked.returncode == 0, asked.stderr
    found: dict[str, object] = json.loads(asked.stdout)
    return found


def doctor(project: Project) -> dict[str, list[str]]:
    """What the doctor says is wrong, by what it is about."""
    said: dict[str, list[str]] = {}
    for finding in project.http.get("/doctor").json()["findings"]:
        if finding["result"] == "wrong":
            said.setdefault(finding["name"], []).append(finding["detail"])
    return said


def test_a_batch_goes_on_while_a_server_of_the_cluster_is_killed(cluster: Project) -> None:
    """The one that leads the log is killed amid the research: it completes, the doctor names the one away,
    and nothing once it is back."""
    for server in SERVERS:
        told = monitored(cluster, server, "varz")
        own = told["cluster"]
        assert told["tls_required"] is True and isinstance(own, dict) and own["tls_required"] is True
    until(lambda: not doctor(cluster), 60, "a doctor with nothing to say")
    batch, session = cluster.start("What does the tide do to the harbour?")
    streams = monitored(cluster, "nats", "jsz?streams=true")["account_details"][0]["stream_detail"]  # type: ignore[index]
    leader = next(stream["cluster"]["leader"] for stream in streams if stream["name"] == "SESSIONS")
    (victim,) = cluster.containers(leader)
    assert docker("kill", victim).returncode == 0
    cluster.at_rest(session)
    assert "tide" in cluster.report(session).lower()
    until(lambda: leader in " ".join(doctor(cluster).get("NATS", [])), 60, f"a doctor who misses {leader}")
    generation = cluster.state(session)["nodes"]["phase4"]["generation"]
    cluster.rerun(session, batch, "phase1")
    until(lambda: cluster.later(session, generation), 120, "a new report from two servers")
    assert docker("start", victim).returncode == 0
    until(lambda: not doctor(cluster), 60, "a doctor with nothing to say")
    assert "Everything is as declared." in cluster.compose(
        "run", "--rm", "bootstrap", "reprise", "bootstrap", "--check"
    )
