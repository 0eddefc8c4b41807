"""`reprise.v1.api.*`: the same calls by request and reply, for other systems. The reply is the REST body, or the problem."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
from reprise_runtime.middleware import AnswersToInboxes
from reprise_runtime.settings import Role

Answer = dict[str, Any]
"""A JSON object: whoever asks may be written in any language."""


@dataclass(frozen=True, slots=True)
class Question:
    """What can be asked: its body, who may ask, and how it is answered."""

    body: type[Wire]
    description: str
    ask: Callable[[WorkflowService, Any, Caller], Awaitable[Wire]]
    role: Role = "researcher"


async def _start(service: WorkflowService, body: BatchRequest, who: Caller) -> Wire:
    return (await service.start(body, Intake(body.sources), who)).created


QUESTIONS: Mapping[str, Question] = {
    "start": Question(BatchRequest, "Start a batch with its first session.", _start),
    "rerun": Question(RerunCall, "Run a phase, steps, or whatever is stale again.", WorkflowService.rerun),
    "refresh": Question(RefreshCall, "Run everything that is stale or not completed.", WorkflowService.refresh),
    "accept": Question(AcceptCall, "A stale node is good enough for today's inputs.", WorkflowService.accept),
    "cancel": Question(CancelCall, "Stop a run, a phase, a step, or all of a session.", WorkflowService.cancel),
    "end": Question(
        EndCall, "End a batch; with `delete`, remove everything of it.", lambda service, body, who: service.batches.end(body, who)
    ),
    "state": Question(
        StateCall, "A session as of its last commit.", lambda service, body, who: service.state(body.session_id), role="viewer"
    ),
    "command": Question(
        CommandCall, "Today's outcome of a command.",
        lambda service, body, who: service.command(body.session_id, body.command_id), role="viewer",
    ),
}  # fmt: skip


def refused(error: Exception) -> Answer:
    """What went wrong, as the reply."""
    return problem_of(error).document()


def malformed(error: ValidationError) -> Answer:
    """A body that does not fit: the field, and what to do."""
    return invalid(error).document()


def subscribe(broker: NatsBroker, service: WorkflowService, access: Access) -> None:
    """Answer every question of the api; of several gateways one answers each. The caller's token, if it sends one, is in a header."""
    broker.add_middleware(AnswersToInboxes)
    broker.add_middleware(ExceptionMiddleware(publish_handlers={Exception: refused, ValidationError: malformed}))
    for kind, question in QUESTIONS.items():
        subscriber = broker.subscriber(subjects.api(kind), queue=subjects.API_GROUP, title=f"api.{kind}", description=question.description)
        subscriber(_answering(question, service, access))


def _answering(question: Question, service: WorkflowService, access: Access) -> Callable[[Answer, NatsMessage], Awaitable[Answer]]:
    async def answer(body: Answer, message: NatsMessage) -> Answer:
        who = access.caller({name.lower(): value for name, value in message.headers.items()}, "NATS")
        who.needs(question.role)
        asked = question.body.model_validate(body, extra="forbid")
        return (await question.ask(service, asked, who)).model_dump(mode="json")

    return answer
