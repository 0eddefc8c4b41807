"""`reprise.v1.api.*`: the same calls by request and reply, for other systems. The reply is the REST body, or the problem."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from faststream import ExceptionMiddleware
from faststream.nats import NatsBroker, NatsMessage
from pydantic import ValidationError

from reprise_contracts import subjects
from reprise_contracts.commands import AcceptCall, BatchRequest, CancelCall, CommandCall, EndCall, RefreshCall, RerunCall, StateCall
from reprise_contracts.wire import Wire
from reprise_gateway.access import Access, Caller
from reprise_gateway.errors import invalid, problem_of
from reprise_gateway.intake import Intake
from reprise_gateway.workflow import WorkflowService
from reprise_runtime.settings import Role

W = TypeVar("W", bound=Wire)
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


def subscribe(broker: NatsBroker, service: WorkflowService, access: Access) -> None:
    """Answer every question of the api; of several gateways one answers each. The caller's token, if it sends one, is in a header."""

    def caller(message: NatsMessage, role: Role) -> Caller:
        found = access.caller({name.lower(): value for name, value in message.headers.items()}, "NATS")
        found.needs(role)
        return found

    broker.add_middleware(ExceptionMiddleware(publish_handlers={Exception: refused, ValidationError: malformed}))

    @_question(broker, "start", "Start a batch with its first session.")
    async def start(body: BatchRequest, message: NatsMessage) -> Answer:
        return _body((await service.start(body, Intake(body.sources), caller(message, "researcher"))).created)

    @_question(broker, "rerun", "Run a phase, steps, or whatever is stale again.")
    async def rerun(body: RerunCall, message: NatsMessage) -> Answer:
        return _body(await service.rerun(body, caller(message, "researcher")))

    @_question(broker, "refresh", "Run everything that is stale or not completed.")
    async def refresh(body: RefreshCall, message: NatsMessage) -> Answer:
        return _body(await service.refresh(body, caller(message, "researcher")))

    @_question(broker, "accept", "A stale node is good enough for today's inputs.")
    async def accept(body: AcceptCall, message: NatsMessage) -> Answer:
        return _body(await service.accept(body, caller(message, "researcher")))

    @_question(broker, "cancel", "Stop a run, a phase, a step, or all of a session.")
    async def cancel(body: CancelCall, message: NatsMessage) -> Answer:
        return _body(await service.cancel(body, caller(message, "researcher")))

    @_question(broker, "state", "A session as of its last commit.")
    async def state(body: StateCall, message: NatsMessage) -> Answer:
        caller(message, "viewer")
        return _body(await service.state(body.session_id))

    @_question(broker, "command", "Today's outcome of a command.")
    async def command(body: CommandCall, message: NatsMessage) -> Answer:
        caller(message, "viewer")
        return _body(await service.command(body.session_id, body.command_id))

    @_question(broker, "end", "End a batch; with `delete`, remove everything of it.")
    async def end(body: EndCall, message: NatsMessage) -> Answer:
        return _body(await service.batches.end(body, caller(message, "researcher")))


def _question(broker: NatsBroker, kind: str, description: str) -> Callable[[Callable[..., Awaitable[Answer]]], Any]:
    return broker.subscriber(subjects.api(kind), queue=subjects.API_GROUP, title=f"api.{kind}", description=description)
