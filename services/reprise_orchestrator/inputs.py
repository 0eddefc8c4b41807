"""From a message of INBOX to an input of the rules."""

import hashlib
import json
import re
from dataclasses import dataclass, replace

from reprise_contracts import subjects
from reprise_contracts.commands import BATCH_COMMANDS, Command
from reprise_contracts.importing import EVERY_SESSION_COMMAND
from reprise_contracts.jobs import parse_fact, parse_report, parse_timer
from reprise_contracts.phrases import opening
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import Malformed, Sha256
from reprise_domain.batch import BatchInput
from reprise_domain.decide import DeniedCommand, Input
from reprise_runtime.admission import Admission

ANOTHER_SYSTEM = "another system via NATS"


@dataclass(frozen=True, slots=True)
class Parsed:
    """One input: whose it is, its name in a commit, and what it says."""

    target: str
    input_id: str
    given: Input | BatchInput
    trace: str = ""


def parse(subject: str, data: bytes, admission: Admission, trace: str = "") -> Parsed:
    """Read one message; raises `Malformed` with the reason. `trace` is what its header says, where its body
    says nothing."""
    parsed = _parsed(subject, data, admission)
    return parsed if parsed.trace else replace(parsed, trace=trace)


def _parsed(subject: str, data: bytes, admission: Admission) -> Parsed:
    inbound = subjects.parse_inbound(subject)
    if inbound is None:
        raise Malformed(f"{subject} is no subject of the inbox")
    match inbound.door:
        case "cmd":
            return _command(inbound, data, admission)
        case "done":
            report = parse_report(data)
            return Parsed(inbound.target, report.input_id(), report, report.trace)
        case "timer":
            timer = parse_timer(data)
            return Parsed(inbound.target, timer.input_id(), timer)
        case _:
            fact = parse_fact(data)
            return Parsed(inbound.target, fact.input_id(), fact)


class Unreadable(Command):
    """A command that cannot be read, but whose id can. Another body under the same id is another command
    (R16)."""

    body: Sha256


def refusal(subject: str, data: bytes, error: Malformed) -> Parsed | None:
    """The refusal of a session's command that cannot be read, so that whoever sent it finds it under its id;
    None without an id."""
    inbound = subjects.parse_inbound(subject)
    if inbound is None or inbound.door != "cmd" or inbound.kind not in EVERY_SESSION_COMMAND:
        return None
    try:
        named = json.loads(_outermost(data), parse_int=float)
        told = {name: named[name] for name in ("command_id", "by") if isinstance(named.get(name), str)}
        command = Unreadable.model_validate(told | {"body": hashlib.sha256(data).hexdigest()})
    except (ValueError, AttributeError):
        return None
    if not command.by:
        command = command.model_copy(update={"by": ANOTHER_SYSTEM})
    said = str(error).partition(": ")[2] or str(
        error
    )  # without the name of the message's type, which is ours
    problem = Problem(
        type="invalid",
        field=error.field or "body",
        detail=f"{said if error.field else opening(said)}.",
        action="Correct it, and send it under a new command_id.",
    )
    return Parsed(inbound.target, command.input_id(), DeniedCommand(command, problem))


_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def _outermost(data: bytes) -> bytes:
    """A JSON object with `null` for what is nested in it, however deep that goes."""
    kept, depth, since = bytearray(), 0, 0
    for found in _TEXT_OR_BRACKET.finditer(data):
        opens, closes = found[0] in {b"{", b"["}, found[0] in {b"}", b"]"}
        if opens and depth == 1:
            kept += data[since : found.start()] + b"null"
        depth += opens - closes
        if closes and depth == 1:
            since = found.end()
    return bytes(kept + data[since:]) if depth == 0 else data[:0]


def _command(inbound: subjects.Inbound, data: bytes, admission: Admission) -> Parsed:
    model = EVERY_SESSION_COMMAND.get(inbound.kind) or BATCH_COMMANDS.get(inbound.kind)
    if model is None:
        raise Malformed(
            f"there is no command {inbound.kind}; commands are "
            f"{', '.join((*EVERY_SESSION_COMMAND, *BATCH_COMMANDS))}"
        )
    command = model.decode(data, exactly=inbound.kind in EVERY_SESSION_COMMAND)
    if not command.by:  # published by another system, which needs to know nothing of us
        command = command.model_copy(update={"by": ANOTHER_SYSTEM})
    problem = (
        admission.refusal(command) if isinstance(command, tuple(EVERY_SESSION_COMMAND.values())) else None
    )
    given: Input | BatchInput = DeniedCommand(command, problem) if problem else command  # type: ignore[assignment]  # one of the tables' models
    return Parsed(inbound.target, command.input_id(), given, command.trace)
