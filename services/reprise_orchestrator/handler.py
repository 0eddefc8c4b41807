"""The orchestrator's work: decide what waits for one session or batch, append the commit, tell whom it
concerns, acknowledge."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from reprise_contracts import subjects
from reprise_contracts.commands import Command
from reprise_contracts.jobs import BatchFact, StoredFact
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch
from reprise_domain.decide import DeniedCommand
from reprise_domain.state import Session
from reprise_orchestrator.commits import consequences, fork_in, propose
from reprise_orchestrator.counting import count
from reprise_orchestrator.inputs import Parsed, parse, refusal
from reprise_orchestrator.states import States
from reprise_runtime import metrics, tracing
from reprise_runtime.admission import Admission
from reprise_runtime.errors import Conflict, RepriseError, Retryable
from reprise_runtime.nats.acknowledgement import Delivery
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.session_log import SessionLog

_logger = structlog.get_logger("orchestrator")
TRIES = 20
"""Deliveries of an input that cannot be decided, before it is put aside."""
STRANGER_TRIES = 5
"""Deliveries of a command to a session that does not exist, a second apart, before it is put aside."""
TOGETHER = 512
"""Inputs of one session decided in one commit at most."""


class _Waiting(NamedTuple):
    """An input that was taken and is not decided."""

    parsed: Parsed
    delivery: Delivery
    since: float
    reason: str = ""
    """Why it cannot be read: its refusal is committed, and the message itself is put aside."""


async def _end(waiting: _Waiting) -> None:
    if not waiting.reason:
        waiting.delivery.ack()
        return
    try:
        await waiting.delivery.dead_letter(waiting.reason)
    except RepriseError as error:
        _logger.warning("not put aside yet", subject=waiting.delivery.subject, error=str(error))
        await waiting.delivery.nak()


def _tell_of(together: Sequence[_Waiting], outcome: str, **fields: object) -> None:
    """The canonical line of each message."""
    for parsed, delivery, since, _ in together:
        seconds = time.perf_counter() - since
        metrics.DECIDE_SECONDS.observe(seconds)
        names = {name: getattr(parsed.given, name, None) for name in ("node", "generation", "attempt")}
        _logger.info(
            "decided",
            session=parsed.target,
            input=parsed.input_id,
            **{name: value for name, value in names.items() if value is not None},
            outcome=outcome,
            seconds=round(seconds, 4),
            deliveries=delivery.deliveries,
            trace=parsed.trace,
            **fields,
        )


async def _put_off(delivery: Delivery, error: Exception) -> None:
    """What breaks the rules of this version is left for another one for a while, then put aside."""
    if delivery.deliveries >= TRIES:
        await delivery.dead_letter(f"{type(error).__name__}: {error}")
    else:
        await delivery.nak(5.0)


async def _await_target(waiting: _Waiting) -> None:
    """A command may be quicker than the fact that creates its session; one to a session that never was is put
    aside."""
    if waiting.delivery.deliveries >= STRANGER_TRIES:
        await waiting.delivery.dead_letter(f"there is no session or batch {waiting.parsed.target}")
    else:
        await waiting.delivery.nak(1.0)


class Orchestrator:
    """Decides. Inputs of one target are decided in order and together; different targets side by side."""

    def __init__(
        self,
        log: SessionLog,
        publisher: Publisher,
        states: States,
        admission: Admission,
        clock: Callable[[], datetime],
    ) -> None:
        self._log = log
        self._publisher = publisher
        self._states = states
        self._admission = admission
        self._clock = clock
        self._waiting: dict[str, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Sort what came into the boxes of its targets; a box that is not being worked on gets a worker."""
        for delivery in deliveries:
            try:
                parsed = parse(
                    delivery.subject, delivery.data, self._admission, delivery.headers.get(tracing.HEADER, "")
                )
                reason = ""
            except Malformed as error:
                reason = str(error)
                refused = refusal(delivery.subject, delivery.data, error)
                if refused is None:
                    await delivery.dead_letter(reason)
                    continue
                parsed = refused
            waiting = _Waiting(parsed, delivery, time.perf_counter(), reason)
            box = self._waiting.get(parsed.target)
            if box is not None:
                box.append(waiting)
                continue
            self._waiting[parsed.target] = [waiting]
            task = asyncio.create_task(self._work(parsed.target), name=f"decide {parsed.target}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Until everything that was taken is decided."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, target: str) -> None:
        try:
            while box := self._waiting[target]:
                together, self._waiting[target] = box[:TOGETHER], box[TOGETHER:]
                try:
                    seq = await self._decide(target, [waiting.parsed for waiting in together])
                except Retryable as error:
                    self._states.forget(target)
                    _tell_of(together, "to be tried again", error=str(error))
                    await asyncio.gather(*(waiting.delivery.nak(1.0) for waiting in together))
                except Exception as error:
                    _logger.exception("cannot decide", target=target)
                    self._states.forget(target)
                    _tell_of(together, type(error).__name__, error=str(error))
                    await asyncio.gather(*(_put_off(waiting.delivery, error) for waiting in together))
                else:
                    nobody = seq == 0 and await self._states.load(target) is None
                    for waiting in together:
                        await (
                            _await_target(waiting)
                            if nobody and isinstance(waiting.parsed.given, Command | DeniedCommand)
                            else _end(waiting)
                        )
                    _tell_of(
                        together, "committed" if seq else "nobody's yet" if nobody else "nothing new", seq=seq
                    )
        finally:
            del self._waiting[target]

    async def _decide(self, target: str, inputs: list[Parsed]) -> int:
        """Commit all inputs, in as few commits as they take; the last one's sequence, 0 if there was nothing
        to commit."""
        seq = 0
        while inputs:
            state = await self._states.load(target)
            fork = fork_in(state, inputs)
            origin = await self._states.latest(fork.session_id) if fork is not None else None
            proposal = propose(
                target, state, inputs, self._clock(), origin if isinstance(origin, Session) else None
            )
            if proposal is None:
                await self._tell(target, consequences(state, None) if state else {}, "")
                return seq
            try:
                with tracing.span(
                    "decide",
                    proposal.commit.trace,
                    {"session": target, "events": len(proposal.commit.events)},
                ) as trace:
                    proposal = proposal.traced(trace)
                    seq = await self._log.append(target, proposal.commit, expected=state.seq if state else 0)
            except Conflict:
                metrics.CONFLICTS.inc()
                self._states.forget(target)
                continue
            state = proposal.standing_at(seq)
            await self._states.adopt(target, state)
            count(proposal.commit)
            await self._tell(target, consequences(state, proposal.commit), proposal.commit.trace)
            if not isinstance(state, Batch):
                return seq
            decided = set(proposal.commit.inputs)
            inputs = [parsed for parsed in inputs if parsed.input_id not in decided]
        return seq

    async def _tell(self, target: str, told: dict[str, BatchFact | StoredFact], trace: str) -> None:
        for other, fact in told.items():
            message_id = f"{target}/{other}/{fact.input_id()}"
            headers = tracing.headers(trace)
            await self._publisher.publish(
                subjects.fact(other), fact.encode(), stream=subjects.INBOX, msg_id=message_id, headers=headers
            )
