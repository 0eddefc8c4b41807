"""`reprise up` and the commands that talk to it: real servers, real services, real kills."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reprise_cli.stack.stack_file import StackFile, read_stack
from reprise_contracts import subjects
from reprise_contracts.nodes import PHASES
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.operate.seaweed import Filer
from reprise_runtime.operate.servers import free_ports
from reprise_runtime.settings import Nats
from unit.cli.processes_tree import there, until

TEXTS = {
    "tides.txt": "The tide in the bay rises four metres. The harbour was built in 1902. Fishermen leave with "
    "the ebb.",
    "bridge.md": "# The bridge\n\nThe bridge over the bay cost nine million. Engineers say that the tide "
    "wears its piers by 2 cm a year.",
}


PROCESSES = {
    "compact": ("core", "workers"),
    "spread": ("orchestrator", "scheduler", *(f"worker-{phase}" for phase in PHASES)),
}
"""By shape: those of the services beside the gateway."""


@dataclass
class Up:
    """A stack that a test may kill and start again."""

    folder: Path
    shape: str
    process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start and wait until it says that it is ready."""
        port, nats_port, s3_port = free_ports(3)
        command = [
            sys.executable,
            "-m",
            "reprise_cli",
            "up",
            "--state-dir",
            self.folder,
            "--port",
            port,
            "--nats-port",
            nats_port,
            "--s3-port",
            s3_port,
            "--shape",
            self.shape,
        ]
        with (self.folder.parent / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ
                | {"REPRISE_TIMINGS__SWEEP_AFTER": "1", "REPRISE_S3__BUCKET": "of-another-store"},
            )
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the supervisor; its exit code."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process.stdout.close()
        self.process = None
        return code

    @property
    def stack(self) -> StackFile:
        stack = read_stack(self.folder)
        assert stack is not None
        return stack

    def pid(self, name: str) -> int:
        return next((child.pid for child in self.stack.children if child.name == name), 0)

    def reprise(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command against it."""
        command = [sys.executable, "-m", "reprise_cli", "--state-dir", str(self.folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def json(self, *arguments: str) -> dict[str, object]:
        """Run a command that prints one document."""
        done = self.reprise("--json", *arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        document: dict[str, object] = json.loads(done.stdout)
        return document


@pytest.fixture(scope="module", params=PROCESSES)
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One stack of either shape for the tests of this module, in their order."""
    up = Up(tmp_path_factory.mktemp("up") / "state", request.param)
    assert "ready at http://127.0.0.1:" in up.start()
    yield up
    if up.process is not None:
        up.end()


@pytest.fixture(scope="module")
def session(up: Up, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A session that was researched to its end."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    done = up.json("research", str(folder), "--topic", "What does the tide do?", "--follow")
    assert done["outcome"] == "completed"
    return str(done["session_id"])


def test_a_research_can_be_looked_at(up: Up, session: str) -> None:
    """Status, list and report speak of the same session."""
    nodes = up.json("status", session)["nodes"]
    assert isinstance(nodes, dict)
    assert {node["freshness"] for node in nodes.values()} == {"fresh"}
    assert session in up.reprise("list").stdout
    report = up.reprise("report", session)
    assert report.returncode == 0
    assert "tide" in report.stdout.lower()
    assert len(up.json("workers")["pools"]) == 5  # type: ignore[arg-type]


def test_its_store_serves_by_s3_alone(up: Up, session: str) -> None:
    """As the supervisor starts it, and not only by itself: the master and the filer want a certificate, the
    volumes a token; the owner of the folder has both."""
    lines = (up.folder / "s3" / "server.options").read_text().splitlines()
    options = dict(line.split("=", 1) for line in lines)
    refusals = {"master.port": 400, "filer.port": 400, "volume.port": 401}
    for door, status in refusals.items():
        connection = http.client.HTTPConnection("127.0.0.1", int(options[door]), timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/1,01637037d6")
            assert connection.getresponse().status == status, door
    assert Filer(up.folder / "s3").flushes()


def test_a_step_is_rerun_and_says_unchanged(up: Up, session: str) -> None:
    """R8, R10 from the command line: the same inputs give the same output, and nothing below runs."""
    done = up.reprise("rerun", "step", session, "1", "--yes", "--follow")
    assert done.returncode == 0, done.stderr
    assert "unchanged" in done.stdout
    assert "phase4 report: running" not in done.stdout


def test_a_refusal_says_its_type(up: Up, session: str) -> None:
    """Exit 3, with the problem's type and what to do."""
    done = up.reprise("rerun", "step", session, "999", "--yes")
    assert done.returncode == 3
    assert "step_unknown" in done.stderr


def test_a_second_stack_in_the_folder_is_refused(up: Up) -> None:
    """The lock names the one that runs."""
    done = up.reprise("up")
    assert done.returncode == 1
    assert up.stack.url in done.stderr


def test_keys_are_the_owners_only(up: Up) -> None:
    """Made once, mode 600, as are the servers' files that hold them."""
    for name in ("keys.json", "nats/nats.conf", "s3/s3.json"):
        assert (up.folder / name).stat().st_mode & 0o777 == 0o600


def test_servers_and_services_that_are_killed_come_back(up: Up, session: str) -> None:
    """R22: kill -9 of NATS, S3, workers and the orchestrator; a rerun given right after reaches its end."""
    services = ("core", "workers") if up.shape == "compact" else ("orchestrator", "worker-phase3")
    killed = {name: up.pid(name) for name in ("nats", "seaweedfs", *services)}
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(up.pid(name) not in {0, pid} for name, pid in killed.items()), 30)
    until(lambda: up.reprise("status", session).returncode == 0, 60)
    done = up.reprise("rerun", "phase", session, "phase3", "--force", "--yes", "--follow")
    assert done.returncode == 0, done.stderr + done.stdout


async def test_letters_are_shown_sent_again_and_dropped(up: Up) -> None:
    """A message that is no command is put aside with its reason; an operator decides."""
    client = await connect(Nats(url=up.stack.nats_url), "test")
    bus = await Bus.open(client)
    await bus.publish(subjects.command("s-nobody", "rerun"), b"no json", stream=subjects.INBOX)
    await bus.publish(subjects.command("s-nobody", "rerun"), b"{}", stream=subjects.INBOX)
    until(lambda: len(up.json("dlq", "list")["letters"]) == 2, 20)  # type: ignore[arg-type]
    await client.close()
    first, second = up.json("dlq", "list")["letters"]  # type: ignore[misc]
    elsewhere = ("--state-dir", str(up.folder.parent / "none"), "--server", up.stack.url)
    assert len(up.json("dlq", "list", *elsewhere)["letters"]) == 2, "it says itself where it is"  # type: ignore[arg-type]
    shown = up.json("dlq", "show", str(first["number"]))
    assert (shown["body"], shown["stream"]) == ("no json", subjects.INBOX)
    assert shown["reason"]
    assert up.json("dlq", "replay", str(first["number"])) == {"replayed": [first["number"]]}
    assert up.json("dlq", "drop", "--yes", str(second["number"])) == {"dropped": [second["number"]]}
    until(lambda: [letter["reason"] for letter in up.json("dlq", "list")["letters"]] == [first["reason"]], 20)  # type: ignore[attr-defined]
    assert up.reprise("dlq", "show", "999").returncode == 1


def test_nobody_is_left_when_the_supervisor_is_killed_and_nothing_is_lost(up: Up, session: str) -> None:
    """kill -9 of the supervisor ends everything; the next start has every result (R23)."""
    before = up.reprise("report", session).stdout
    children = [child.pid for child in up.stack.children]
    assert len(children) == len(("nats", "seaweedfs", "gateway", *PROCESSES[up.shape]))
    up.end(signal.SIGKILL)
    until(lambda: not any(there(pid) for pid in children))
    assert "ready" in up.start()
    assert up.reprise("report", session).stdout == before


def test_a_backup_of_the_stack_comes_back(up: Up, session: str, tmp_path: Path) -> None:
    """Taken at work, brought back when the stack has ended, and never over what is there unless told to; what
    came later is gone."""
    before, folder = up.reprise("report", session).stdout, str(tmp_path / "backup")
    assert up.json("backup", folder)["objects"]
    refused = up.reprise("restore", folder)
    assert refused.returncode == 3, refused.stderr
    assert "Services are at work" in refused.stderr
    (tmp_path / "late.txt").write_text("Nobody will ever know of this tide.")
    late = up.json("research", str(tmp_path / "late.txt"), "--topic", "Too late")["session_id"]
    assert up.reprise("status", str(late)).returncode == 0
    assert up.end() == 0
    assert "Not empty" in up.reprise("restore", folder, "--local").stderr
    assert up.json("restore", folder, "--local", "--replace", "--yes")["objects"]
    assert up.json("restore", folder, "--local", "--state-dir", str(tmp_path / "a" / "new machine"))[
        "objects"
    ]
    up.start()
    assert up.reprise("report", session).stdout == before
    assert up.reprise("status", str(late)).returncode == 3
    assert up.reprise("rerun", "step", session, "1", "--yes", "--follow").returncode == 0


def test_every_service_did_its_job_with_its_own_user(up: Up, session: str) -> None:
    """Research, rerun, kills, deletion: nobody needed a right that it does not have, on NATS or in the store
    (R24)."""
    batch = next(
        batch for batch in up.json("list")["batches"] if batch["sessions"][0]["session_id"] == session
    )  # type: ignore[attr-defined]
    assert up.reprise("end", batch["batch_id"], "--delete", "--yes").returncode == 0
    scheduler = next(name for name in PROCESSES[up.shape] if name in {"core", "scheduler"})
    until(lambda: '"event": "deleted"' in (up.folder / "logs" / f"{scheduler}.log").read_text(), 30)
    logs = {path.name: path.read_text() for path in (up.folder / "logs").glob("*.log")}
    assert {f"{name}.log" for name in ("gateway", *PROCESSES[up.shape])} <= set(logs)
    for word in ("not permitted", "object store refuses"):
        assert [name for name, text in logs.items() if word in text] == []
    assert "Everything is as declared." in up.reprise("bootstrap", "--check").stdout


def test_it_ends_in_order(up: Up) -> None:
    """SIGTERM: exit 0, no process left, and the folder says that nothing runs."""
    children, address = [child.pid for child in up.stack.children], up.stack.url
    assert up.end() == 0
    assert not any(there(pid) for pid in children)
    assert read_stack(up.folder) is None
    assert up.reprise("--server", address, "status").returncode == 4


@pytest.mark.parametrize("program", ["REPRISE_NATS_BINARY", "REPRISE_WEED_BINARY"])
def test_a_server_that_does_not_stay_up_is_not_waited_for(tmp_path: Path, program: str) -> None:
    """There is no limit to how long a start may take, but one to how often a process may begin anew."""
    server = tmp_path / "server"
    server.write_text("#!/bin/sh\necho no room for me\nexit 3\n")
    server.chmod(0o700)
    ports = [str(port) for port in free_ports(3)]
    command = [sys.executable, "-m", "reprise_cli", "--state-dir", str(tmp_path / "state"), "up"]
    command += ["--port", ports[0], "--nats-port", ports[1], "--s3-port", ports[2]]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {program: str(server)},
    )
    assert done.returncode == 1, done.stderr
    assert "no room for me" in done.stderr
    assert read_stack(tmp_path / "state") is None
