"""The REST client: one method per call of the contract, answers as contract models, problems as `Refused`."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import httpx
from pydantic import ValidationError

from reprise_cli.client.sources import Sources
from reprise_cli.errors import CommandFailed, NoServer, Refused, UsageError
from reprise_contracts.calls import BY_KIND
from reprise_contracts.commands import Options
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import BatchPage, BatchView, CommandView, Created, Health, PoolView, Preview, Receipt, State
from reprise_contracts.wire import Message

M = TypeVar("M", bound=Message)
Body = dict[str, object]
LONGEST_ID, LONGEST_COMMAND_ID = 64, 128
ATTEMPTS = 3
"""How often a call is sent when the connection breaks. Safe: every command carries its id (R16)."""


def named(given: str, longest: int = LONGEST_ID) -> str:
    """An id as one segment of an address. Raises `UsageError` for what is no id and would lead elsewhere."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", given) or len(given) > longest:
        raise UsageError(f"{given!r} is no id.", f"An id is 1 to {longest} letters, digits, - or _, as `reprise status` shows it.")
    return given


class Client:
    """Talks to one server. Commands get an id of their own, so that sending one again does nothing twice."""

    def __init__(self, server: str, token: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.server = server.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=self.server, headers=headers, timeout=httpx.Timeout(60, connect=5), transport=transport, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    # What there is

    def batches(self, search: str | None = None) -> Iterator[BatchView]:
        """Every batch, newest first, page by page."""
        after: str | None = None
        while True:
            params = {name: value for name, value in {"after": after, "q": search}.items() if value}
            page = self._get("/batches", BatchPage, params)
            yield from page.batches
            if page.next is None:
                return
            after = page.next

    def batch(self, batch_id: str) -> BatchView:
        """One batch with its sources and sessions."""
        return self._get(f"/batches/{named(batch_id)}", BatchView)

    def state(self, session_id: str) -> State:
        """One session."""
        return self._parse(self._call("state", {"session_id": session_id}), State)

    def command(self, session_id: str, command_id: str) -> CommandView:
        """Today's outcome of a command."""
        return self._parse(self._call("command", {"session_id": session_id, "command_id": command_id}), CommandView)

    def artifact(self, session_id: str, name: str) -> Body:
        """The latest artifact of a phase or a step, as JSON."""
        return self._document(self._send("GET", f"/sessions/{named(session_id)}/artifacts/{name}"))

    def report(self, session_id: str, file_format: str) -> bytes:
        """The report in one of its formats; an outdated one says so itself."""
        return self._send("GET", f"/sessions/{named(session_id)}/report", params={"format": file_format}).content

    def bundle(self, session_id: str) -> bytes:
        """The session in one file, as `reprise_research.bundle` packs it."""
        return self._send("GET", f"/sessions/{named(session_id)}/bundle").content

    def workers(self) -> list[PoolView]:
        """The worker pools."""
        answer = self._send("GET", "/workers").json()
        pools = answer.get("pools", []) if isinstance(answer, dict) else answer
        return [PoolView.model_validate(pool) for pool in pools]

    def order(self, phase: str, order: str) -> PoolView:
        """Pause, resume or drain a pool."""
        return self._parse(self._send("POST", f"/workers/{phase}/{order}"), PoolView)

    def health(self) -> Health:
        """What is wrong with the installation, in words."""
        return self._get("/doctor", Health)

    def config(self) -> Body:
        """What this server offers."""
        return self._document(self._send("GET", "/config"))

    def ready(self) -> bool:
        """Return whether the server can take work."""
        try:
            return self._http.get("/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    # What can be asked for

    def create(self, topic: str, sources: Sources, named: Mapping[str, str], options: Mapping[str, object]) -> Created:
        """A batch and its first session. With files it is a form, whose other fields are what the JSON body has."""
        key = {"Idempotency-Key": uuid4().hex}
        urls = [{"url": url} for url in sources.urls]
        if not sources.files:
            body = {"topic": topic, "sources": urls, **named, **({"options": options} if options else {})}
            return self._parse(self._send("POST", "/batches", body=body, headers=key), Created)
        form: Body = {"topic": topic, **named}
        if urls:
            form["sources"] = json.dumps(urls)
        if options:
            form["options"] = json.dumps(options)
        with ExitStack() as files:
            parts = [("files", (path.name, files.enter_context(path.open("rb")))) for path in sources.files]
            return self._parse(self._send("POST", "/batches", data=form, files=parts, headers=key), Created)

    def preview(self, kind: str, fields: Mapping[str, object], options: Options) -> Preview:
        """What a rerun would do. `kind` is one of `restart_phase`, `restart_step` and `refresh`."""
        asked = options.model_copy(update={"dry_run": True, "plan_token": None})
        return self._parse(self._call(kind, _with_options(fields, asked)), Preview)

    def rerun(self, kind: str, fields: Mapping[str, object], options: Options, command_id: str | None = None) -> Receipt:
        """Rerun a phase, steps, or whatever is stale; `kind` as for `preview`."""
        return self._command(kind, _with_options(fields, options), command_id)

    def accept(self, fields: Mapping[str, object], command_id: str | None = None) -> Receipt:
        """Declare a stale node good enough."""
        return self._command("accept", fields, command_id)

    def cancel(self, fields: Mapping[str, object], command_id: str | None = None) -> Receipt:
        """Stop a run, a phase, a step, or everything in a session."""
        return self._command("cancel", fields, command_id)

    def end(self, batch_id: str, *, delete: bool) -> Body:
        """End a batch; with `delete`, remove everything of it."""
        return self._document(self._call("end", {"batch_id": batch_id, "delete": delete, "command_id": uuid4().hex}))

    def ticket(self) -> str | None:
        """A ticket for the WebSocket; None where no tokens are configured."""
        if "Authorization" not in self._http.headers:
            return None
        return str(self._document(self._send("POST", "/ws-ticket"))["ticket"])

    # How

    def _command(self, kind: str, fields: Mapping[str, object], command_id: str | None) -> Receipt:
        return self._parse(self._call(kind, {**fields, "command_id": command_id or uuid4().hex}), Receipt)

    def _call(self, kind: str, fields: Mapping[str, object]) -> httpx.Response:
        """Make one call of the table, on the first route that stands for these fields."""
        call = BY_KIND[kind]
        route = next(route for route in call.doors.rest if route.sets.items() <= fields.items())
        ids = {name: named(str(fields[name]), LONGEST_COMMAND_ID if name == "command_id" else LONGEST_ID) for name in route.in_path}
        in_body = call.in_body(route)
        body = {name: value for name, value in fields.items() if name in in_body}
        key = fields.get("command_id") if "command_id" not in in_body and "command_id" not in ids else None
        return self._send(route.method, route.path.format(**ids), body=body or None, headers={"Idempotency-Key": str(key)} if key else None)

    def _get(self, path: str, model: type[M], params: Mapping[str, str] | None = None) -> M:
        return self._parse(self._send("GET", path, params=params), model)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        data: Mapping[str, object] | None = None,
        files: Sequence[tuple[str, tuple[str, object]]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        attempts = 1 if files else ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                answer = self._http.request(method, path, params=params, json=body, data=data, files=files, headers=headers)  # type: ignore[arg-type]  # httpx's file type is wider than it says
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise NoServer(self.server, str(error) or type(error).__name__) from error
            except httpx.TransportError as error:
                if attempt == attempts:
                    raise NoServer(self.server, str(error) or type(error).__name__) from error
            else:
                return self._checked(answer)
        raise AssertionError("unreachable")

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        problem = problem_in(answer.content)
        if problem is not None:
            raise Refused(problem)
        raise CommandFailed(
            f"The server answered {answer.status_code} to {answer.request.method} {answer.request.url.path}.",
            f"Is {self.server} a Reprise server? Its log says more.",
        )

    @staticmethod
    def _document(answer: httpx.Response) -> Body:
        document = answer.json() if answer.content else {}
        return document if isinstance(document, dict) else {"value": document}

    @staticmethod
    def _parse(answer: httpx.Response, model: type[M]) -> M:
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            text = f"The server's answer to {answer.request.url.path} is not what version 1 of the contract says."
            raise CommandFailed(text, "Is the server newer or older than this command? Compare `reprise --version`.") from error


def _with_options(fields: Mapping[str, object], options: Options) -> Body:
    """The fields of a rerun, with the options that are not at their defaults."""
    asked = options.model_dump(mode="json", exclude_defaults=True)
    return {**fields, "options": asked} if asked else dict(fields)


def problem_in(body: bytes) -> Problem | None:
    """The problem in an answer's body; None if it is none of ours. The wire's type is a path, its last segment counts."""
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
