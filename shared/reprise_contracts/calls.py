"""Every call that starts, steers or reads research, one row each: what it takes, what it answers, who may ask, and through which doors.

Each door iterates over this table: REST makes its routes of it, the WebSocket and NATS their questions, AsyncAPI its channels, NATS its
rights, the command line its client. A new call is a row here and a handler in the gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reprise_contracts.commands import (
    AcceptCall,
    BatchRequest,
    CancelCall,
    CommandCall,
    EndCall,
    RefreshCall,
    RerunCall,
    RestartPhase,
    RestartStep,
    SessionCall,
    StateCall,
)
from reprise_contracts.configuration import Role
from reprise_contracts.states import BatchView, CommandView, Created, Preview, Receipt, State
from reprise_contracts.wire import Message


@dataclass(frozen=True, slots=True)
class Route:
    """One way to make a call over HTTP. Fields of the body that are in the path come from there."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    status: int = 200
    sets: Mapping[str, object] = field(default_factory=dict)
    """Fields that the route stands for, and that no caller gives."""

    @property
    def in_path(self) -> tuple[str, ...]:
        """The names in braces, in order."""
        return tuple(part.split("}")[0] for part in self.path.split("{")[1:])


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a call is let in."""

    rest: tuple[Route, ...] = ()
    websocket: bool = False
    """As a message of this `type` on `/ws/{batch_id}`."""
    nats: bool = False
    """By request and reply on `reprise.v1.api.<kind>`."""
    inbox: bool = False
    """An outside system may also publish the command itself, and read the log for what became of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call."""

    kind: str
    body: type[Message]
    answer: tuple[type[Message], ...]
    """The answers of a call that was not refused; a refusal is a `Problem`."""
    role: Role
    summary: str
    doors: Doors
    own_body: bool = False
    """The REST door reads the body itself: a form with files, or an artifact in its own form."""

    def in_body(self, route: Route) -> frozenset[str]:
        """Return the fields that a route takes in a JSON body. Where there are none, a command is named by the Idempotency-Key."""
        fields = frozenset(self.body.model_fields) - set(route.in_path) - route.sets.keys()
        return frozenset() if fields <= {"command_id"} else fields


def _workflow(path: str) -> tuple[Route, ...]:
    return (Route("POST", f"/workflow/{path}", 202),)


_RUNS = (Receipt, Preview)

CALLS: tuple[Call, ...] = (
    Call(
        "start",
        BatchRequest,
        (Created,),
        "researcher",
        "Start a batch with its first session.",
        Doors((Route("POST", "/batches", 201),), nats=True),
        own_body=True,
    ),
    Call(
        "restart_phase",
        RestartPhase,
        _RUNS,
        "researcher",
        "Run a phase again, and what is below it; phase0 starts a session that was not started.",
        Doors(_workflow("restart/phase"), websocket=True),
    ),
    Call(
        "restart_step",
        RestartStep,
        _RUNS,
        "researcher",
        "Run steps again, one or many, and what is below them.",
        Doors(_workflow("restart/step"), websocket=True),
    ),
    Call(
        "rerun",
        RerunCall,
        _RUNS,
        "researcher",
        "Run a phase, steps, or whatever is stale again.",
        Doors(nats=True, inbox=True),
    ),
    Call(
        "refresh",
        RefreshCall,
        _RUNS,
        "researcher",
        "Run everything that is stale or not completed, and nothing else.",
        Doors(_workflow("refresh"), websocket=True, nats=True),
    ),
    Call(
        "accept",
        AcceptCall,
        (Receipt,),
        "researcher",
        "Accept a stale node for today's inputs.",
        Doors(_workflow("accept"), websocket=True, nats=True),
    ),
    Call(
        "cancel",
        CancelCall,
        (Receipt,),
        "researcher",
        "Cancel a run, a phase, a step, or everything in a session.",
        Doors(_workflow("cancel"), websocket=True, nats=True, inbox=True),
    ),
    Call(
        "edit",
        SessionCall,
        _RUNS,
        "researcher",
        "Put goals or a plan of your own in place. New steps need no number; an edited step keeps the one that it carries.",
        Doors((Route("PUT", "/sessions/{session_id}/artifacts/{phase}", 202),)),
        own_body=True,
    ),
    Call(
        "end",
        EndCall,
        (BatchView,),
        "researcher",
        "End a batch: what runs is cancelled, results stay readable; with `delete` everything of it is removed.",
        Doors(
            (
                Route("POST", "/batches/{batch_id}/end", sets={"delete": False}),
                Route("DELETE", "/batches/{batch_id}", sets={"delete": True}),
            ),
            nats=True,
        ),
    ),
    Call(
        "state",
        StateCall,
        (State,),
        "viewer",
        "Read a session as of its last commit.",
        Doors((Route("GET", "/sessions/{session_id}"),), nats=True),
    ),
    Call(
        "command",
        CommandCall,
        (CommandView,),
        "viewer",
        "Ask what has become of a command by today.",
        Doors((Route("GET", "/sessions/{session_id}/commands/{command_id}"),), nats=True),
    ),
)
"""The table."""

BY_KIND: Mapping[str, Call] = {call.kind: call for call in CALLS}
OPEN_COMMANDS = tuple(call.kind for call in CALLS if call.doors.inbox)
"""The kinds of commands that an outside system may publish itself; any other goes through the gateway, which checks and stores it."""
