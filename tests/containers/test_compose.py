"""The whole compose file: research, rerun, kills, scaling, down and up again, backup and restore."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import httpx
import pytest

from containers.composed import Project, composed, docker, until

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def project(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The running project."""
    with composed(Project(tmp_path_factory.mktemp("compose"))) as project:
        yield project


@pytest.fixture(scope="module")
def researched(project: Project) -> tuple[str, str]:
    """A batch, researched to its end; its id and its session's."""
    batch, session = project.start("What does the tide do to the harbour?")
    project.at_rest(session)
    return batch, session


def test_a_batch_is_researched_by_services_with_users_of_their_own(
    project: Project, researched: tuple[str, str]
) -> None:
    """Everything was declared by bootstrap, and it finds nothing to mend afterwards."""
    assert "tide" in project.report(researched[1]).lower()
    assert "Everything is as declared." in project.compose(
        "run", "--rm", "bootstrap", "reprise", "bootstrap", "--check"
    )


def test_a_word_document_is_researched_in_the_image(project: Project) -> None:
    """The image carries what reads office documents: a .docx is read, and the report cites it."""
    document = docx.Document()
    document.add_heading("The lighthouse", 1)
    document.add_paragraph(
        "The lighthouse of the bay was lit in 1871. Its lamp reaches eighteen miles. Keepers lived there "
        "until 1987."
    )
    written = io.BytesIO()
    document.save(written)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    answer = project.http.post(
        "/batches",
        data={"topic": "When was the lighthouse lit?"},
        files={"files": ("lighthouse.docx", written.getvalue(), kind)},
    )
    assert answer.status_code == 201, answer.text
    project.at_rest(answer.json()["session_id"])
    assert "1871" in project.report(answer.json()["session_id"])


def test_the_command_line_comes_with_the_image(project: Project, tmp_path: Path) -> None:
    """On a machine with nothing but an engine: `cli` researches a file of a folder, to its report, and says
    what it may not read."""
    (tmp_path / "pier.txt").write_text(
        "The pier of the bay was built in 1888. It is 300 metres long. Its planks are of oak."
    )
    run = ("run", "--rm", "-T", "-e", f"REPRISE_TOKEN={project.token}", "-v", f"{tmp_path}:/work:ro", "cli")
    tmp_path.chmod(0o700)
    assert "may not be read" in project.compose(
        *run, "research", "pier.txt", "-t", "When was the pier built?", check=False, errors=True
    )
    tmp_path.chmod(0o755)
    done = json.loads(
        project.compose(*run, "research", "pier.txt", "-t", "When was the pier built?", "--follow", "--json")
    )
    assert "1888" in project.compose(*run, "report", done["session_id"])


def test_nobody_gets_in_without_a_token(project: Project) -> None:
    """Research is behind the token; whether it lives is not."""
    with httpx.Client(base_url=str(project.http.base_url)) as stranger:
        assert stranger.get("/batches").status_code == 401
        assert stranger.get("/healthz").status_code == 200


def test_containers_are_healthy_unprivileged_and_cannot_write(project: Project) -> None:
    """Each role's own check says that it works; the root file system is read-only, and the process is not
    root."""
    services = ("gateway", "orchestrator", "scheduler", *(f"worker-phase{n}" for n in range(5)))
    for service in services:
        (container,) = project.containers(service)
        until(
            lambda container=container: _inspected(container)["State"]["Health"]["Status"] == "healthy",
            60,
            f"a healthy {service}",
        )
        tried = docker("exec", container, "sh", "-c", "id -u; touch /opt/x")
        assert tried.stdout.strip() == "10001"
        assert tried.returncode != 0


def test_a_pool_grows_while_it_works_and_kills_lose_nothing(
    project: Project, researched: tuple[str, str]
) -> None:
    """Four workers of phase 3; one of them and the orchestrator are killed amid a rerun, which still reaches
    its end (R22)."""
    batch, session = researched
    project.up("--scale", "worker-phase3=4")
    until(lambda: len(_pool(project, "phase3")["workers"]) == 4, 60, "four workers")
    before = project.state(session)["nodes"]["phase4"]["generation"]
    project.rerun(session, batch, "phase1")
    victims = [project.containers("worker-phase3")[0], project.containers("orchestrator")[0]]
    assert docker("kill", *victims).returncode == 0
    assert docker("start", *victims).returncode == 0
    state = until(lambda: project.later(session, before), 120, "a new report")
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
    until(lambda: project.later(session, generation), 120, "a new report")


def test_a_backup_comes_back_through_compose(
    project: Project, researched: tuple[str, str], tmp_path: Path
) -> None:
    """As `docs/operators.md` says it: backup at work, everything thrown away, restore with the services
    stopped."""
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
    assert [
        line for line in logs.splitlines() if "not permitted" in line or "object store refuses" in line
    ] == []


def _pool(project: Project, phase: str) -> dict[str, Any]:
    pools: list[dict[str, Any]] = project.http.get("/workers").json()
    return next(pool for pool in pools if pool["phase"] == phase)


def _inspected(container: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("inspect", container).stdout)
    return found[0]
