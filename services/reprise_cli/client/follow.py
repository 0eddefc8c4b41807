"""Showing a session as it goes on, until the run is over."""

from typing import Protocol

from reprise_cli.client.session_view import Ending, Outcome, SessionView
from reprise_client import Client, NotFound
from reprise_client.following import Follower
from reprise_contracts import frames
from reprise_contracts.states import CommandStatus, CommandView

FINAL: dict[CommandStatus, Outcome] = {
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "refused": "refused",
}


class Display(Protocol):
    """Where a follower shows what it knows."""

    def line(self, text: str) -> None:
        """Something happened that is worth a line."""

    def show(self, view: SessionView) -> None:
        """The session changed."""


def track(
    client: Client,
    follower: Follower,
    view: SessionView,
    display: Display,
    *,
    command_id: str = "",
    run_id: str | None = None,
) -> Ending:
    """Follow until the run of a command is over. Whatever frames are missed, the command's outcome is asked
    for by REST."""
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
    except NotFound:
        return None


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
        problem = answer.problem.problem if answer.problem else None
        return Ending(FINAL[answer.status], answer.run_id or "", answer.command_id, problem)
    return None


def watch(
    client: Client, follower: Follower, view: SessionView, display: Display, *, until_idle: bool = False
) -> None:
    """Show what goes on in a session, until interrupted, until its batch is over or, if wanted, until nothing
    goes on. Raises `Refused` for a batch that was deleted meanwhile."""
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
