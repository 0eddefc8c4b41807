"""Every call that starts, steers or reads research, one row each: what it takes, what it answers, who may
ask, and through which doors.

Each door iterates over this table: REST makes its routes of it, the WebSocket and NATS their questions,
AsyncAPI its channels, NATS its rights, the command line its client. A new call is a row here and a handler in
the gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reprise_contracts.commands import (
    AcceptCall,
    AskCall,
    AskRequest,
    BatchRequest,
    CancelCall,
    CommandCall,
    EndCall,
    EndSessionCall,
    ForkCall,
    ForkRequest,
    LockCall,
    LockRequest,
    RefreshCall,
    RerunCall,
    RestartPhase,
    RestartStep,
    SessionCall,
    StateCall,
    TagCall,
    TagRequest,
)
from reprise_contracts.comparing import CompareCall, Comparison
from reprise_contracts.configuration import Role
from reprise_contracts.fleet import CancelAllCall, FleetPreview, FleetReceipt, RefreshAllCall
from reprise_contracts.impact import Impact, ImpactCall
from reprise_contracts.importing import ImportCall
from reprise_contracts.states import BatchView, CommandView, Created, Preview, Receipt, State
from reprise_contracts.watches import UnwatchCall, WatchCall, WatchesCall, WatchRequest, WatchView
from reprise_contracts.webhooks import (
    RemoveWebhookCall,
    ReplayRequest,
    ReplayWebhookCall,
    WebhookCreated,
    WebhookList,
    WebhookRequest,
    WebhooksCall,
    WebhookView,
)
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

    document: type[Message] | None = None
    """What the JSON body is, where the rest of the call is in the path."""

    def in_body(self, route: Route) -> frozenset[str]:
        """Return the fields that a route takes in a JSON body. Where there are none, a command is named by
        the Idempotency-Key."""
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
        "import",
        ImportCall,
        (Created,),
        "researcher",
        "Make a batch with a session of a bundle that another installation exported: its results are "
        "readable as they were, and can be run again.",
        Doors((Route("POST", "/batches/import", 201),)),
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
        "ask",
        AskCall,
        _RUNS,
        "researcher",
        "Ask the report a question: it becomes a step of the plan, whose findings answer it with citations "
        "and go stale as any other's.",
        Doors((Route("POST", "/sessions/{session_id}/ask", 202),), nats=True),
        document=AskRequest,
    ),
    Call(
        "lock",
        LockCall,
        (Receipt,),
        "researcher",
        "Lock a node, so that no cascade, refresh or update runs it; or, with `locked: false`, unlock it.",
        Doors((Route("POST", "/sessions/{session_id}/lock", 202),), nats=True),
        document=LockRequest,
    ),
    Call(
        "fork",
        ForkCall,
        (Created,),
        "researcher",
        "Make a session that shares every result but those of a node and of what is below it; nothing runs "
        "by itself, and from there on it is its own.",
        Doors((Route("POST", "/sessions/{session_id}/fork", 201),), nats=True),
        document=ForkRequest,
    ),
    Call(
        "end_session",
        EndSessionCall,
        (BatchView,),
        "researcher",
        "End one session of a batch; with `delete` everything that is its alone is removed, and what a fork "
        "shares stays for as long as that names it.",
        Doors(
            (
                Route("POST", "/sessions/{session_id}/end", sets={"delete": False}),
                Route("DELETE", "/sessions/{session_id}", sets={"delete": True}),
            ),
            nats=True,
        ),
    ),
    Call(
        "tag",
        TagCall,
        (Receipt,),
        "researcher",
        "Add tags to a session, and take some away.",
        Doors((Route("POST", "/sessions/{session_id}/tags", 202),), nats=True),
        document=TagRequest,
    ),
    Call(
        "refresh_all",
        RefreshAllCall,
        (FleetReceipt, FleetPreview),
        "researcher",
        "Bring many sessions up to date under one ceiling: with `dry_run` what that would do as a whole, "
        "else the `sessions` and the `plan_token` of such a preview.",
        Doors(_workflow("refresh-all"), nats=True),
    ),
    Call(
        "cancel_all",
        CancelAllCall,
        (FleetReceipt,),
        "researcher",
        "Stop what a refresh of many sessions has begun, in all of them.",
        Doors(_workflow("refresh-all/{command_id}/cancel"), nats=True),
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
        "Put goals or a plan of your own in place. New steps need no number; an edited step keeps the one "
        "that it carries.",
        Doors((Route("PUT", "/sessions/{session_id}/artifacts/{phase}", 202),)),
        own_body=True,
    ),
    Call(
        "end",
        EndCall,
        (BatchView,),
        "researcher",
        "End a batch: what runs is cancelled, results stay readable; with `delete` everything of it is "
        "removed.",
        Doors(
            (
                Route("POST", "/batches/{batch_id}/end", sets={"delete": False}),
                Route("DELETE", "/batches/{batch_id}", sets={"delete": True}),
            ),
            nats=True,
        ),
    ),
    Call(
        "watch",
        WatchCall,
        (WatchView,),
        "researcher",
        "Look at a source, or at every source of a batch, at its times; what changed is marked, or "
        "refreshed.",
        Doors(
            (
                Route("PUT", "/batches/{batch_id}/watch", sets={"source_id": None}),
                Route("PUT", "/batches/{batch_id}/sources/{source_id}/watch"),
            ),
            nats=True,
        ),
        document=WatchRequest,
    ),
    Call(
        "unwatch",
        UnwatchCall,
        (WatchView,),
        "researcher",
        "Look at a source, or at a batch, no longer; a source without times of its own has its batch's.",
        Doors(
            (
                Route("DELETE", "/batches/{batch_id}/watch", sets={"source_id": None}),
                Route("DELETE", "/batches/{batch_id}/sources/{source_id}/watch"),
            ),
            nats=True,
        ),
    ),
    Call(
        "watches",
        WatchesCall,
        (WatchView,),
        "viewer",
        "Read what of a batch is watched, when it was last looked at, and what was found.",
        Doors((Route("GET", "/batches/{batch_id}/watch"),), nats=True),
    ),
    Call(
        "add_webhook",
        WebhookRequest,
        (WebhookCreated,),
        "operator",
        "Tell an address of what happens from now on, as signed CloudEvents; the secret is in this answer "
        "and never shown again.",
        Doors((Route("POST", "/webhooks", 201),), nats=True),
    ),
    Call(
        "webhooks",
        WebhooksCall,
        (WebhookList,),
        "operator",
        "List the webhooks: what each is told, what waits for it, and how the last try went.",
        Doors((Route("GET", "/webhooks"),), nats=True),
    ),
    Call(
        "remove_webhook",
        RemoveWebhookCall,
        (WebhookView,),
        "operator",
        "Tell an address no longer; what waits for it is dropped.",
        Doors((Route("DELETE", "/webhooks/{webhook_id}"),), nats=True),
    ),
    Call(
        "replay_webhook",
        ReplayWebhookCall,
        (WebhookView,),
        "operator",
        "Tell a webhook again of everything since a time, under the ids that it had.",
        Doors((Route("POST", "/webhooks/{webhook_id}/replay", 202),), nats=True),
        document=ReplayRequest,
    ),
    Call(
        "impact",
        ImpactCall,
        (Impact,),
        "viewer",
        "Ask which findings, sentences and sections rest on the passages of a source that moved, and what an "
        "update would cost.",
        Doors((Route("GET", "/batches/{batch_id}/sources/{source_id}/impact"),), nats=True),
    ),
    Call(
        "compare",
        CompareCall,
        (Comparison,),
        "viewer",
        "Hold the reports of two sessions beside each other: what one says that the other does not, section "
        "by section.",
        Doors((Route("GET", "/sessions/{session_id}/compare/{other_id}"),), nats=True),
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
"""The kinds of commands that an outside system may publish itself; any other goes through the gateway, which
checks and stores it."""
