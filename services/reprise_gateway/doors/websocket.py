"""`/ws/{batch_id}`: what happens in a batch, as it happens. A socket that was lost goes on where it stood,
without a gap."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from heapq import merge
from typing import NamedTuple, get_args

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from reprise_contracts import frames as f
from reprise_contracts.calls import CALLS, Call
from reprise_contracts.configuration import Dialect
from reprise_contracts.problems.model import Problem, ProblemDocument
from reprise_contracts.states import Receipt
from reprise_contracts.wire import Message
from reprise_domain.state import Session
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.handlers import HANDLERS
from reprise_gateway.doors.dependencies import known_names
from reprise_gateway.doors.problems import answer_to, invalid, problem_of
from reprise_gateway.gateway import Gateway
from reprise_gateway.projections.frames import Durable
from reprise_gateway.projections.hub import Place, Subscriber, with_contents
from reprise_gateway.projections.outbox import Outbox, Overflow, Packed
from reprise_gateway.projections.projection import Transition
from reprise_gateway.projections.replay import replay
from reprise_gateway.projections.states import state_of
from reprise_runtime import metrics, tracing
from reprise_runtime.errors import Refused, RepriseError
from reprise_runtime.logs import logger

router = APIRouter()
RESUME = 4008
"""Close code: connect again with `after`, nothing is lost."""
EXPIRED = 4001
"""Close code: the token has expired."""
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
_REPLAYS: Mapping[Dialect, str] = {"reprise": "false", "deep-insights": "true"}
"""Whether a dialect's clients are told again what is there; `?replay=` says otherwise."""
MESSAGE = 1_000_000
"""Characters of one message from a client."""
BEHIND_SECONDS = 2.0
"""How long a gateway that is behind the one the client came from is given to catch up."""
CROWDED = Problem(
    type="unavailable",
    detail="This gateway has as many WebSockets as it may.",
    action="Connect again in a few seconds.",
    retryable=True,
)
QUERY = frozenset({"after", "epoch", "dialect", "replay", "ticket"})
"""What may stand in the address."""
WHOLE = 1 << 62
"""A place after every frame of a commit."""
_log = logger(__name__)


class After(NamedTuple):
    """Where a client stood: `<seq>` (all of that commit) or `<seq>.<n>`."""

    seq: int
    n: int

    @classmethod
    def parse(cls, text: str) -> "After | None":
        """Read it; None if it is none."""
        seq, dot, n = text.partition(".")
        if not seq.isdecimal() or (dot and not n.isdecimal()) or len(text) > 40:
            return None
        return cls(int(seq), int(n) if dot else WHOLE)


@router.websocket("/ws/{batch_id}")
async def watch(socket: WebSocket, batch_id: str) -> None:
    """Let a client in, or answer the handshake with a problem."""
    gateway: Gateway = socket.app.state.gateway
    try:
        gateway.rates.take(gateway.access.bucket(socket, gateway.access.identified(socket)))
        _make_room(gateway)
        caller = await gateway.access.socket_caller(socket)
        await gateway.batches.batch(batch_id)
        known_names(socket.query_params, QUERY)
        dialect = _dialect(socket, gateway)
    except Exception as error:  # whatever it is, the handshake is answered
        await socket.send_denial_response(answer_to(error))
        return
    await socket.accept()
    with metrics.SOCKETS.track_inprogress():
        await _Connection(socket, gateway, batch_id, caller, dialect).run()


def _make_room(gateway: Gateway) -> None:
    if gateway.hub.sockets >= gateway.settings.limits.sockets:
        raise Refused(CROWDED)


def _dialect(socket: WebSocket, gateway: Gateway) -> Dialect:
    """The dialect that a client asks for, else the gateway's; raises `Refused` (invalid) for one that is not
    spoken."""
    asked = socket.query_params.get("dialect", gateway.settings.gateway.dialect)
    found = next((known for known in DIALECTS if known == asked), None)
    if found is None:
        detail = f"{asked[:64]!r} is no dialect of this server."
        raise Refused(
            Problem(
                type="invalid",
                field="dialect",
                detail=detail,
                action=f"Ask for one of: {', '.join(DIALECTS)}.",
            )
        )
    return found


class _Connection:
    """One socket: a writer, a reader, and an ear at the batch's channel."""

    def __init__(
        self, socket: WebSocket, gateway: Gateway, batch_id: str, caller: Caller, dialect: Dialect
    ) -> None:
        self._socket = socket
        self._gateway = gateway
        self._projection = gateway.projection
        self._batch_id = batch_id
        self._caller = caller
        self._dialect: Dialect = dialect
        self._outbox = Outbox()
        self._subscriber = Subscriber(self._outbox)

    async def run(self) -> None:
        with self._projection.watch(self._batch_id):
            self._gateway.hub.subscribe(self._batch_id, self._subscriber)
            tasks: set[asyncio.Task[int | None]] = {
                asyncio.create_task(self._write(), name="socket out"),
                asyncio.create_task(self._read(), name="socket in"),
            }
            if self._caller.expires is not None:
                tasks.add(asyncio.create_task(self._expire(self._caller.expires), name="socket expires"))
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                code = next((task.result() for task in done), RESUME)
            except (WebSocketDisconnect, RuntimeError):  # the other side went while something was on its way
                return
            except RepriseError as error:
                _log.warning("socket closed", error=str(error))
                code = RESUME
            finally:
                self._gateway.hub.unsubscribe(self._batch_id, self._subscriber)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if code is not None:
                with suppress(RuntimeError, WebSocketDisconnect):
                    await self._socket.close(code)

    @staticmethod
    async def _expire(at: datetime) -> int:
        """A socket lives no longer than the token that opened it."""
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
        return EXPIRED

    # Out

    async def _write(self) -> int:
        await self._begin()
        while True:
            try:
                frame = await self._outbox.take()
            except Overflow:
                return RESUME
            await self._write_out(frame)

    async def _send(self, frame: Durable) -> None:
        await self._write_out(Packed(frame))

    async def _write_out(self, frame: Packed) -> None:
        for text in frame.texts(self._dialect):
            await self._socket.send_text(text)
            metrics.FRAMES.inc()

    async def _begin(self) -> None:
        """Say hello, then the snapshot or what was missed. The ear is open already, so that nothing falls
        between."""
        asked = self._socket.query_params.get("after")
        after = After.parse(asked) if asked is not None else None
        batch = await self._gateway.batches.batch(self._batch_id)
        names = tuple(session_id for session_id, _ in self._gateway.batches.members(batch))
        hello = f.Connected(
            batch_id=self._batch_id,
            epoch=self._projection.epoch,
            seq=self._projection.position,
            sessions=names,
        )
        await self._send(hello)
        reason = await self._unusable(asked, after)
        if asked is not None and after is not None and reason is None:
            until = await self._resume(after)
            self._subscriber.begin((until, WHOLE))
            return
        if reason is not None:
            await self._send(f.Reset(batch_id=self._batch_id, seq=self._projection.position, reason=reason))
        sessions = await self._cached()
        snapshot = f.Snapshot(
            batch_id=self._batch_id, seq=self._projection.position, sessions=tuple(map(state_of, sessions))
        )
        self._subscriber.begin((snapshot.seq or 0, WHOLE))
        await self._send(snapshot)
        if self._socket.query_params.get("replay", _REPLAYS[self._dialect]) == "true":
            async for frame in replay(sessions, self._gateway.contents):
                await self._send(frame)

    async def _unusable(self, asked: str | None, after: After | None) -> str | None:
        """Why a client cannot go on where it says it stood; None if it can, or if it begins."""
        if asked is None:
            return None
        if after is None:
            return "This is no position."
        if self._socket.query_params.get("epoch", self._projection.epoch) != self._projection.epoch:
            return "The log was created anew."
        if await self._projection.reaches(after.seq, BEHIND_SECONDS):
            return None
        return "The log has no such position."

    async def _sessions(self) -> list[Session]:
        batch = await self._projection.batch(self._batch_id)
        names = [member.spec.session_id for member in batch.members] if batch is not None else []
        return [
            session
            for name in names
            if (session := await self._projection.session(name)) is not None and not session.deleted
        ]

    async def _cached(self) -> list[Session]:
        """Every session of the batch, all of one moment."""
        await self._sessions()  # reads what is not in memory; the states themselves are taken in one go
        cached = self._projection.cached_sessions(self._batch_id)
        return [session for session in cached if not session.deleted]

    async def _resume(self, after: After) -> int:
        """Send every durable frame after a position and up to now; now is returned."""
        until = self._projection.position
        last = after.seq if after.n == WHOLE else after.seq - 1
        behind = [session for session in await self._sessions() if session.seq > last]
        seen: Place = (after.seq, after.n)
        replays = [
            [transition async for transition in self._projection.replay(session.session_id, last, until)]
            for session in behind
        ]
        for transition in merge(*replays, key=_sequence):
            async for place, frame in with_contents(transition, self._gateway.contents):
                if place > seen:
                    await self._send(frame)
        return until

    # In

    async def _read(self) -> int | None:
        while True:
            try:
                text = await self._socket.receive_text()
            except WebSocketDisconnect:
                return None
            except KeyError:  # a binary message
                text = ""
            self._outbox.durable(Packed(await self._answer(text)))

    async def _answer(self, text: str) -> f.Frame:
        """Do what the client asks, one thing after the other."""
        try:
            self._gateway.rates.take(self._gateway.access.bucket(self._socket, self._caller))
            call, body = _understood(text)
            self._caller.needs(call.role)
            asked = call.body.model_validate({"batch_id": self._batch_id, **body}, extra="forbid")
            with tracing.span(f"socket {call.kind}", tracing.continued("")) as trace:
                answer = _receipt(
                    await HANDLERS[call.kind](
                        self._gateway.service, asked, replace(self._caller, trace=trace)
                    )
                )
        except Exception as error:  # the answer says what went wrong
            problem = invalid(error) if isinstance(error, ValidationError) else problem_of(error)
            command_id = _command_id(text)
            return f.Answer(
                batch_id=self._batch_id, command_id=command_id, problem=ProblemDocument.of(problem)
            )
        return f.Answer(
            batch_id=self._batch_id,
            command_id=answer.command_id,
            run_id=answer.run_id,
            position=answer.position,
        )


def _sequence(transition: Transition) -> int:
    return transition.seq


COMMANDS: Mapping[str, Call] = {call.kind: call for call in CALLS if call.doors.websocket}
ONLY_REST = Problem(
    type="invalid",
    field="options.dry_run",
    detail="A preview is not sent over a WebSocket.",
    action="Ask by REST.",
)


def _understood(text: str) -> tuple[Call, dict[str, object]]:
    """What a client asks for; raises `Refused` (invalid)."""
    try:
        document = json.loads(text) if len(text) <= MESSAGE else None
    except (ValueError, RecursionError):
        document = None
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(document, dict) or kind not in COMMANDS:
        offered = ", ".join(COMMANDS)
        raise Refused(
            Problem(
                type="invalid",
                field="type",
                detail="This is not understood.",
                action=f"Send JSON with a type of: {offered}.",
            )
        )
    return COMMANDS[str(kind)], {name: value for name, value in document.items() if name != "type"}


def _receipt(answer: Message) -> Receipt:
    """The answer to a command; raises `Refused` (invalid) for a preview."""
    if not isinstance(answer, Receipt):
        raise Refused(ONLY_REST)
    return answer


def _command_id(text: str) -> str:
    try:
        found = json.loads(text).get("command_id")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return found[:128] if isinstance(found, str) else ""
