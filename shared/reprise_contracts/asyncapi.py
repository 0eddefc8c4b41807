"""Every message by its channel, and from this one table the AsyncAPI document and `docs/messages.md`.

`python -m reprise_contracts.asyncapi` prints the Markdown; `--asyncapi` prints the document.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from pydantic.json_schema import models_json_schema

from reprise_contracts import commands, events, frames, jobs, states, subjects, watches, webhooks
from reprise_contracts.calls import CALLS, OPEN_COMMANDS
from reprise_contracts.importing import EVERY_SESSION_COMMAND
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.wire import Message

Kind = Literal["stream", "request", "socket"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One subject with its wildcards as named parameters, what is sent on it, and by whom."""

    name: str
    address: str
    kind: Kind
    messages: tuple[type[Message], ...]
    sender: str
    text: str
    reply: tuple[type[Message], ...] = ()
    stream: str = ""


def _union(annotated: Any) -> tuple[type[Message], ...]:
    return get_args(get_args(annotated)[0])


class Server(NamedTuple):
    """Where messages go: `host` with its port, `protocol` as AsyncAPI names it."""

    host: str
    protocol: str


LOCAL: Mapping[str, Server] = {
    "nats": Server("127.0.0.1:4222", "nats"),
    "gateway": Server("127.0.0.1:8000", "ws"),
}
"""The servers of a stack on one machine, at its usual ports."""
_SERVERS = {"nats": "NATS with JetStream.", "gateway": "The gateway's WebSockets."}
ANYONE = "any client"
"""Who has no service of ours: it may send this as the user `outside`."""


def _commands() -> list[Channel]:
    named = {**EVERY_SESSION_COMMAND, **commands.BATCH_COMMANDS}
    return [
        Channel(
            name=f"command_{kind}",
            address=subjects.command("{session_id}" if kind in EVERY_SESSION_COMMAND else "{batch_id}", kind),
            kind="stream",
            stream=subjects.INBOX,
            messages=(model,),
            sender=ANYONE if kind in OPEN_COMMANDS else "gateway",
            text=_sentence(_summary(model).split(": ", 1)[-1]),
        )
        for kind, model in named.items()
    ]


def _summary(model: type) -> str:
    """The first paragraph of what a model says of itself, on one line."""
    return " ".join((model.__doc__ or "").strip().split("\n\n")[0].split())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def channels() -> tuple[Channel, ...]:
    """The table."""
    api = [
        Channel(
            name=f"api_{call.kind}",
            address=subjects.api(call.kind),
            kind="request",
            messages=(call.body,),
            reply=(*call.answer, ProblemDocument),
            sender=ANYONE,
            text=call.summary,
        )
        for call in CALLS
        if call.doors.nats
    ]
    return (
        *_commands(),
        *api,
        Channel(
            name="log",
            address=subjects.log("{id}"),
            kind="stream",
            stream=subjects.SESSIONS,
            messages=(events.Commit,),
            sender="orchestrator",
            text="The commits of a session or a batch, in order.",
        ),
        Channel(
            name="progress",
            address=subjects.progress("{session_id}", "{node}"),
            kind="stream",
            stream=subjects.PROGRESS,
            messages=_union(frames.AnyLive),
            sender="workers",
            text="Progress, for watching only.",
        ),
        Channel(
            name="job",
            address=subjects.job_of("{phase}", "{session_id}", "{node}", "{generation}", "{attempt}"),
            kind="stream",
            stream=subjects.JOBS,
            messages=(jobs.Job,),
            sender="scheduler",
            text="One attempt of one node.",
        ),
        Channel(
            name="report",
            address=subjects.report_of("{phase}", "{session_id}", "{node}"),
            kind="stream",
            stream=subjects.INBOX,
            messages=_union(jobs.AnyReport),
            sender="workers",
            text="What became of a job.",
        ),
        Channel(
            name="fact",
            address=subjects.fact("{id}"),
            kind="stream",
            stream=subjects.INBOX,
            messages=_union(jobs.AnyFact),
            sender="orchestrator",
            text="What a batch tells its sessions, or a session its batch.",
        ),
        Channel(
            name="timer",
            address=subjects.timer("{session_id}"),
            kind="stream",
            stream=subjects.INBOX,
            messages=_union(jobs.AnyTimer),
            sender="scheduler",
            text="A time that has come.",
        ),
        Channel(
            name="control",
            address=subjects.control_of("{phase}", "{session_id}", "{node}"),
            kind="stream",
            stream=subjects.CONTROL,
            messages=(jobs.Controlled,),
            sender="scheduler",
            text="Which attempt is to stop.",
        ),
        Channel(
            name="pool",
            address=subjects.pool_order("{phase}"),
            kind="stream",
            stream=subjects.POOLS,
            messages=(jobs.PoolOrder,),
            sender="gateway",
            text="Whether a worker pool is to work; the last word counts.",
        ),
        Channel(
            name="watch",
            address=subjects.watch("{batch_id}", "{source_id}"),
            kind="stream",
            stream=subjects.WATCHES,
            messages=(watches.CheckDue,),
            sender="scheduler",
            text="The schedule of a watched source, which JetStream publishes as a check that is due.",
        ),
        Channel(
            name="check_due",
            address=subjects.check_due("{batch_id}", "{source_id}"),
            kind="stream",
            stream=subjects.WATCHES,
            messages=(watches.CheckDue,),
            sender="JetStream",
            text="A check of a watched source that is due.",
        ),
        Channel(
            name="checked",
            address=subjects.checked("{batch_id}", "{source_id}"),
            kind="stream",
            stream=subjects.WATCHES,
            messages=(watches.Checked,),
            sender="workers",
            text="What the last check of a source found, news or not; the last word is kept.",
        ),
        Channel(
            name="webhook",
            address=subjects.webhook("{webhook_id}"),
            kind="stream",
            stream=subjects.WEBHOOKS,
            messages=(webhooks.Webhook,),
            sender="gateway",
            text="Who is told of what happens, with the secret that vouches for it; the last word counts.",
        ),
        Channel(
            name="delivery",
            address=subjects.delivery("{webhook_id}", "{announcement_id}"),
            kind="stream",
            stream=subjects.DELIVERIES,
            messages=(webhooks.Announcement,),
            sender="scheduler",
            text="What a webhook is to be told: the body that a gateway posts to it.",
        ),
        Channel(
            name="delivered",
            address=subjects.delivered("{webhook_id}"),
            kind="stream",
            stream=subjects.WEBHOOKS,
            messages=(webhooks.DeliveryOutcome,),
            sender="gateway",
            text="How the last try of a webhook went; the last word is kept.",
        ),
        Channel(
            name="presence",
            address=subjects.presence("{phase}", "{worker}"),
            kind="stream",
            messages=(states.WorkerView,),
            sender="workers",
            text="What a worker does now, every heartbeat.",
        ),
        Channel(
            name="websocket",
            address="/ws/{batch_id}",
            kind="socket",
            messages=_union(frames.AnyFrame),
            sender="gateway",
            text="Frames to a browser.",
        ),
    )


def _schemas() -> dict[str, Any]:
    models = {model for channel in channels() for model in (*channel.messages, *channel.reply)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schema = models_json_schema(
        [(model, "serialization") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    definitions: dict[str, Any] = schema["$defs"]
    _name_discriminators(definitions)
    return definitions


def _name_discriminators(schema: Any) -> None:
    """AsyncAPI names the property that tells types apart; OpenAPI, whose form pydantic writes, has an object
    for it."""
    if isinstance(schema, dict):
        if isinstance(told := schema.get("discriminator"), dict):
            schema["discriminator"] = told["propertyName"]
        for part in schema.values():
            _name_discriminators(part)
    elif isinstance(schema, list):
        for part in schema:
            _name_discriminators(part)


def document(version: str = "1", servers: Mapping[str, Server] = LOCAL) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of everything that crosses a process boundary; `servers` are `nats` and
    `gateway`."""
    listed = channels()
    models = {model for channel in listed for model in (*channel.messages, *channel.reply)}
    messages = {
        model.__name__: {
            "name": model.__name__,
            "summary": _first(model),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        }
        for model in sorted(models, key=lambda model: model.__name__)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Reprise",
            "version": version,
            "description": "Deep research that can be played again, over NATS JetStream.",
        },
        "defaultContentType": "application/json",
        "servers": {
            name: server._asdict() | {"description": _SERVERS[name]} for name, server in servers.items()
        },
        "channels": {channel.name: _channel(channel) for channel in listed},
        "operations": {channel.name: _operation(channel) for channel in listed},
        "components": {"schemas": _schemas(), "messages": messages},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    names = [part.split("}")[0] for part in channel.address.split("{")[1:]]
    own: dict[str, Any] = {
        "address": channel.address,
        "description": channel.text,
        "servers": [{"$ref": f"#/servers/{'gateway' if channel.kind == 'socket' else 'nats'}"}],
        "messages": {
            m.__name__: {"$ref": f"#/components/messages/{m.__name__}"}
            for m in (*channel.messages, *channel.reply)
        },
    }
    return own | (
        {"parameters": {name: {"description": _PARAMETERS[name]} for name in names}} if names else {}
    )


_PARAMETERS = {
    "session_id": "A session.",
    "batch_id": "A batch.",
    "source_id": "A source of the batch.",
    "id": "A session or a batch.",
    "node": "A node with `-` for `/`, for example `phase3-4`.",
    "phase": "`phase0` to `phase4`.",
    "generation": "Which run of the node.",
    "attempt": "Which try of that run.",
    "worker": "A worker process.",
    "webhook_id": "A webhook.",
    "announcement_id": "What it is told: the id of the CloudEvent.",
}


def _operation(channel: Channel) -> dict[str, Any]:
    at = f"#/channels/{channel.name}"
    own: dict[str, Any] = {
        "action": "receive" if channel.sender == ANYONE else "send",
        "channel": {"$ref": at},
        "summary": channel.text,
        "messages": [{"$ref": f"{at}/messages/{model.__name__}"} for model in channel.messages],
    }
    if channel.reply:
        own["reply"] = {
            "channel": {"$ref": at},
            "messages": [{"$ref": f"{at}/messages/{model.__name__}"} for model in channel.reply],
        }
    return own


def _first(model: type[Message]) -> str:
    return _sentence(_summary(model))


def markdown() -> str:
    """`docs/messages.md`."""
    lines = [
        "# Messages",
        "",
        "Made from `reprise_contracts` by `python -m reprise_contracts.asyncapi`; the same table makes the "
        "document at `/asyncapi`.",
        "Every message is JSON. A reader leaves aside a field that it does not know; a command with one is "
        "refused. A version is part of",
        "the subject and only grows.",
        "",
        "Any client may send what says so, as the user `outside` ([operators.md](operators.md)): it "
        "publishes reruns and cancellations,",
        "asks `reprise.v1.api.*`, and follows the log and the progress. Everything else is between the "
        "services, each of which sends its",
        "own only. `by` in a command is the word of whoever published it. A client in forty lines, with no "
        "code of ours:",
        "[examples/another_system.py](examples/another_system.py).",
        "",
    ]
    for channel in channels():
        kind = {
            "stream": f"kept in `{channel.stream}`" if channel.stream else "not kept",
            "request": "request and reply",
            "socket": "socket",
        }
        lines += [
            f"## `{channel.address}`",
            "",
            f"{channel.text} Sent by: {channel.sender}; {kind[channel.kind]}.",
            "",
        ]
        for model in channel.messages:
            lines += _described(model)
        if channel.reply:
            lines += [f"Answer: {', '.join(model.__name__ for model in channel.reply)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _described(model: type[Message]) -> list[str]:
    fields = [f"`{name}`{'' if field.is_required() else '?'}" for name, field in model.model_fields.items()]
    return [f"- **{model.__name__}**: {_first(model)} Fields: {', '.join(fields) or 'none'}.", ""]


if __name__ == "__main__":
    print(json.dumps(document(), indent=2) if "--asyncapi" in sys.argv else markdown(), end="")  # noqa: T201  # its output
