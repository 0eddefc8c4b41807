"""Following a session over the WebSocket: every durable frame once, through lost connections, until the run is over."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import urlencode

from pydantic import ValidationError
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect as connect_websocket

from reprise_cli.client.client import Client, problem_in
from reprise_cli.client.session_view import Ending, Outcome, SessionView
from reprise_cli.errors import NoServer, Refused
from reprise_contracts import frames
from reprise_contracts.states import CommandStatus, CommandView

AnyFrame = frames.Frame | frames.NodeUpdate

QUIET = 2.0
"""Seconds without a frame after which the outcome is asked for by REST."""
PATIENCE = 60.0
"""Seconds without a server after which a follower gives up."""
FIRST_DELAY, LONGEST_DELAY = 0.2, 3.0
WHOLE_COMMIT = 2**31
"""The place within a commit that says that all of it was seen."""
FINAL: dict[CommandStatus, Outcome] = {"completed": "completed", "failed": "failed", "cancelled": "cancelled", "refused": "refused"}


class Socket(Protocol):
    """What following needs of a WebSocket."""

    def recv(self, timeout: float | None = None) -> str | bytes:
        """The next message; raises TimeoutError when none came in time."""
        ...


Connect = Callable[[str], AbstractContextManager[Socket]]


class Display(Protocol):
    """Where a follower shows what it knows."""

    def line(self, text: str) -> None:
        """Something happened that is worth a line."""

    def show(self, view: SessionView) -> None:
        """The session changed."""


def _connect(url: str) -> AbstractContextManager[Socket]:
    return connect_websocket(url, open_timeout=5, close_timeout=1, max_size=None, proxy=None)


class Follower:
    """Frames of one batch from one server. The position survives a lost connection, so nothing is missed or seen twice."""

    def __init__(self, client: Client, batch_id: str, *, connect: Connect = _connect, patience: float = PATIENCE) -> None:
        self._client, self._batch_id, self._connect, self._patience = client, batch_id, connect, patience
        self.position: tuple[int, int] | None = None
        self.epoch = ""
        self.lost = 0
        """How many connections were lost."""

    def frames(self) -> Iterator[AnyFrame | None]:
        """Frames for ever; None when nothing came for a moment. Raises `NoServer` when nobody answers for too long."""
        delay, gone_since = FIRST_DELAY, None
        while True:
            try:
                with self._connect(self._url()) as socket:
                    for frame in self._read(socket):
                        delay, gone_since = FIRST_DELAY, None
                        yield frame
            except InvalidStatus as error:
                self._explain(error)
                reason = str(error)
            except (OSError, TimeoutError, WebSocketException, InvalidHandshake, NoServer) as error:
                reason = str(error) or type(error).__name__
            now = time.monotonic()
            gone_since = gone_since or now
            if now - gone_since > self._patience:
                raise NoServer(self._client.server, reason)
            self.lost += 1
            time.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    def _url(self) -> str:
        scheme, rest = self._client.server.split("://", 1)
        params: dict[str, str] = {}
        if self.position is not None:
            seq, n = self.position
            params["after"] = str(seq) if n == WHOLE_COMMIT else f"{seq}.{n}"
        if (ticket := self._client.ticket()) is not None:
            params["ticket"] = ticket
        query = f"?{urlencode(params)}" if params else ""
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws/{self._batch_id}{query}"

    def _read(self, socket: Socket) -> Iterator[AnyFrame | None]:
        while True:
            try:
                message = socket.recv(timeout=QUIET)
            except TimeoutError:
                yield None
                continue
            frame = parse(message)
            if isinstance(frame, frames.Connected) and self._another(frame.epoch):
                return
            if frame is not None and self._advance(frame):
                yield frame

    def _another(self, epoch: str) -> bool:
        """Return whether the log was created anew since: positions in the old one mean nothing, so connect again without one."""
        another = bool(self.epoch) and epoch != self.epoch and self.position is not None
        self.epoch = epoch
        if another:
            self.position = None
        return another

    def _advance(self, frame: AnyFrame) -> bool:
        """Move the position; False for a durable frame that was seen already."""
        if isinstance(frame, frames.Reset):
            self.position = None
        elif isinstance(frame, frames.Snapshot):
            self.position = (frame.seq or 0, WHOLE_COMMIT)
        elif frame.DURABLE and frame.seq is not None:
            at = (frame.seq, frame.n or 0)
            if self.position is not None and at <= self.position:
                return False
            self.position = at
        return True

    @staticmethod
    def _explain(error: InvalidStatus) -> None:
        """Raise `Refused` if the server said why it does not let us in, and waiting will not change its mind."""
        problem = problem_in(bytes(error.response.body or b""))
        if problem is not None and problem.type != "unavailable":
            raise Refused(problem) from error


def parse(message: str | bytes) -> AnyFrame | None:
    """One frame; None for a type that is newer than this command, and for what is no frame."""
    try:
        return frames.FRAMES.validate_json(message)
    except ValidationError:
        return None


def track(
    client: Client, follower: Follower, view: SessionView, display: Display, *, command_id: str = "", run_id: str | None = None
) -> Ending:
    """Follow until the run of a command is over. Whatever frames are missed, the command's outcome is asked for by REST."""
    view.followed = True
    for frame in follower.frames():
        if frame is None or isinstance(frame, frames.Snapshot):
            answer = _outcome(client, view.session_id, command_id)
            run_id = run_id or (answer.run_id if answer else None)
        else:
            answer = None
        if frame is not None:
            for line in view.apply(frame):
                display.line(line)
            display.show(view)
        ending = _ending(view, command_id, run_id) or (_told(answer) if answer else None)
        if ending is not None:
            for line in view.finish(client.state(view.session_id), ending):
                display.line(line)
            display.show(view)
            return ending
    raise AssertionError("frames() ends by an error only")


def _outcome(client: Client, session_id: str, command_id: str) -> CommandView | None:
    """Today's outcome of the command; None while the session does not know of it."""
    if not command_id:
        return None
    try:
        return client.command(session_id, command_id)
    except Refused as refused:
        if refused.problem.type == "not_found":
            return None
        raise


def _ending(view: SessionView, command_id: str, run_id: str | None) -> Ending | None:
    for ending in view.endings:
        if (
            (run_id is None and not command_id)
            or (ending.run_id and ending.run_id == run_id)
            or (ending.command_id and ending.command_id == command_id)
        ):
            return ending
    return None


def _told(answer: CommandView) -> Ending | None:
    if answer.status in FINAL:
        return Ending(FINAL[answer.status], answer.run_id or "", answer.command_id, answer.problem)
    return None


def watch(client: Client, follower: Follower, view: SessionView, display: Display, *, until_idle: bool = False) -> None:
    """Show what goes on in a session, until interrupted, until its batch is over or, if wanted, until nothing goes on. Raises `Refused`
    for a batch that was deleted meanwhile."""
    for frame in follower.frames():
        if frame is None:
            if view.ended and not client.state(view.session_id).run:
                display.line("The batch was ended.")
                return
            continue
        for line in view.apply(frame):
            display.line(line)
        display.show(view)
        if until_idle and view.known and not view.busy:
            view.load(client.state(view.session_id))
            if not view.busy:
                return
