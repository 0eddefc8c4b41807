"""The doors of the system behind one protocol. Each adapter does what a caller from outside would do, with
that caller's own tools."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol
from uuid import uuid4

import httpx
import nats
import pytest
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed

from integration.doors.house import House, Work
from reprise_contracts.states import State
from stack import until

Json = dict[str, Any]
PATIENCE = 30.0
NO_SERVER = 4
"""The command line's exit code where nobody answers."""


@dataclass(frozen=True)
class Target:
    """What is run again: one phase, some steps, or all that is stale."""

    phase: str | None = None
    steps: tuple[int, ...] | None = None

    def document(self) -> Json:
        """The same as the wire names it."""
        return (
            {"phase": self.phase}
            if self.phase
            else {"steps": list(self.steps)}
            if self.steps
            else {"stale": True}
        )


STALE = Target()


def phase(number: int) -> Target:
    return Target(phase=f"phase{number}")


def steps(*numbers: int) -> Target:
    return Target(steps=numbers)


@dataclass(frozen=True)
class Answer:
    """What a door says to a command."""

    command_id: str
    run_id: str | None = None
    position: int | None = None
    problem: Mapping[str, Any] | None = None
    preview: Mapping[str, Any] | None = None

    @property
    def refused(self) -> str:
        """The type of the problem; empty if there is none."""
        return self.problem["type"].rsplit("/", 1)[-1] if self.problem else ""

    @classmethod
    def of(cls, body: Json, command_id: str) -> "Answer":
        """From the body that REST answers with and that others repeat."""
        if "title" in body and "detail" in body:
            return cls(command_id, problem=body)
        if "command_id" not in body:
            return cls(command_id, preview=body)
        return cls(body["command_id"], body["run_id"], body["position"])


class Door(Protocol):
    """A way in. What one does not have is in its `lacks`, with the reason."""

    name: ClassVar[str]
    lacks: ClassVar[Mapping[str, str]]

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer: ...

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer: ...

    async def accept(self, work: Work, node: str, reason: str) -> Answer: ...

    async def start(self, topic: str, **options: Any) -> Work: ...

    async def end(self, work: Work) -> bool: ...

    async def state(self, work: Work) -> State: ...

    async def close(self) -> None: ...


def need(door: Door, *features: str) -> None:
    """Skip a story that a door does not have, saying why."""
    for feature in features:
        if feature in door.lacks:
            pytest.skip(f"{door.name}: {door.lacks[feature]}")


async def _not_here(*_: object, **__: object) -> Any:
    raise NotImplementedError("this door does not have it; `lacks` says why")


class Rest:
    """`POST /workflow/…` and its like."""

    name: ClassVar[str] = "rest"
    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, house: House, patience: float = PATIENCE) -> None:
        self._http = httpx.AsyncClient(base_url=house.url, timeout=patience, trust_env=False)

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer:
        place, named = ("refresh", Json())
        if target.phase:
            place, named = "restart/phase", {"phase": target.phase}
        elif target.steps:
            place, named = "restart/step", {"step_ids": target.steps}
        return await self._ask(place, work, named | {"options": options}, command_id)

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer:
        return await self._ask("cancel", work, what, command_id)

    async def accept(self, work: Work, node: str, reason: str) -> Answer:
        return await self._ask("accept", work, {"node": node, "reason": reason}, None)

    async def _ask(self, place: str, work: Work, body: Json, command_id: str | None) -> Answer:
        name = command_id or uuid4().hex
        about = {"batch_id": work.batch, "session_id": work.session, "command_id": name}
        answer = await self._http.post(f"/workflow/{place}", json=about | body)
        said = Answer.of(answer.json(), name)
        assert answer.status_code == (
            said.problem["status"] if said.problem else 200 if said.preview else 202
        ), answer.text
        return said

    async def start(self, topic: str, **options: Any) -> Work:
        body = {"topic": topic, "sources": [{"text": "A text about nothing."}], "options": options}
        answer = (await self._http.post("/batches", json=body)).json()
        return Work(answer["batch_id"], answer["session_id"])

    async def end(self, work: Work) -> bool:
        return bool((await self._http.post(f"/batches/{work.batch}/end")).json()["ended"])

    async def state(self, work: Work) -> State:
        return State.model_validate((await self._http.get(f"/sessions/{work.session}")).json())

    async def close(self) -> None:
        await self._http.aclose()


class Socket:
    """`/ws/{batch_id}`: commands go in, answers and everybody's frames come out."""

    name: ClassVar[str] = "websocket"
    lacks: ClassVar[Mapping[str, str]] = {
        "preview": "a preview is asked for by REST; the socket says so",
        "start": "a socket belongs to a batch that exists",
        "end": "a socket offers reruns, refresh and cancel",
    }
    start = end = staticmethod(_not_here)

    def __init__(self, house: House, patience: float = PATIENCE) -> None:
        self._url = house.url.replace("http", "ws", 1)
        self._patience = patience
        self._open: dict[str, ClientConnection] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: dict[str, tuple[str, asyncio.Future[Json]]] = {}
        self._one = asyncio.Lock()

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer:
        body: Json = {"type": "refresh"}
        if target.phase:
            body = {"type": "restart_phase", "phase": target.phase}
        elif target.steps:
            body = {"type": "restart_step", "step_ids": target.steps}
        return await self._ask(work, body | {"options": options}, command_id)

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer:
        return await self._ask(work, {"type": "cancel"} | what, command_id)

    async def accept(self, work: Work, node: str, reason: str) -> Answer:
        return await self._ask(work, {"type": "accept", "node": node, "reason": reason}, None)

    async def _ask(self, work: Work, body: Json, command_id: str | None) -> Answer:
        name = command_id or uuid4().hex
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        socket = await self._socket(work)
        self._answers[name] = (work.batch, waiting)
        await socket.send(json.dumps(body | {"session_id": work.session, "command_id": name}))
        try:
            frame = await asyncio.wait_for(waiting, self._patience)
        finally:
            self._answers.pop(name, None)  # one that comes late is waited for by nobody
        return Answer(name, frame.get("run_id"), frame.get("position"), frame.get("problem"))

    async def _socket(self, work: Work) -> ClientConnection:
        async with self._one:
            if work.batch not in self._open:
                socket = self._open[work.batch] = await connect_socket(
                    f"{self._url}/ws/{work.batch}", proxy=None, max_queue=None, max_size=None
                )
                self._tasks.append(asyncio.create_task(self._listen(work.batch, socket)))
            return self._open[work.batch]

    async def _listen(self, batch: str, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for message in socket:
                frame = json.loads(message)
                if frame["type"] == "answer" and (asked := self._answers.pop(frame["command_id"], None)):
                    asked[1].set_result(frame)
        self._open.pop(batch, None)
        for name in [name for name, (of, _) in self._answers.items() if of == batch]:
            waiting = self._answers.pop(name)[1]
            if not waiting.done():
                waiting.set_exception(ConnectionError("the socket closed before its answer"))

    async def state(self, work: Work) -> State:
        """From the snapshot that a new socket begins with."""
        async with connect_socket(f"{self._url}/ws/{work.batch}", proxy=None) as socket:
            async for message in socket:
                frame = json.loads(message)
                if frame["type"] == "snapshot":
                    return next(
                        State.model_validate(found)
                        for found in frame["sessions"]
                        if found["session_id"] == work.session
                    )
        raise AssertionError("the socket closed before its snapshot")

    async def close(self) -> None:
        for socket in list(self._open.values()):
            await socket.close()
        await asyncio.gather(*self._tasks)


class Asking:
    """`reprise.v1.api.*`: a question and its reply."""

    name: ClassVar[str] = "nats-request"
    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, house: House, patience: float = PATIENCE) -> None:
        self._address = house.nats.url
        self._patience = patience
        self._nats: Nats | None = None
        self._one = asyncio.Lock()

    async def _ask(self, kind: str, body: Json) -> Json:
        async with self._one:
            if self._nats is None:
                self._nats = await nats.connect(self._address)
        reply = await self._nats.request(
            f"reprise.v1.api.{kind}", json.dumps(body).encode(), timeout=self._patience
        )
        answer: Json = json.loads(reply.data)
        return answer

    async def _command(self, kind: str, work: Work, body: Json, command_id: str | None) -> Answer:
        name = command_id or uuid4().hex
        return Answer.of(await self._ask(kind, {"session_id": work.session, "command_id": name} | body), name)

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer:
        return await self._command(
            "rerun", work, {"target": target.document(), "options": options}, command_id
        )

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer:
        return await self._command("cancel", work, what, command_id)

    async def accept(self, work: Work, node: str, reason: str) -> Answer:
        return await self._command("accept", work, {"node": node, "reason": reason}, None)

    async def start(self, topic: str, **options: Any) -> Work:
        body = {"topic": topic, "sources": [{"text": "A text about nothing."}], "options": options}
        answer = await self._ask("start", body)
        return Work(answer["batch_id"], answer["session_id"])

    async def end(self, work: Work) -> bool:
        return bool((await self._ask("end", {"batch_id": work.batch}))["ended"])

    async def state(self, work: Work) -> State:
        return State.model_validate(await self._ask("state", {"session_id": work.session}))

    async def close(self) -> None:
        if self._nats is not None:
            await self._nats.close()


class Publishing:
    """`reprise.v1.cmd.<session>.<kind>`: JetStream says that it is kept, and the session's log says what came
    of it."""

    name: ClassVar[str] = "nats-command"
    lacks: ClassVar[Mapping[str, str]] = {
        "preview": "a published command has no reply that could carry a preview",
        "start": "commands go to a session that exists",
        "end": "only rerun and cancel are published; the end of a batch is asked for",
    }
    start = end = staticmethod(_not_here)

    def __init__(self, house: House, patience: float = PATIENCE) -> None:
        self._address = house.nats.url
        self._patience = patience
        self._nats: Nats | None = None
        self._logs: dict[str, list[Json]] = {}
        self._one = asyncio.Lock()

    async def _follow(self, work: Work) -> tuple[Nats, list[Json]]:
        """The connection, and the events of a session: those so far, and each that follows."""
        async with self._one:
            if self._nats is None:
                self._nats = await nats.connect(self._address)
            if work.session not in self._logs:
                events = self._logs[work.session] = []

                async def told(message: Msg) -> None:
                    events.extend(json.loads(message.data)["events"])

                await self._nats.jetstream().subscribe(
                    f"reprise.v1.log.{work.session}", ordered_consumer=True, cb=told
                )
            return self._nats, self._logs[work.session]

    async def _publish(self, work: Work, kind: str, body: Json) -> None:
        client, _ = await self._follow(work)
        kept = await client.jetstream().publish(
            f"reprise.v1.cmd.{work.session}.{kind}", json.dumps(body).encode()
        )
        assert kept.stream == "INBOX"

    async def _decided(self, work: Work, kind: str, body: Json) -> Answer:
        """What the log says of a command. Nothing new of one that it knew is a repeat: the marker behind it
        tells that it was passed."""
        name = body["command_id"]
        _, events = await self._follow(work)
        marker = f"marker-{uuid4().hex}"
        begun = len(events)
        await self._publish(work, kind, body)
        await self._publish(work, "cancel", {"command_id": marker, "run_id": "r-nobody-has-this"})
        await self._event(events, marker, 0)
        answers = [event for event in events[begun:] if event.get("command_id") == name]
        if not answers:
            answers = [event for event in events if event.get("command_id") == name]
        return Answer(name, answers[0].get("run_id"), problem=answers[0].get("problem"))

    async def _event(self, events: list[Json], command_id: str, since: int) -> Json:
        async def found() -> Json | None:
            return next((event for event in events[since:] if event.get("command_id") == command_id), None)

        try:
            return await until(found, self._patience, f"a commit that decides {command_id}")
        except AssertionError as late:  # as a caller at any other door is told of a system that stands still
            raise TimeoutError(str(late)) from late

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer:
        return await self._decided(
            work,
            "rerun",
            {"command_id": command_id or uuid4().hex, "target": target.document(), "options": options},
        )

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer:
        return await self._decided(work, "cancel", {"command_id": command_id or uuid4().hex} | what)

    async def accept(self, work: Work, node: str, reason: str) -> Answer:
        return await self._decided(
            work, "accept", {"command_id": uuid4().hex, "node": node, "reason": reason}
        )

    async def state(self, work: Work) -> State:
        """A client that only publishes asks for it; the log has it too, for who folds."""
        client, _ = await self._follow(work)
        reply = await client.request(
            "reprise.v1.api.state", json.dumps({"session_id": work.session}).encode(), timeout=self._patience
        )
        return State.model_validate_json(reply.data)

    async def close(self) -> None:
        if self._nats is not None:
            await self._nats.close()


class Typed:
    """`python -m reprise_cli --json …`, one process a command."""

    name: ClassVar[str] = "cli"
    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, house: House, patience: float = PATIENCE) -> None:
        self._house = house
        self._source: Path = house.folder / "source.txt"
        self._source.write_text("A text about nothing.")

    async def _run(self, *words: str) -> tuple[int, Json]:
        command = [
            sys.executable,
            "-m",
            "reprise_cli",
            "--json",
            "--server",
            self._house.url,
            *map(str, words),
        ]
        environment = os.environ | {"PYTHONPATH": self._house.env()["PYTHONPATH"]}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode is not None
        if process.returncode == NO_SERVER:
            raise ConnectionError(errors.decode())
        assert b"Traceback" not in errors, errors.decode()
        document: Json = json.loads(out)
        return process.returncode, document

    async def _command(self, *words: str) -> Answer:
        code, document = await self._run(*words)
        assert code == (3 if "problem" in document else 0), document
        return Answer.of(document.get("problem", document), document.get("command_id", ""))

    async def rerun(
        self, work: Work, target: Target, *, command_id: str | None = None, **options: Any
    ) -> Answer:
        words = ["refresh", "--yes", work.session]
        if target.phase:
            words = ["rerun", "phase", "--yes", work.session, target.phase]
        elif target.steps:
            words = ["rerun", "step", "--yes", work.session, *map(str, target.steps)]
        for name, value in options.items():
            if name == "propagation":
                words += ["--mark-stale"] * (value == "mark_stale")
            else:
                words += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
        return await self._command(*words, *(["--command-id", command_id] if command_id else []))

    async def cancel(self, work: Work, *, command_id: str | None = None, **what: Any) -> Answer:
        flags = {"run_id": "--run", "phase": "--phase", "step_id": "--step"}
        words = [word for name in what for word in (flags[name], str(what[name]))]
        return await self._command(
            "cancel", work.session, *words, *(["--command-id", command_id] if command_id else [])
        )

    async def accept(self, work: Work, node: str, reason: str) -> Answer:
        return await self._command("accept", work.session, node, "--reason", reason)

    async def start(self, topic: str, **options: Any) -> Work:
        words = [
            word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        code, document = await self._run("research", str(self._source), "--topic", topic, *words)
        assert code == 0, document
        return Work(document["batch_id"], document["session_id"])

    async def end(self, work: Work) -> bool:
        code, document = await self._run("end", work.batch, "--yes")
        return code == 0 and bool(document["ended"])

    async def state(self, work: Work) -> State:
        code, document = await self._run("status", work.session)
        assert code == 0, document
        return State.model_validate(document)

    async def close(self) -> None:
        pass


DOORS: tuple[Callable[[House], Door], ...] = (Rest, Socket, Publishing, Asking, Typed)
NAMES = tuple(door.name for door in DOORS)  # type: ignore[attr-defined]  # each is a class


@asynccontextmanager
async def opened(name: str, house: House) -> AsyncIterator[Door]:
    """A door by its name."""
    door = DOORS[NAMES.index(name)](house)
    try:
        yield door
    finally:
        await door.close()
