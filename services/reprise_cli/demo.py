"""`make demo`: the sample batch on a stack of its own, then every kind of rerun, each with what was run, kept
and stale.

The stack lives in a temporary folder on free ports and ends with the demo. The sample pages are served on the
loopback interface, which only this stack's workers may fetch from.
"""

import functools
import http.server
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reprise_cli.client.follow import track
from reprise_cli.client.node_lines import node_list, node_order, stale_nodes
from reprise_cli.client.session_view import SessionView
from reprise_cli.client.sources import Sources
from reprise_cli.commands.research import failure
from reprise_cli.display import PlainDisplay
from reprise_cli.errors import USAGE, CallFailed, CommandFailed, exit_code
from reprise_cli.stack import parent_death_signal
from reprise_client import Client, Options, RefreshCall, RestartPhase, RestartStep
from reprise_client.following import Follower
from reprise_client.requests import Rerunnable
from reprise_contracts.nodes import step_node
from reprise_contracts.states import State
from reprise_runtime.operate.servers import HOST, free_ports

SAMPLES = Path(__file__).parents[2] / "samples"
REPORT = Path("demo-report.md")
PLAN_GUIDANCE = "Look closely at noise, air quality and ambulances."
STEP_GUIDANCE = "Only what the police and the hospital counted."


def main() -> int:
    """Run the demo; 0 when everything went as it should."""
    try:
        topic = (SAMPLES / "topic.txt").read_text().strip()
    except OSError:
        print("The samples are not here: run the demo in a checkout.", file=sys.stderr)
        return USAGE
    try:
        with (
            tempfile.TemporaryDirectory(prefix="reprise-demo-") as folder,
            stack(Path(folder)) as url,
            sites(SAMPLES / "web") as addresses,
            Client(url) as client,
        ):
            play(client, topic, Sources(addresses, tuple(sorted((SAMPLES / "files").iterdir()))))
    except CallFailed as error:
        print(f"{error.message}\n{error.action}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return 130
    print("\nEverything was stopped.")
    return 0


def play(client: Client, topic: str, sources: Sources) -> None:
    """Research, then four reruns."""
    headline(f"Research: {topic}")
    print(f"{len(sources.urls)} pages, {len(sources.files)} files")
    created = client.start(topic, sources.named, files=sources.files)
    act = Act(client, created.batch_id, created.session_id)
    act.follow(created.command_id)
    REPORT.write_bytes(client.report(act.session_id, "md"))
    report = client.written(act.session_id)
    print(
        f"Report: {REPORT.absolute()} ({len(report.sections)} sections, {len(report.references)} references)"
    )

    act.again(
        "Rerun phase 2 with guidance",
        RestartPhase(session_id=act.session_id, phase="phase2", options=Options(guidance=PLAN_GUIDANCE)),
    )

    steps = [step.step_id for step in client.plan(act.session_id).steps]
    state = act.again(
        f"Rerun step {steps[0]} as it is", RestartStep(session_id=act.session_id, step_ids=(steps[0],))
    )
    if not state.nodes[step_node(steps[0])].unchanged:
        raise CommandFailed(f"Step {steps[0]} did not say that it is unchanged.")

    options = Options(propagation="mark_stale", guidance=STEP_GUIDANCE)
    title = f"Rerun step {steps[1]} with guidance, and nothing below it"
    state = act.again(title, RestartStep(session_id=act.session_id, step_ids=(steps[1],), options=options))
    if state.nodes["phase4"].freshness != "stale":
        raise CommandFailed("The report did not become stale.")

    state = act.again("Refresh: whatever is stale, and nothing else", RefreshCall(session_id=act.session_id))
    stale = [node for node, view in state.nodes.items() if view.freshness == "stale"]
    if stale:
        raise CommandFailed(f"Still stale after the refresh: {' '.join(stale)}")
    REPORT.write_bytes(client.report(act.session_id, "md"))
    print(f"Report: {REPORT.absolute()}")


@dataclass(frozen=True)
class Act:
    """One session on the stage."""

    client: Client
    batch_id: str
    session_id: str

    def follow(self, command_id: str, run_id: str | None = None, before: State | None = None) -> State:
        """Show a run to its end; raises `CommandFailed` unless it completed."""
        view = SessionView(self.session_id)
        if before is not None:
            view.load(before)
        ending = track(
            self.client,
            Follower(self.client, self.batch_id),
            view,
            PlainDisplay(),
            command_id=command_id,
            run_id=run_id,
        )
        if ending.outcome != "completed":
            raise failure(ending, view)
        return self.client.state(self.session_id)

    def again(self, title: str, asked: Rerunnable) -> State:
        """One rerun: what it would do, what it does, and what came of it."""
        headline(title)
        before = self.client.state(self.session_id)
        preview = self.client.preview(asked)
        print(
            f"Preview: run {node_list(preview.plan.run) or 'nothing'}; may run "
            f"{node_list(preview.plan.may_run) or 'nothing'}"
        )
        receipt = self.client.run(asked, preview)
        after = self.follow(receipt.command_id, receipt.run_id, before)
        for line in change_lines(before, after):
            print(line)
        return after


def change_lines(before: State, after: State) -> Iterator[str]:
    """What a run did to each node, from the states around it."""
    nodes = [node for node in after.nodes if node != "phase3"]
    ran = [
        node
        for node in nodes
        if node not in before.nodes or after.nodes[node].generation > before.nodes[node].generation
    ]
    groups = {
        "Run": [node for node in ran if not after.nodes[node].unchanged],
        "Unchanged": [node for node in ran if after.nodes[node].unchanged],
        "Kept": [node for node in nodes if node not in ran],
        "Dropped": [node for node in before.nodes if node not in after.nodes],
    }
    for title, members in groups.items():
        yield f"{title + ':':<11}{node_list(sorted(members, key=node_order)) or 'nothing'}"
    for stale in stale_nodes(after.nodes) or ["nothing"]:
        yield f"{'Stale:':<11}{stale}"


def headline(text: str) -> None:
    """A new act."""
    print(f"\n== {text}", flush=True)


@contextmanager
def sites(folder: Path) -> Iterator[tuple[str, ...]]:
    """Serve each folder within a folder as a site of its own, on the loopback interface; gives the addresses
    of all pages.

    Pages of one site are one voice: served together they would not count as independent of each other.
    """
    addresses: list[str] = []
    with ExitStack() as servers:
        for site in sorted(path for path in folder.iterdir() if path.is_dir()):
            address = servers.enter_context(served(site))
            addresses += (f"{address}/{page.name}" for page in sorted(site.glob("*.html")))
        yield tuple(addresses)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@contextmanager
def stack(folder: Path) -> Iterator[str]:
    """A stack of its own on free ports; gives its address when it is ready, and ends it."""
    port, nats_port, s3_port = free_ports(3)
    program = [
        sys.executable,
        "-m",
        "reprise_cli",
        "up",
        "--state-dir",
        str(folder),
        "--port",
        str(port),
        "--nats-port",
        str(nats_port),
        "--s3-port",
        str(s3_port),
    ]
    environment = {**os.environ, "REPRISE_FETCH__ALLOW_LOOPBACK": "true"}
    print("Starting NATS, SeaweedFS and every service …", flush=True)
    with (folder / "up.log").open("w+") as log:
        up = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", parent_death_signal.__file__, str(os.getpid()), *program],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            start_new_session=True,
        )
        try:
            said = up.stdout.readline() if up.stdout else ""
            if not said:
                log.seek(0)
                raise CommandFailed("The stack did not start.", log.read()[-4000:])
            print(said.strip().removesuffix(" (Ctrl-C ends it)"), flush=True)
            yield f"http://{HOST}:{port}"
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait()
            if up.stdout:
                up.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
