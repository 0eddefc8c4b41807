"""`reprise.v1.api.*`: the same calls by request and reply, for other systems. The reply is the REST body, or the problem."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from faststream import ExceptionMiddleware
from faststream.nats import NatsBroker
from pydantic import ValidationError

from reprise_contracts import subjects
from reprise_contracts.commands import AcceptCall, BatchRequest, CancelCall, CommandCall, EndCall, RefreshCall, RerunCall, StateCall
from reprise_contracts.wire import Wire
from reprise_gateway.access import Caller
from reprise_gateway.errors import invalid, problem_of
from reprise_gateway.intake import Intake
from reprise_gateway.workflow import WorkflowService

W = TypeVar("W", bound=Wire)
CALLER = Caller(door="NATS")
Answer = dict[str, Any]
"""A JSON object: whoever asks may be written in any language."""


def _body(answer: Wire) -> Answer:
    return answer.model_dump(mode="json")


def refused(error: Exception) -> Answer:
    """What went wrong, as the reply."""
    return problem_of(error).document()


def malformed(error: ValidationError) -> Answer:
    """A body that does not fit: the field, and what to do."""
    return invalid(error).document()


def subscribe(broker: NatsBroker, service: WorkflowService) -> None:
    """Answer every question of the api; of several gateways one answers each."""
    broker.add_middleware(ExceptionMiddleware(publish_handlers={Exception: refused, ValidationError: malformed}))

    @_question(broker, "start", "Start a batch with its first session.")
    async def start(body: BatchRequest) -> Answer:
        return _body((await service.start(body, Intake(body.sources), CALLER)).created)

    @_question(broker, "rerun", "Run a phase, steps, or whatever is stale again.")
    async def rerun(body: RerunCall) -> Answer:
        return _body(await service.rerun(body, CALLER))

    @_question(broker, "refresh", "Run everything that is stale or not completed.")
    async def refresh(body: RefreshCall) -> Answer:
        return _body(await service.refresh(body, CALLER))

    @_question(broker, "accept", "A stale node is good enough for today's inputs.")
    async def accept(body: AcceptCall) -> Answer:
        return _body(await service.accept(body, CALLER))

    @_question(broker, "cancel", "Stop a run, a phase, a step, or all of a session.")
    async def cancel(body: CancelCall) -> Answer:
        return _body(await service.cancel(body, CALLER))

    @_question(broker, "state", "A session as of its last commit.")
    async def state(body: StateCall) -> Answer:
        return _body(await service.state(body.session_id))

    @_question(broker, "command", "Today's outcome of a command.")
    async def command(body: CommandCall) -> Answer:
        return _body(await service.command(body.session_id, body.command_id))

    @_question(broker, "end", "End a batch; with `delete`, remove everything of it.")
    async def end(body: EndCall) -> Answer:
        return _body(await service.batches.end(body, CALLER))


def _question(broker: NatsBroker, kind: str, description: str) -> Callable[[Callable[[Any], Awaitable[Answer]]], Any]:
    return broker.subscriber(subjects.api(kind), queue=subjects.API_GROUP, title=f"api.{kind}", description=description)
