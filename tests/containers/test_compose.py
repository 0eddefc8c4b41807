"""The whole compose file, as an operator starts it: research, rerun, kills, scaling, down and up again.

Needs `docker compose` or docker-compose. The image is `REPRISE_IMAGE`, built first where there is none (`make images`); `MINIO_IMAGE`,
`NATS_IMAGE` and `BASE_IMAGE` are those of the file.
"""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import docx
import httpx
import pytest

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]
IMAGE = os.environ.get("REPRISE_IMAGE", "reprise:latest")
TEXTS = (
    "The tide in the bay rises four metres. The harbour was built in 1902. Fishermen leave with the ebb.",
    "The bridge over the bay cost nine million. Engineers say that the tide wears its piers by 2 cm a year. The harbour was built in 1905.",
)
T = TypeVar("T")


def until(found: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.2)


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One command of the engine."""
    return subprocess.run([shutil.which("docker") or "docker", *arguments], capture_output=True, text=True, check=False)


class Project:
    """The compose file under a name and an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.name = f"reprise-test-{os.getpid()}"
        self.env_file = folder / ".env"
        made = subprocess.run([ROOT / "deploy" / "make-env", self.env_file], capture_output=True, text=True, check=True)
        token = re.search(r"rpr_\w+", made.stdout)
        assert token is not None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with self.env_file.open("a") as file:
            file.write(f"REPRISE_LISTEN=127.0.0.1:{self.port}\nREPRISE_IMAGE={IMAGE}\n")
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {token[0]}"}, timeout=30)

    def compose(self, *arguments: str, check: bool = True) -> str:
        """One command of compose; what it printed."""
        own = [] if shutil.which("docker-compose") is None else ["docker-compose"]
        program = own or ["docker", "compose"]
        command = [*program, "-p", self.name, "--env-file", str(self.env_file), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def up(self, *arguments: str) -> None:
        """Start, and wait until the gateway takes work."""
        self.compose("up", "-d", *arguments)
        until(self.ready, 90, "a gateway that is ready")

    def ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def state(self, session: str) -> dict[str, Any]:
        answer = self.http.get(f"/sessions/{session}")
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def at_rest(self, session: str) -> dict[str, Any]:
        """The session once nothing runs and all of it is fresh."""

        def rested() -> dict[str, Any] | None:
            state = self.state(session)
            nodes = state["nodes"].values()
            return state if state["run"] is None and all(node["status"] == "completed" for node in nodes) else None

        return until(rested, 120, "the end of the run")

    def rerun(self, session: str, batch: str, phase: str) -> None:
        body = {"batch_id": batch, "session_id": session, "phase": phase, "options": {"force": True}}
        answer = self.http.post("/workflow/restart/phase", json=body)
        assert answer.status_code == 202, answer.text

    def report(self, session: str) -> str:
        return self.http.get(f"/sessions/{session}/report", params={"format": "md"}).text


@pytest.fixture(scope="module")
def project(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The running project, with nothing left of it afterwards."""
    if shutil.which("docker-compose") is None and docker("compose", "version").returncode:
        pytest.skip("neither docker-compose nor docker compose is installed")
    project = Project(tmp_path_factory.mktemp("compose"))
    if docker("image", "inspect", IMAGE).returncode:
        project.compose("build")
    try:
        project.up()
        yield project
    finally:
        project.http.close()
        project.compose("down", "-v", check=False)


@pytest.fixture(scope="module")
def researched(project: Project) -> tuple[str, str]:
    """A batch, researched to its end; its id and its session's."""
    sources = [{"text": text, "title": f"Text {number}"} for number, text in enumerate(TEXTS, 1)]
    answer = project.http.post("/batches", json={"topic": "What does the tide do to the harbour?", "sources": sources})
    assert answer.status_code == 201, answer.text
    batch, session = answer.json()["batch_id"], answer.json()["session_id"]
    project.at_rest(session)
    return batch, session


def test_a_batch_is_researched_by_services_with_users_of_their_own(project: Project, researched: tuple[str, str]) -> None:
    """Everything was declared by bootstrap, and it finds nothing to mend afterwards."""
    assert "tide" in project.report(researched[1]).lower()
    assert "Everything is as declared." in project.compose("run", "--rm", "bootstrap", "reprise", "bootstrap", "--check")


def test_a_word_document_is_researched_in_the_image(project: Project) -> None:
    """The image carries what reads office documents: a .docx is read, and the report cites it."""
    document = docx.Document()
    document.add_heading("The lighthouse", 1)
    document.add_paragraph("The lighthouse of the bay was lit in 1871. Its lamp reaches eighteen miles. Keepers lived there until 1987.")
    written = io.BytesIO()
    document.save(written)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    answer = project.http.post(
        "/batches", data={"topic": "When was the lighthouse lit?"}, files={"files": ("lighthouse.docx", written.getvalue(), kind)}
    )
    assert answer.status_code == 201, answer.text
    project.at_rest(answer.json()["session_id"])
    assert "1871" in project.report(answer.json()["session_id"])


def test_nobody_gets_in_without_a_token(project: Project) -> None:
    """Research is behind the token; whether it lives is not."""
    with httpx.Client(base_url=str(project.http.base_url)) as stranger:
        assert stranger.get("/batches").status_code == 401
        assert stranger.get("/healthz").status_code == 200


def test_containers_are_healthy_unprivileged_and_cannot_write(project: Project) -> None:
    """Each role's own check says that it works; the root file system is read-only, and the process is not root."""
    services = ("gateway", "orchestrator", "scheduler", *(f"worker-phase{n}" for n in range(5)))
    for service in services:
        (container,) = project.containers(service)
        until(lambda container=container: _inspected(container)["State"]["Health"]["Status"] == "healthy", 60, f"a healthy {service}")
        tried = docker("exec", container, "sh", "-c", "id -u; touch /opt/x")
        assert tried.stdout.strip() == "10001"
        assert tried.returncode != 0


def test_a_pool_grows_while_it_works_and_kills_lose_nothing(project: Project, researched: tuple[str, str]) -> None:
    """Four workers of phase 3; one of them and the orchestrator are killed amid a rerun, which still reaches its end (R22)."""
    batch, session = researched
    project.up("--scale", "worker-phase3=4")
    until(lambda: len(_pool(project, "phase3")["workers"]) == 4, 60, "four workers")
    before = project.state(session)["nodes"]["phase4"]["generation"]
    project.rerun(session, batch, "phase1")
    victims = [project.containers("worker-phase3")[0], project.containers("orchestrator")[0]]
    assert docker("kill", *victims).returncode == 0
    assert docker("start", *victims).returncode == 0
    state = until(lambda: _later(project, session, before), 120, "a new report")
    assert {node["freshness"] for node in state["nodes"].values()} == {"fresh"}


def test_down_and_up_keep_everything(project: Project, researched: tuple[str, str]) -> None:
    """Volumes hold all that matters: the same report, and the next rerun runs."""
    batch, session = researched
    before = project.report(session)
    project.compose("down")
    assert not project.ready()
    project.up()
    assert project.report(session) == before
    generation = project.state(session)["nodes"]["phase4"]["generation"]
    project.rerun(session, batch, "phase4")
    until(lambda: _later(project, session, generation), 120, "a new report")


def test_a_backup_comes_back_through_compose(project: Project, researched: tuple[str, str], tmp_path: Path) -> None:
    """As `docs/operators.md` says it: backup at work, everything thrown away, restore with the services stopped."""
    _, session = researched
    before = project.report(session)
    tmp_path.chmod(0o777)
    run = ("run", "--rm", "-v", f"{tmp_path}:/backup", "bootstrap", "reprise")
    project.compose(*run, "backup", "/backup/today")
    project.compose("down", "-v")
    project.compose("up", "-d", "bootstrap")
    project.compose(*run, "restore", "/backup/today")
    project.up()
    assert project.report(session) == before
    logs = project.compose("logs", "--no-color")
    assert [line for line in logs.splitlines() if "not permitted" in line or "object store refuses" in line] == []


def _later(project: Project, session: str, generation: int) -> dict[str, Any] | None:
    """The session at rest, with a report that is newer than a generation."""
    state = project.state(session)
    return state if state["run"] is None and not state["queue"] and state["nodes"]["phase4"]["generation"] > generation else None


def _pool(project: Project, phase: str) -> dict[str, Any]:
    pools: list[dict[str, Any]] = project.http.get("/workers").json()
    return next(pool for pool in pools if pool["phase"] == phase)


def _inspected(container: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("inspect", container).stdout)
    return found[0]
