"""`reprise.v1.api.*`: the same calls by request and reply, for other systems. The reply is the REST body, or the problem."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from faststream.nats import NatsBroker, NatsMessage
from pydantic import ValidationError

from reprise_contracts import subjects
from reprise_contracts.commands import AcceptCall, BatchRequest, CancelCall, CommandCall, EndCall, RefreshCall, RerunCall, StateCall
from reprise_contracts.wire import Message
from reprise_gateway.access.access import Access, Caller
from reprise_gateway.commands.intake import Intake
from reprise_gateway.commands.workflow import WorkflowService
from reprise_gateway.doors.problems import invalid, problem_of
from reprise_runtime import metrics, tracing
from reprise_runtime.logs import logger
from reprise_runtime.nats.middleware import AnswersToInboxes
from reprise_runtime.settings import Role

_log = logger(__name__)
Answer = dict[str, Any]
"""A JSON object: whoever asks may be written in any language."""


@dataclass(frozen=True, slots=True)
class Question:
    """What can be asked: its body, who may ask, and how it is answered."""

    body: type[Message]
    description: str
    ask: Callable[[WorkflowService, Any, Caller], Awaitable[Message]]
    role: Role = "researcher"


async def _start(service: WorkflowService, body: BatchRequest, who: Caller) -> Message:
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
        CommandCall,
        "Today's outcome of a command.",
        lambda service, body, who: service.command(body.session_id, body.command_id),
        role="viewer",
    ),
}


def subscribe(broker: NatsBroker, service: WorkflowService, access: Access) -> None:
    """Answer every question of the api; of several gateways one answers each. The caller's token, if it sends one, is in a header."""
    broker.add_middleware(AnswersToInboxes)
    for kind, question in QUESTIONS.items():
        subscriber = broker.subscriber(
            subjects.api(kind), queue=subjects.API_GROUP, title=f"api.{kind}", description=question.description, decoder=_as_it_came
        )
        subscriber(_answering(kind, question, service, access))


async def _as_it_came(message: NatsMessage) -> bytes:
    """The body unread: what cannot be read is answered like everything else."""
    return message.body


def _answering(kind: str, question: Question, service: WorkflowService, access: Access) -> Callable[[Any, NatsMessage], Awaitable[Answer]]:
    name = f"api.{kind}"

    async def answered(body: bytes, headers: Mapping[str, str], line: dict[str, object]) -> Answer:
        who = access.caller(headers, "NATS")
        with tracing.span(name, who.trace, {"messaging.system": "nats", "messaging.destination.name": subjects.api(kind)}) as trace:
            who = replace(who, trace=trace)
            line |= {"caller": who.name, "trace": trace}
            who.needs(question.role)
            asked = question.body.model_validate_json(body, extra="forbid")
            line |= _named(asked.model_dump(include=set(_NAMES)))
            found = (await question.ask(service, asked, who)).model_dump(mode="json")
            line |= _named(found)
            return found

    async def answer(body: Any, message: NatsMessage) -> Answer:
        began, line = time.perf_counter(), dict[str, object]()
        headers = {header.lower(): value for header, value in message.headers.items()}
        outcome, status = "ok", 200
        try:
            return await answered(body, headers, line)
        except Exception as error:  # whatever it is, who asked is told
            problem = invalid(error) if isinstance(error, ValidationError) else problem_of(error)
            outcome, status = problem.type, problem.status
            return problem.document()
        finally:
            seconds = time.perf_counter() - began
            metrics.REQUESTS.labels("NATS", name, status).inc()
            metrics.REQUEST_SECONDS.labels("NATS", name).observe(seconds)
            _log.info("answered", method="NATS", route=name, **line, outcome=outcome, status=status, seconds=round(seconds, 4))

    return answer


_NAMES = {"batch_id": "batch", "session_id": "session", "command_id": "command"}


def _named(document: Mapping[str, object]) -> dict[str, object]:
    """What a question or its answer is about, as the log names it."""
    return {name: document[field] for field, name in _NAMES.items() if document.get(field)}
