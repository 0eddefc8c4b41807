"""Following through lost connections, repeated frames and logs that were created anew."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy

import pytest

from reprise_cli.client.follow import track, watch
from reprise_cli.client.session_view import SessionView
from reprise_client import Client, NoServer, Refused
from reprise_client.following import Follower, Socket
from reprise_contracts.states import State
from unit.cli.fake_server import Script, problem, serving

CONNECTED = {"type": "connected", "epoch": "e1", "sessions": ["s1"]}
STATE = {
    "batch_id": "b1",
    "session_id": "s1",
    "topic": "Tides",
    "seq": 5,
    "nodes": {"phase0": {"status": "running"}},
}
SNAPSHOT = {"type": "snapshot", "seq": 5, "sessions": [STATE]}


def node(seq: int, n: int, status: str) -> dict[str, object]:
    return {"type": "node:update", "node": "phase0", "session_id": "s1", "seq": seq, "n": n, "status": status}


def complete(seq: int, run_id: str = "r1") -> dict[str, object]:
    return {"type": "workflow:complete", "run_id": run_id, "session_id": "s1", "seq": seq, "n": 3}


class FakeSocket:
    """Gives its frames, then loses the connection; None stands for a quiet moment."""

    def __init__(self, frames: Sequence[object]) -> None:
        self._frames = deque(frames)

    def recv(self, timeout: float | None = None) -> str:
        if not self._frames:
            raise ConnectionResetError("lost")
        frame = self._frames.popleft()
        if frame is None:
            raise TimeoutError
        return json.dumps(frame)


class Sockets:
    """One connection after another; keeps the addresses."""

    def __init__(self, *connections: Sequence[object]) -> None:
        self.left = deque(connections)
        self.urls: list[str] = []

    @contextmanager
    def __call__(self, url: str) -> Iterator[Socket]:
        self.urls.append(url)
        if not self.left:
            raise ConnectionRefusedError("gone")
        yield FakeSocket(self.left.popleft())


class Lines:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def show(self, view: SessionView) -> None:
        pass


@pytest.fixture
def client() -> Iterator[Client]:
    done = {"command_id": "c1", "status": "running", "run_id": "r1"}
    script = Script({"GET /sessions/s1": (200, STATE), "GET /sessions/s1/commands/c1": (200, done)})
    with serving(script), Client(script.url) as client:
        yield client


def test_a_lost_connection_is_taken_up_where_it_was(client: Client) -> None:
    """The position is the last durable frame; after a snapshot it is the whole commit; what comes twice is
    seen once."""
    sockets = Sockets(
        [CONNECTED, SNAPSHOT],
        [CONNECTED, node(6, 0, "completed"), node(6, 1, "completed")],
        [CONNECTED, node(6, 1, "completed"), node(7, 0, "running"), complete(8)],
    )
    follower, lines = Follower(client, "b1", connect=sockets), Lines()
    ending = track(client, follower, SessionView("s1"), lines, command_id="c1")
    assert (ending.outcome, ending.run_id) == ("completed", "r1")
    assert [url.partition("/ws/")[2] for url in sockets.urls] == ["b1", "b1?after=5", "b1?after=6.1"]
    assert lines.lines == [
        "Session s1: Tides",
        "phase0 prepare: running",
        "phase0 prepare: completed",
        "phase0 prepare: running",
        "Run completed",
    ]


def test_a_log_that_was_created_anew_is_read_from_its_start(client: Client) -> None:
    """Another epoch: positions mean nothing, so the next connection has none."""
    other = CONNECTED | {"epoch": "e2"}
    sockets = Sockets(
        [CONNECTED, SNAPSHOT], [other, node(1, 0, "failed")], [other, SNAPSHOT | {"seq": 2}, complete(3)]
    )
    track(client, Follower(client, "b1", connect=sockets), SessionView("s1"), Lines(), command_id="c1")
    assert [url.partition("/ws/")[2] for url in sockets.urls] == ["b1", "b1?after=5", "b1"]


def test_a_reset_is_followed_by_a_snapshot(client: Client) -> None:
    """The server says that the position is gone; the view starts again from the snapshot."""
    frames = [CONNECTED, SNAPSHOT, {"type": "reset"}, SNAPSHOT | {"seq": 2}, complete(3)]
    ending = track(
        client, Follower(client, "b1", connect=Sockets(frames)), SessionView("s1"), Lines(), command_id="c1"
    )
    assert ending.outcome == "completed"


def test_frames_that_are_newer_than_this_command_are_passed_over(client: Client) -> None:
    """Payloads may grow, and so may the types."""
    frames = [
        CONNECTED,
        SNAPSHOT,
        {"type": "workflow:dreaming", "seq": 6, "n": 0},
        complete(7) | {"colour": "red"},
    ]
    assert (
        track(
            client,
            Follower(client, "b1", connect=Sockets(frames)),
            SessionView("s1"),
            Lines(),
            command_id="c1",
        ).outcome
        == "completed"
    )


def test_the_end_of_another_run_is_not_ours(client: Client) -> None:
    """Runs of one session follow one another."""
    frames = [
        CONNECTED,
        SNAPSHOT,
        complete(6, "r0"),
        {"type": "workflow:cancelled", "run_id": "r1", "session_id": "s1", "seq": 7, "n": 0},
    ]
    ending = track(
        client,
        Follower(client, "b1", connect=Sockets(frames)),
        SessionView("s1"),
        Lines(),
        command_id="c1",
        run_id="r1",
    )
    assert ending.outcome == "cancelled"


def test_an_outcome_that_no_frame_tells_is_asked_for() -> None:
    """A command that was refused before we looked is known to REST."""
    refused = {
        "command_id": "c1",
        "status": "refused",
        "problem": problem("plan_changed", 409) | {"type": "plan_changed"},
    }
    script = Script({"GET /sessions/s1": (200, STATE), "GET /sessions/s1/commands/c1": (200, refused)})
    with serving(script), Client(script.url) as client:
        sockets = Sockets([CONNECTED, None])
        ending = track(
            client, Follower(client, "b1", connect=sockets), SessionView("s1"), Lines(), command_id="c1"
        )
    assert ending.outcome == "refused"
    assert ending.problem is not None
    assert ending.problem.type == "plan_changed"


def test_a_run_that_was_over_before_anybody_looked_is_told_all_the_same() -> None:
    """What its nodes came to, how it ended and what is out of date after it: the lines of a run that was
    watched."""
    moved = [{"node": "phase0", "reason": "changed", "text": "It moved."}]
    report = {"status": "completed", "generation": 1, "freshness": "fresh"}
    before = STATE | {"nodes": {"phase0": {"status": "completed"}, "phase4": report}}
    nodes = {
        "phase0": {"status": "completed", "generation": 2},
        "phase4": report | {"freshness": "stale", "causes": moved},
    }
    known = SessionView("s1")
    known.load(State.model_validate(before))
    over = {"command_id": "c1", "status": "completed", "run_id": "r1"}
    script = Script(
        {"GET /sessions/s1": (200, STATE | {"nodes": nodes}), "GET /sessions/s1/commands/c1": (200, over)}
    )
    for frames in ([CONNECTED, SNAPSHOT | {"sessions": [STATE | {"nodes": nodes}]}], [CONNECTED, None]):
        lines = Lines()
        with serving(script), Client(script.url) as client:
            track(
                client,
                Follower(client, "b1", connect=Sockets(frames)),
                deepcopy(known),
                lines,
                command_id="c1",
            )
        assert lines.lines == [
            "phase0 prepare: completed",
            "Run completed",
            "Stale: phase4 report (It moved.)",
        ]


def test_nobody_for_too_long_is_no_server(client: Client) -> None:
    """A follower gives up at last."""
    with pytest.raises(NoServer):
        list(Follower(client, "b1", connect=Sockets([CONNECTED]), patience=0.0).frames())


def test_a_ticket_opens_the_socket_where_tokens_are_configured() -> None:
    """A browser's way in, taken here too."""
    script = Script({"POST /ws-ticket": (200, {"ticket": "t-1"}), "GET /sessions/s1": (200, STATE)})
    with serving(script), Client(script.url, token="secret") as client:
        sockets = Sockets([CONNECTED, SNAPSHOT, complete(6)])
        track(client, Follower(client, "b1", connect=sockets), SessionView("s1"), Lines())
    assert sockets.urls[0].endswith("/ws/b1?ticket=t-1")


def test_watching_ends_with_the_batch() -> None:
    """Nothing comes after its end; and one that was deleted says so."""
    ended = {"type": "session:update", "session_id": "s1", "seq": 6, "n": 0, "ended": True}
    gone = problem("batch_ended", 410) | {"type": "batch_ended"}
    for answer in ((200, STATE | {"ended": True}), (410, gone)):
        lines = Lines()
        with serving(Script({"GET /sessions/s1": answer})) as script, Client(script.url) as client:
            follower = Follower(client, "b1", connect=Sockets([CONNECTED, SNAPSHOT, ended, None]))
            with pytest.raises(Refused) if answer[0] == 410 else nullcontext():
                watch(client, follower, SessionView("s1"), lines)
        assert ("The batch was ended." in lines.lines) == (answer[0] == 200)
