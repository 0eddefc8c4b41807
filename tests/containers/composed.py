"""The compose file as an operator starts it, in a folder, under a name and with an environment of its own.

Needs `docker compose` or docker-compose. Images are those of `deploy/images.yml`, or of the variables that it
reads; Reprise's own is built first where there is none (`make images`).
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

ROOT = Path(__file__).parents[2]
IMAGES = (ROOT / "deploy" / "images.yml").read_text()


def image(variable: str) -> str:
    """The image that a variable of the file names, or its default."""
    found = re.search(rf"\$\{{{variable}:-([^}}]+)\}}", IMAGES)
    assert found is not None, variable
    return os.environ.get(variable, found[1])


IMAGE = image("REPRISE_IMAGE")
TEXTS = (
    "The tide in the bay rises four metres. The harbour was built in 1902. Fishermen leave with the ebb.",
    "The bridge over the bay cost nine million. Engineers say that the tide wears its piers by 2 cm a year. "
    "The harbour was built in 1905.",
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
    return subprocess.run(
        [shutil.which("docker") or "docker", *arguments], capture_output=True, text=True, check=False
    )


class Project:
    """The compose file and what it mounts, copied into a folder, where a test may change them."""

    def __init__(self, folder: Path) -> None:
        self.name = f"reprise-test-{os.getpid()}"
        self.folder = folder
        for name in ("docker-compose.yml", "deploy"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        self.env_file = folder / ".env"
        made = subprocess.run([folder / "deploy" / "make-env"], capture_output=True, text=True, check=True)
        found = re.search(r"rpr_\w+", made.stdout)
        assert found is not None
        self.token = found[0]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.set(REPRISE_LISTEN=f"127.0.0.1:{self.port}", REPRISE_IMAGE=IMAGE)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )

    def set(self, **variables: str) -> None:
        """Lines of `.env`."""
        with self.env_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def compose(self, *arguments: str, check: bool = True, errors: bool = False) -> str:
        """One command of compose; what it printed, where it is asked for with its errors."""
        own = [] if shutil.which("docker-compose") is None else ["docker-compose"]
        program = own or ["docker", "compose"]
        command = [*program, "-p", self.name, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr if errors else done.stdout

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
            return (
                state
                if state["run"] is None and all(node["status"] == "completed" for node in nodes)
                else None
            )

        return until(rested, 120, "the end of the run")

    def start(self, topic: str) -> tuple[str, str]:
        """A batch on two texts: its id and its session's."""
        sources = [{"text": text, "title": f"Text {number}"} for number, text in enumerate(TEXTS, 1)]
        answer = self.http.post("/batches", json={"topic": topic, "sources": sources})
        assert answer.status_code == 201, answer.text
        return answer.json()["batch_id"], answer.json()["session_id"]

    def rerun(self, session: str, batch: str, phase: str) -> None:
        body = {"batch_id": batch, "session_id": session, "phase": phase, "options": {"force": True}}
        answer = self.http.post("/workflow/restart/phase", json=body)
        assert answer.status_code == 202, answer.text

    def later(self, session: str, generation: int) -> dict[str, Any] | None:
        """The session at rest, with a report that is newer than a generation."""
        state = self.state(session)
        rested = state["run"] is None and not state["queue"]
        return state if rested and state["nodes"]["phase4"]["generation"] > generation else None

    def report(self, session: str) -> str:
        return self.http.get(f"/sessions/{session}/report", params={"format": "md"}).text


@contextlib.contextmanager
def composed(project: Project) -> Iterator[Project]:
    """The project at work, with nothing left of it afterwards."""
    if shutil.which("docker-compose") is None and docker("compose", "version").returncode:
        pytest.skip("neither docker-compose nor docker compose is installed")
    if docker("image", "inspect", IMAGE).returncode:
        base = f"BASE_IMAGE={image('BASE_IMAGE')}"
        file = str(ROOT / "deploy" / "Dockerfile")
        built = docker("build", "-q", "-f", file, "--build-arg", base, "-t", IMAGE, str(ROOT))
        assert built.returncode == 0, built.stderr
    try:
        project.up()
        yield project
    finally:
        project.http.close()
        project.compose("down", "-v", check=False)
