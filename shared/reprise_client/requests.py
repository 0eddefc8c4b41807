"""What is sent for each call and what its answer is read as, without sending anything: the synchronous and
the asynchronous client send the same."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar
from uuid import uuid4

from pydantic import ValidationError

from reprise_client.errors import InvalidArgument, Refused, UnexpectedAnswer
from reprise_contracts.artifacts import Artifact, Phase0, Phase1, Phase2, Phase4, Step, StepFindings
from reprise_contracts.calls import BY_KIND, Route
from reprise_contracts.commands import (
    Options,
    RefreshCall,
    RestartPhase,
    RestartStep,
    SourcesRequest,
    StartOptions,
)
from reprise_contracts.comparing import Comparison
from reprise_contracts.fleet import (
    FleetPreview,
    FleetReceipt,
    RefreshAllCall,
    SessionFilter,
    SessionPage,
)
from reprise_contracts.impact import Impact
from reprise_contracts.nodes import Phase
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Search, SourceInput
from reprise_contracts.states import (
    BatchPage,
    BatchView,
    CommandView,
    Created,
    Health,
    PoolView,
    Preview,
    Receipt,
    ReportCheck,
    State,
    Timeline,
)
from reprise_contracts.watches import WatchRequest, WatchView
from reprise_contracts.wire import Message, normalised

T = TypeVar("T")
M = TypeVar("M", bound=Message)
A = TypeVar("A", bound=Artifact)
Body = dict[str, object]
Given = str | SourceInput | Search
"""A source: an address, or what `SourceInput` says."""
Rerunnable = RestartPhase | RestartStep | RefreshCall
"""What can be previewed and run: the bodies of the contract."""
LONGEST_ID, LONGEST_COMMAND_ID = 64, 128


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One request, and how its answer's body is read."""

    method: str
    path: str
    read: Callable[[bytes], T]
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    form: Mapping[str, object] | None = None
    files: tuple[Path, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """Whether it is sent again when the connection breaks. Safe: every command carries its id (R16). What
        brings files is read once."""
        return not self.files

    def answered(self, status: int, content: bytes) -> T:
        """The answer; raises `Refused` or `UnexpectedAnswer`."""
        if not 200 <= status < 300:
            if (problem := problem_in(content)) is not None:
                raise Refused.by(problem)
            raise UnexpectedAnswer(
                f"The server answered {status} to {self.method} {self.path}.",
                "Is it a Reprise server? Its log says more.",
            )
        try:
            return self.read(content)
        except ValueError as error:
            raise UnexpectedAnswer(
                f"The server's answer to {self.path} is not what version 1 of the contract says.",
                "Is the server newer or older than this client? Compare `reprise --version`.",
            ) from error


def named(given: str, longest: int = LONGEST_ID) -> str:
    """An id as one segment of an address. Raises `InvalidArgument` for what is no id and would lead
    elsewhere."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", given) or len(given) > longest:
        raise InvalidArgument(
            f"{given!r} is no id.",
            f"An id is 1 to {longest} letters, digits, - or _, as `reprise status` shows it.",
        )
    return given


def problem_in(body: bytes) -> Problem | None:
    """The problem in an answer's body; None if it is none of ours. The wire's type is a path, its last
    segment counts."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    try:
        return Problem.model_validate({**document, "type": str(document.get("type", "")).rsplit("/", 1)[-1]})
    except ValidationError:
        return None


def _as(model: type[M]) -> Callable[[bytes], M]:
    return model.model_validate_json


def _document(content: bytes) -> Body:
    document = json.loads(content) if content else {}
    return document if isinstance(document, dict) else {"value": document}


def _bytes(content: bytes) -> bytes:
    return content


def _text(content: bytes) -> str:
    return content.decode()


def _pools(content: bytes) -> list[PoolView]:
    answer = json.loads(content)
    pools = answer.get("pools", []) if isinstance(answer, dict) else answer
    return [PoolView.model_validate(pool) for pool in pools]


def _ticket(content: bytes) -> str:
    return str(_document(content)["ticket"])


# Calls of the table


def call(kind: str, fields: Mapping[str, object], read: Callable[[bytes], T]) -> Request[T]:
    """A call of `reprise_contracts.calls`, on the first route that stands for these fields. Raises
    `InvalidArgument`."""
    route, ids = _addressed(kind, fields)
    in_body = BY_KIND[kind].in_body(route)
    body = {name: value for name, value in fields.items() if name in in_body}
    key = fields.get("command_id") if "command_id" not in in_body and "command_id" not in ids else None
    return Request(
        route.method,
        route.path.format(**ids),
        read,
        body=body or None,
        headers={"Idempotency-Key": str(key)} if key else {},
    )


def _addressed(kind: str, fields: Mapping[str, object]) -> tuple[Route, dict[str, str]]:
    if kind not in BY_KIND:
        raise InvalidArgument(f"There is no call {kind!r}.", f"There are: {', '.join(BY_KIND)}.")
    routes = BY_KIND[kind].doors.rest
    route = next((route for route in routes if route.sets.items() <= fields.items()), None)
    if route is None:
        raise InvalidArgument(f"The call {kind!r} is not one of REST.", "Ask it over NATS.")
    lacking = [name for name in route.in_path if fields.get(name) is None]
    if lacking:
        raise InvalidArgument(f"The call {kind!r} lacks {lacking[0]!r}.", "Name it.")
    return route, {
        name: named(str(fields[name]), LONGEST_COMMAND_ID if name == "command_id" else LONGEST_ID)
        for name in route.in_path
    }


def _taken(kind: str) -> frozenset[str]:
    """The fields of a call: of its body, and of its addresses."""
    if kind not in BY_KIND:
        return frozenset()
    found = BY_KIND[kind]
    paths = [name for route in found.doors.rest for name in (*route.in_path, *route.sets)]
    return frozenset((*found.body.model_fields, *paths, "command_id")) - {"type"}


def any_call(kind: str, fields: Mapping[str, object]) -> Request[Message]:
    """Any call of the table, with its fields by name; a command that has no id gets one. Raises
    `InvalidArgument`, also for a field that the call has not."""
    strange = sorted(fields.keys() - _taken(kind))
    if kind in BY_KIND and strange:
        raise InvalidArgument(
            f"The call {kind!r} has no {strange[0]!r}.", f"It takes: {', '.join(sorted(_taken(kind)))}."
        )
    model = BY_KIND[kind].body if kind in BY_KIND else Message
    command = "command_id" in model.model_fields and fields.get("command_id") is None
    named_fields = {**fields, "command_id": uuid4().hex} if command else dict(fields)

    def read(content: bytes) -> Message:
        answers = BY_KIND[kind].answer
        dry = isinstance(options := fields.get("options"), Mapping) and options.get("dry_run")
        previewed = dry or fields.get("dry_run")
        return answers[-1 if previewed else 0].model_validate_json(content)

    return call(kind, named_fields, read)


def _command(kind: str, fields: Mapping[str, object], command_id: str | None) -> Request[Receipt]:
    given = {name: value for name, value in fields.items() if value is not None}
    return call(kind, given | {"command_id": command_id or uuid4().hex}, _as(Receipt))


_KINDS: dict[type[Rerunnable], str] = {
    RestartPhase: "restart_phase",
    RestartStep: "restart_step",
    RefreshCall: "refresh",
}


def _kind_of(asked: Rerunnable) -> str:
    """The call that a body is of. Raises `InvalidArgument`."""
    kind = next((name for body, name in _KINDS.items() if isinstance(asked, body)), None)
    if kind is None:
        raise InvalidArgument(
            f"What is run is a RestartPhase, a RestartStep or a RefreshCall, and this is "
            f"{type(asked).__name__}.",
            "Make one: RestartPhase(session_id=…, phase=…).",
        )
    return kind


def preview(asked: Rerunnable) -> Request[Preview]:
    """What it would do. Raises `InvalidArgument`."""
    kind = _kind_of(asked)
    options = asked.options.model_copy(update={"dry_run": True, "plan_token": None})
    return call(kind, _fields(asked, options), _as(Preview))


def run(asked: Rerunnable, of: Preview | None, command_id: str | None) -> Request[Receipt]:
    """Do it; with a preview exactly what that said. Raises `InvalidArgument` for a preview that promises
    nothing."""
    kind = _kind_of(asked)
    options = asked.options.model_copy(update={"dry_run": False})
    if of is not None:
        options = options.model_copy(update={"plan_token": _token_of(of)})
    return _command(kind, _fields(asked, options), command_id or asked.command_id)


def _fields(asked: Rerunnable, options: Options) -> Body:
    """The fields of a rerun, with the options that are not at their defaults."""
    given = asked.model_dump(mode="json", exclude={"options", "command_id"}, exclude_none=True)
    if said := options.model_dump(mode="json", exclude_defaults=True):
        given["options"] = said
    return given


def accept(session_id: str, node: str, reason: str, command_id: str | None) -> Request[Receipt]:
    """Declare a stale node good enough."""
    return _command("accept", {"session_id": session_id, "node": node, "reason": reason}, command_id)


def step_of(steps: Sequence[Step], question: str) -> int:
    """The number of the step that answers a question; raises `NotFound`."""
    wanted = normalised(question)
    for step in steps:
        if step.kind == "answer" and normalised(step.query) == wanted:
            return step.step_id
    raise Refused.by(
        Problem(
            type="not_found",
            field="question",
            detail="No step of the plan answers this question.",
            action="Ask it, and wait until that is over.",
        )
    )


def preview_question(session_id: str, question: str, source_ids: Sequence[str]) -> Request[Preview]:
    """What a question would run."""
    fields = {"session_id": session_id, "question": question, "source_ids": source_ids, "dry_run": True}
    return call("ask", fields, _as(Preview))


def ask(
    session_id: str, question: str, source_ids: Sequence[str], of: Preview | None, command_id: str | None
) -> Request[Receipt]:
    """Ask a question; with a preview, exactly what that said is run."""
    fields = {
        "session_id": session_id,
        "question": question,
        "source_ids": source_ids,
        "plan_token": _token_of(of) if of is not None else None,
    }
    return _command("ask", fields, command_id)


def _token_of(preview: Preview) -> str:
    if preview.plan_token is None:
        raise InvalidArgument(
            "This preview has no token: a run was active when it was made, and may change what it says.",
            "Wait for that run, then ask for the preview again.",
        )
    return preview.plan_token


def lock(session_id: str, node: str, command_id: str | None, *, locked: bool) -> Request[Receipt]:
    """Lock a node, or unlock it."""
    return _command("lock", {"session_id": session_id, "node": node, "locked": locked}, command_id)


def fork(session_id: str, node: str, command_id: str | None) -> Request[Created]:
    """A session that shares another one's results above a node."""
    fields = {"session_id": session_id, "node": node, "command_id": command_id or uuid4().hex}
    return call("fork", fields, _as(Created))


def cancel(
    session_id: str, run_id: str | None, phase: Phase | None, step_id: int | None, command_id: str | None
) -> Request[Receipt]:
    """Stop a run, a phase, a step, or everything in a session."""
    fields = {"session_id": session_id, "run_id": run_id, "phase": phase, "step_id": step_id}
    return _command("cancel", fields, command_id)


def end(batch_id: str, *, delete: bool) -> Request[BatchView]:
    """End a batch; with `delete`, remove everything of it."""
    fields = {"batch_id": batch_id, "delete": delete, "command_id": uuid4().hex}
    return call("end", fields, _as(BatchView))


def end_session(session_id: str, *, delete: bool) -> Request[BatchView]:
    """End one session of a batch; with `delete`, remove what is its alone."""
    fields = {"session_id": session_id, "delete": delete, "command_id": uuid4().hex}
    return call("end_session", fields, _as(BatchView))


def tag(
    session_id: str, add: Sequence[str], remove: Sequence[str], command_id: str | None
) -> Request[Receipt]:
    """Add tags to a session, and take some away. Raises `InvalidArgument`."""
    fields = {"session_id": session_id, "add": list(add), "remove": list(remove)}
    return _command("tag", fields, command_id)


def sessions(wanted: SessionFilter, after: str | None) -> Request[SessionPage]:
    """One page of the sessions of all batches, newest first."""
    said = wanted.model_dump(mode="json", exclude_defaults=True)
    params = {name: "true" if value is True else str(value) for name, value in said.items()}
    return Request("GET", "/sessions", _as(SessionPage), params=params | ({"after": after} if after else {}))


def preview_all(asked: RefreshAllCall) -> Request[FleetPreview]:
    """What a refresh of many sessions would do as a whole."""
    fields = asked.model_dump(mode="json", exclude_defaults=True) | {"dry_run": True}
    return call("refresh_all", fields, _as(FleetPreview))


def refresh_all(of: FleetPreview, command_id: str | None) -> Request[FleetReceipt]:
    """Do what a preview showed, and nothing else."""
    shares = [share.model_dump(mode="json", exclude={"topic", "plan"}) for share in of.sessions]
    fields = {"sessions": shares, "max_tokens": of.max_tokens, "plan_token": of.plan_token}
    return call("refresh_all", fields | {"command_id": command_id or uuid4().hex}, _as(FleetReceipt))


def cancel_all(command_id: str) -> Request[FleetReceipt]:
    """Stop what a refresh of many sessions has begun."""
    return call("cancel_all", {"command_id": command_id}, _as(FleetReceipt))


def compare(session_id: str, other_id: str) -> Request[Comparison]:
    """What the report of one session says that the other's does not."""
    return call("compare", {"session_id": session_id, "other_id": other_id}, _as(Comparison))


def impact(batch_id: str, source_id: str) -> Request[Impact]:
    """What a source's change touches."""
    return call("impact", {"batch_id": batch_id, "source_id": source_id}, _as(Impact))


def watches(batch_id: str) -> Request[WatchView]:
    """What of a batch is watched."""
    return call("watches", {"batch_id": batch_id}, _as(WatchView))


def watch(
    batch_id: str, asked: WatchRequest, source_id: str | None, command_id: str | None
) -> Request[WatchView]:
    """Look at a source, or at every source of a batch, at its times."""
    fields: Body = {"batch_id": batch_id, "source_id": source_id, "command_id": command_id or uuid4().hex}
    given = asked.model_dump(mode="json", exclude_defaults=True, exclude={"command_id"})
    return call("watch", given | fields, _as(WatchView))


def unwatch(batch_id: str, source_id: str | None, command_id: str | None) -> Request[WatchView]:
    """Look no longer."""
    fields = {"batch_id": batch_id, "source_id": source_id, "command_id": command_id or uuid4().hex}
    return call("unwatch", fields, _as(WatchView))


def state(session_id: str) -> Request[State]:
    """One session."""
    return call("state", {"session_id": session_id}, _as(State))


def command(session_id: str, command_id: str) -> Request[CommandView]:
    """Today's outcome of a command."""
    return call("command", {"session_id": session_id, "command_id": command_id}, _as(CommandView))


# What is started


def start(
    topic: str,
    sources: Sequence[Given],
    files: Sequence[Path],
    *,
    guidance: str | None,
    engine: str | None,
    model: str | None,
    language: str | None,
    options: StartOptions | None,
    command_id: str | None,
) -> Request[Created]:
    """A batch and its first session. With files it is a form, whose other fields are what the JSON body
    has. Raises `InvalidArgument`."""
    told = {"guidance": guidance, "engine": engine, "model": model, "language": language}
    if options is not None and not isinstance(options, StartOptions):
        raise InvalidArgument(
            f"`options` are StartOptions, and this is {type(options).__name__}.",
            "Make them: StartOptions(**options).",
        )
    given = {name: value for name, value in told.items() if value}
    asked = options.model_dump(mode="json", exclude_defaults=True) if options is not None else {}
    headers = {"Idempotency-Key": command_id or uuid4().hex}
    found = [_source(source) for source in sources]
    if not found and not files:
        raise InvalidArgument("There is nothing to read.", "Give at least one source or file.")
    if not files:
        body = {"topic": topic, "sources": found, **given, **({"options": asked} if asked else {})}
        return Request("POST", "/batches", _as(Created), body=body, headers=headers)
    form: Body = {"topic": topic, **given}
    if found:
        form["sources"] = json.dumps(found)
    if asked:
        form["options"] = json.dumps(asked)
    return Request("POST", "/batches", _as(Created), form=form, files=tuple(files), headers=headers)


def import_bundle(file: Path, command_id: str | None) -> Request[Created]:
    """A batch with a session, of a file that `bundle` gave."""
    headers = {"Idempotency-Key": command_id or uuid4().hex}
    return Request("POST", "/batches/import", _as(Created), form={}, files=(file,), headers=headers)


def _source(given: Given) -> Body:
    if isinstance(given, str):
        return {"url": given}
    if not isinstance(given, SourceInput | Search):
        raise InvalidArgument(
            f"A source is an address, a SourceInput or a Search, and this is {type(given).__name__}: "
            f"{str(given)[:80]}.",
            "Give an address as a text, or make one: SourceInput(**source).",
        )
    return given.model_dump(mode="json", exclude_defaults=True)


def add_sources(batch_id: str, sources: Sequence[Given], command_id: str | None) -> Request[BatchView]:
    """Add sources: marks stale, runs nothing."""
    body = {"sources": [_source(one) for one in sources], "command_id": command_id or uuid4().hex}
    SourcesRequest.model_validate(body)
    return Request("POST", f"/batches/{named(batch_id)}/sources", _as(BatchView), body=body)


# What there is


def batches(after: str | None, search: str | None) -> Request[BatchPage]:
    """One page of the batches, newest first."""
    params = {name: value for name, value in {"after": after, "q": search}.items() if value}
    return Request("GET", "/batches", _as(BatchPage), params=params)


def batch(batch_id: str) -> Request[BatchView]:
    """One batch with its sources and sessions."""
    return Request("GET", f"/batches/{named(batch_id)}", _as(BatchView))


def text(batch_id: str, source_id: str, sha256: str | None) -> Request[str]:
    """A source's stored text."""
    path = f"/batches/{named(batch_id)}/sources/{named(source_id)}/text"
    return Request("GET", path, _text, params={"sha256": sha256} if sha256 else {})


def _artifact(session_id: str, name: str, model: type[A]) -> Request[A]:
    return Request("GET", f"/sessions/{named(session_id)}/artifacts/{name}", model.read)


def prepared(session_id: str) -> Request[Phase0]:
    """Phase 0's artifact."""
    return _artifact(session_id, "phase0", Phase0)


def goals(session_id: str) -> Request[Phase1]:
    """Phase 1's artifact."""
    return _artifact(session_id, "phase1", Phase1)


def plan(session_id: str) -> Request[Phase2]:
    """Phase 2's artifact."""
    return _artifact(session_id, "phase2", Phase2)


def findings(session_id: str, step_id: int) -> Request[StepFindings]:
    """A step's artifact."""
    return _artifact(session_id, f"phase3/steps/{int(step_id)}", StepFindings)


class _Steps(Message):
    """What `artifacts/phase3` answers."""

    steps: tuple[StepFindings, ...] = ()


def _steps(content: bytes) -> tuple[StepFindings, ...]:
    return _Steps.model_validate_json(content).steps


def all_findings(session_id: str) -> Request[tuple[StepFindings, ...]]:
    """The artifacts of every step that has one."""
    return Request("GET", f"/sessions/{named(session_id)}/artifacts/phase3", _steps)


def written(session_id: str) -> Request[Phase4]:
    """Phase 4's artifact."""
    return _artifact(session_id, "phase4", Phase4)


def report(session_id: str, file_format: str) -> Request[bytes]:
    """The report in one of its formats."""
    path = f"/sessions/{named(session_id)}/report"
    return Request("GET", path, _bytes, params={"format": file_format})


def check(session_id: str) -> Request[ReportCheck]:
    """What of the report does not hold."""
    return Request("GET", f"/sessions/{named(session_id)}/report/check", _as(ReportCheck))


def bundle(session_id: str) -> Request[bytes]:
    """The session in one file."""
    return Request("GET", f"/sessions/{named(session_id)}/bundle", _bytes)


def timeline(session_id: str, after: int) -> Request[Timeline]:
    """One page of the story so far."""
    path = f"/sessions/{named(session_id)}/events"
    return Request("GET", path, _as(Timeline), params={"after": str(after)} if after else {})


# The installation


def workers() -> Request[list[PoolView]]:
    """The worker pools."""
    return Request("GET", "/workers", _pools)


def order(phase: str, what: str) -> Request[PoolView]:
    """Pause, resume or drain a pool."""
    return Request("POST", f"/workers/{named(phase)}/{named(what)}", _as(PoolView))


def health() -> Request[Health]:
    """What is wrong with the installation, in words."""
    return Request("GET", "/doctor", _as(Health))


def config() -> Request[Body]:
    """What this server offers."""
    return Request("GET", "/config", _document)


def ticket() -> Request[str]:
    """A ticket for the WebSocket."""
    return Request("POST", "/ws-ticket", _ticket)
