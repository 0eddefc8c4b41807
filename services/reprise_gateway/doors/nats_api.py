"""`reprise.v1.api.*`: the same calls by request and reply, for other systems. The reply is the REST body, or
the problem."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from faststream.nats import NatsBroker, NatsMessage
from pydantic import ValidationError

from reprise_contracts import subjects
from reprise_contracts.calls import CALLS, Call
from reprise_gateway.access.access import Access
from reprise_gateway.commands.handlers import HANDLERS
from reprise_gateway.commands.workflow import WorkflowService
from reprise_gateway.doors.problems import invalid, problem_of
from reprise_runtime import metrics, tracing
from reprise_runtime.logs import logger
from reprise_runtime.nats.middleware import AnswersToInboxes

_log = logger(__name__)
Answer = dict[str, Any]
"""A JSON object: whoever asks may be written in any language."""


def subscribe(broker: NatsBroker, service: WorkflowService, access: Access) -> None:
    """Answer every call that NATS lets in; of several gateways one answers each. The caller's token, if it
    sends one, is in a header."""
    broker.add_middleware(AnswersToInboxes)
    for call in CALLS:
        if call.doors.nats:
            subject, title = subjects.api(call.kind), f"api.{call.kind}"
            subscriber = broker.subscriber(
                subject, queue=subjects.API_GROUP, title=title, description=call.summary, decoder=_as_it_came
            )
            subscriber(_answering(call, service, access))


async def _as_it_came(message: NatsMessage) -> bytes:
    """The body unread: what cannot be read is answered like everything else."""
    return message.body


def _answering(
    call: Call, service: WorkflowService, access: Access
) -> Callable[[Any, NatsMessage], Awaitable[Answer]]:
    name, subject, handle = f"api.{call.kind}", subjects.api(call.kind), HANDLERS[call.kind]

    async def answered(body: bytes, headers: Mapping[str, str], line: dict[str, object]) -> Answer:
        who = access.caller(headers, "NATS")
        with tracing.span(
            name, who.trace, {"messaging.system": "nats", "messaging.destination.name": subject}
        ) as trace:
            who = replace(who, trace=trace)
            line |= {"caller": who.name, "trace": trace}
            who.needs(call.role)
            asked = call.body.model_validate_json(body, extra="forbid")
            line |= _named(asked.model_dump(include=set(_NAMES)))
            found = (await handle(service, asked, who)).model_dump(mode="json")
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
            _log.info(
                "answered",
                method="NATS",
                route=name,
                **line,
                outcome=outcome,
                status=status,
                seconds=round(seconds, 4),
            )

    return answer


_NAMES = {"batch_id": "batch", "session_id": "session", "command_id": "command"}


def _named(document: Mapping[str, object]) -> dict[str, object]:
    """What a question or its answer is about, as the log names it."""
    return {name: document[field] for field, name in _NAMES.items() if document.get(field)}
