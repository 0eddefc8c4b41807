"""The stack that the browser tests look at: `reprise up` with the built app, and what a test asks of it past
the browser."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx

from reprise_cli.stack.stack_file import StackFile, read_stack
from reprise_runtime.operate.servers import free_ports
from reprise_runtime.tokens import digest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
T = TypeVar("T")


def until(found: Callable[[], T | None], seconds: float = 90.0) -> T:
    """The first true answer."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)
    return answer


class Site:
    """`reprise up` in a folder of its own; with tokens (`{name: role}`, each token is its holder's name) its
    tests call as `olga`."""

    def __init__(self, folder: Path, roles: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        port, nats_port, s3_port, self.search_port = free_ports(4)
        self.url = f"http://127.0.0.1:{port}"
        command = [
            sys.executable,
            "-m",
            "reprise_cli",
            "up",
            "--state-dir",
            folder / "state",
            "--port",
            port,
            "--nats-port",
            nats_port,
            "--s3-port",
            s3_port,
            "--workers",
            "phase3=1",
        ]
        environment = os.environ | {
            "REPRISE_ENGINE": "e2e.stage:Staged",
            "PYTHONPATH": str(HERE.parent),
            "REPRISE_FETCH__ALLOW_LOOPBACK": "true",
            "REPRISE_SEARCH__ADDRESSES": json.dumps({"searxng": f"http://127.0.0.1:{self.search_port}"}),
        }
        if roles:
            known = {name: {"hash": digest(name), "role": role} for name, role in roles.items()}
            environment["REPRISE_AUTH__TOKENS"] = json.dumps(known)
        with (folder / "up.log").open("w") as log:
            self._up = subprocess.Popen(
                [str(part) for part in command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        assert self._up.stdout is not None
        said = self._up.stdout.readline()
        assert "ready" in said, (folder / "up.log").read_text()
        self.http = httpx.Client(
            base_url=self.url, timeout=30, headers={"Authorization": "Bearer olga"} if roles else {}
        )

    def end(self) -> None:
        self.http.close()
        self._up.send_signal(signal.SIGTERM)
        self._up.wait(60)
        assert self._up.stdout is not None
        self._up.stdout.close()

    def kill(self, name: str) -> None:
        """kill -9; the supervisor starts it again."""
        stack = read_stack(self.folder / "state")
        assert isinstance(stack, StackFile)
        os.kill(next(child.pid for child in stack.children if child.name == name), signal.SIGKILL)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A process that does nothing, and does not know that it does not."""
        stack = read_stack(self.folder / "state")
        assert isinstance(stack, StackFile)
        process = next(child.pid for child in stack.children if child.name.startswith(name))
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def start(self, topic: str, texts: dict[str, str], **fields: object) -> tuple[str, str]:
        """A batch of texts; its id and its session's."""
        body = {
            "topic": topic,
            "sources": [{"title": title, "text": text} for title, text in texts.items()],
            **fields,
        }
        created = self.http.post("/batches", json=body).raise_for_status().json()
        return created["batch_id"], created["session_id"]

    def state(self, session_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/sessions/{session_id}").raise_for_status().json()
        return answer

    def at_rest(self, session_id: str, seconds: float = 90.0) -> dict[str, Any]:
        """The state once nothing runs or waits."""

        def rested() -> dict[str, Any] | None:
            state = self.state(session_id)
            return state if not state["run"] and not state["queue"] else None

        return until(rested, seconds)

    def rerun_alone(self, session_id: str, steps: dict[int, str]) -> dict[str, Any]:
        """Each step anew with its guidance and nothing below it, so that the report is out of date; the state
        after it."""
        for step, guidance in steps.items():
            options = {"propagation": "mark_stale", "guidance": guidance}
            body = {"session_id": session_id, "step_ids": [step], "options": options}
            command = (
                self.http.post("/workflow/restart/step", json=body).raise_for_status().json()["command_id"]
            )
            until(lambda asked=command: self._outcome(session_id, asked) in {"completed", "failed"})
        state = self.state(session_id)
        assert state["nodes"]["phase4"]["freshness"] == "stale"
        return state

    def steps(self, session_id: str) -> list[int]:
        """The numbers of the plan's steps."""
        nodes = self.state(session_id)["nodes"]
        return sorted(int(node.removeprefix("phase3/")) for node in nodes if node.startswith("phase3/"))

    def _outcome(self, session_id: str, command_id: str) -> str:
        status: str = (
            self.http.get(f"/sessions/{session_id}/commands/{command_id}").raise_for_status().json()["status"]
        )
        return status

    def finished(self, topic: str, texts: dict[str, str], **fields: object) -> tuple[str, str]:
        """A batch that was researched to its end."""
        batch_id, session_id = self.start(topic, texts, **fields)
        state = until(
            lambda: state if (state := self.state(session_id))["nodes"]["phase4"]["artifact"] else None
        )
        assert state["nodes"]["phase4"]["status"] == "completed", json.dumps(state["nodes"])
        return batch_id, session_id


class _Quiet(SimpleHTTPRequestHandler):
    seconds = 0.0

    def do_GET(self) -> None:
        time.sleep(self.seconds)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


@contextmanager
def pages(folder: Path, seconds: float = 0.0, port: int = 0) -> Iterator[str]:
    """A web site of a folder's files, each of which takes some seconds; its address. Port 0 is any."""

    class Handler(_Quiet):
        pass

    Handler.seconds = seconds
    with ThreadingHTTPServer(
        ("127.0.0.1", port), functools.partial(Handler, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
