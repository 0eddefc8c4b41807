"""The orchestrator's work: decide what waits for one session or batch, append the commit, tell whom it concerns, acknowledge."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from reprise_contracts import subjects
from reprise_contracts.jobs import BatchFact, StoredFact
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch
from reprise_orchestrator.commits import consequences, propose
from reprise_orchestrator.inputs import Parsed, parse
from reprise_orchestrator.states import States
from reprise_runtime.acknowledgement import Delivery
from reprise_runtime.admission import Admission
from reprise_runtime.errors import Conflict, Retryable
from reprise_runtime.nats import Publisher
from reprise_runtime.session_log import SessionLog

_logger = structlog.get_logger("orchestrator")
TRIES = 20
"""Deliveries of an input that cannot be decided, before it is put aside."""
TOGETHER = 512
"""Inputs of one session decided in one commit at most."""


async def _put_off(delivery: Delivery, error: Exception) -> None:
    """What breaks the rules of this version is left for another one for a while, then put aside."""
    if delivery.deliveries >= TRIES:
        await delivery.dead(f"{type(error).__name__}: {error}")
    else:
        await delivery.again(5.0)


class Orchestrator:
    """Decides. Inputs of one target are decided in order and together; different targets side by side."""

    def __init__(self, log: SessionLog, publisher: Publisher, states: States, admission: Admission, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._publisher = publisher
        self._states = states
        self._admission = admission
        self._clock = clock
        self._waiting: dict[str, list[tuple[Parsed, Delivery]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Sort what came into the boxes of its targets; a box that is not being worked on gets a worker."""
        for delivery in deliveries:
            try:
                parsed = parse(delivery.subject, delivery.data, self._admission)
            except Malformed as error:
                await delivery.dead(str(error))
                continue
            box = self._waiting.get(parsed.target)
            if box is not None:
                box.append((parsed, delivery))
                continue
            self._waiting[parsed.target] = [(parsed, delivery)]
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
                    await self._decide(target, [parsed for parsed, _ in together])
                except Retryable as error:
                    _logger.warning("not decided", target=target, error=str(error))
                    self._states.forget(target)
                    await asyncio.gather(*(delivery.again(1.0) for _, delivery in together))
                except Exception as error:
                    _logger.exception("cannot decide", target=target)
                    self._states.forget(target)
                    await asyncio.gather(*(_put_off(delivery, error) for _, delivery in together))
                else:
                    for _, delivery in together:
                        delivery.taken()
        finally:
            del self._waiting[target]

    async def _decide(self, target: str, inputs: list[Parsed]) -> None:
        """Commit all inputs, in as few commits as they take."""
        while inputs:
            state = await self._states.load(target)
            proposal = propose(target, state, inputs, self._clock())
            if proposal is None:
                await self._tell(target, consequences(state, None) if state else {})
                return
            try:
                seq = await self._log.append(target, proposal.commit, expected=state.seq if state else 0)
            except Conflict:
                self._states.forget(target)
                continue
            state = proposal.standing_at(seq)
            await self._states.adopt(target, state)
            await self._tell(target, consequences(state, proposal.commit))
            _logger.info("committed", target=target, seq=seq, inputs=len(inputs), events=len(proposal.commit.events))
            if not isinstance(state, Batch):
                return
            decided = set(proposal.commit.inputs)
            inputs = [parsed for parsed in inputs if parsed.input_id not in decided]

    async def _tell(self, target: str, told: dict[str, BatchFact | StoredFact]) -> None:
        for other, fact in told.items():
            message_id = f"{target}/{other}/{fact.input_id()}"
            await self._publisher.publish(subjects.fact(other), fact.encode(), stream=subjects.INBOX, msg_id=message_id)
