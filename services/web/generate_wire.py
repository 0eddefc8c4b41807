"""Writes `src/wire.ts`, the types of everything that crosses the wire, from the contracts: `python
services/web/generate_wire.py`.

`tests/unit/test_wire_types.py` holds that the file is up to date. What the server sends is described as it
sends it: a field that may be null may also be left out. What it reads is described as it reads it: a field
with a default may be left out.
"""

import json
import sys
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from reprise_contracts import (
    artifacts,
    commands,
    comparing,
    configuration,
    fleet,
    impact,
    nodes,
    notices,
    sources,
    states,
    watches,
)
from reprise_contracts.artifacts import Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.calls import CALLS
from reprise_contracts.frames import AnyFrame
from reprise_contracts.problems import model as problems

FILE = Path(__file__).parent / "src" / "wire.ts"
FRAMES: tuple[type[BaseModel], ...] = get_args(get_args(AnyFrame)[0])
SENT: tuple[type[BaseModel], ...] = (
    *FRAMES,
    states.State,
    states.Preview,
    states.Receipt,
    states.CommandView,
    states.Created,
    states.BatchView,
    states.BatchPage,
    states.Timeline,
    states.PoolView,
    configuration.Config,
    configuration.TopicLanguage,
    watches.WatchView,
    impact.Impact,
    comparing.Comparison,
    fleet.SessionPage,
    fleet.FleetPreview,
    fleet.FleetReceipt,
    Phase0,
    Phase1,
    Phase2,
    StepFindings,
    Phase4,
    problems.Problem,
)
ORDERS = {
    call.kind: (route.path, call.body)
    for call in CALLS
    for route in call.doors.rest
    if route.method == "POST" and not route.in_path and not call.own_body
}
"""Calls that are a JSON body sent to one address, by kind."""
READ: tuple[type[BaseModel], ...] = (
    commands.Options,
    commands.BatchRequest,
    commands.SessionRequest,
    commands.SourcesRequest,
    watches.WatchRequest,
    commands.AskRequest,
    commands.LockRequest,
    commands.TagRequest,
    *(body for _, body in ORDERS.values()),
)
NAMED: dict[str, object] = {
    "Phase": nodes.Phase,
    "Status": nodes.Status,
    "Freshness": nodes.Freshness,
    "Role": configuration.Role,
    "Reason": states.Reason,
    "CommandStatus": states.CommandStatus,
    "Propagation": commands.Propagation,
    "IfRunning": commands.IfRunning,
    "ProblemType": problems.ProblemType,
    "ProblemCode": problems.ProblemCode,
    "NoticeCode": notices.NoticeCode,
    "Outcome": sources.Outcome,
    "FailureReason": sources.FailureReason,
    "CheckOutcome": sources.CheckOutcome,
    "StepKind": artifacts.StepKind,
    "SessionState": fleet.SessionState,
}
"""Literals that have a name of their own."""

_ALIASES = {get_args(literal): name for name, literal in NAMED.items()}
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript() -> str:
    """The whole file."""
    lines = ["// Made from the contracts by generate_wire.py. Do not edit.", ""]
    for name, literal in NAMED.items():
        lines.append(
            f"export type {name} =\n  | "
            + "\n  | ".join(json.dumps(value) for value in get_args(literal))
            + ";"
        )
    lines.append(
        f"export const PHASES = {json.dumps(list(nodes.PHASES))} as const satisfies readonly Phase[];"
    )
    sent = _definitions(SENT, "serialization")
    own = {model.__name__ for model in READ}  # what is sent back as well is described as it is read
    read = {
        name: schema
        for name, schema in _definitions(READ, "validation").items()
        if name in own or name not in sent
    }
    sent = {name: schema for name, schema in sent.items() if name not in read}
    lines += [_interface(name, schema, reading=False) for name, schema in sorted(sent.items())]
    lines += [_interface(name, schema, reading=True) for name, schema in sorted(read.items())]
    lines.append("export interface Orders {")
    lines += [f"  {kind}: {body.__name__};" for kind, (_, body) in ORDERS.items()]
    lines.append("}")
    lines.append("export const ORDERS: Readonly<Record<keyof Orders, string>> = {")
    lines += [f"  {kind}: {json.dumps(path)}," for kind, (path, _) in ORDERS.items()]
    lines.append("};")
    lines.append("export type AnyFrame =\n  | " + "\n  | ".join(frame.__name__ for frame in FRAMES) + ";")
    return "\n".join(lines) + "\n"


def _name(name: str) -> str:
    """Two models of one name are told apart by their modules; an artifact's keeps it."""
    module, _, own = name.removeprefix("reprise_contracts__").rpartition("__")
    return own if module in {"", "artifacts"} else module.capitalize() + own


def _definitions(models: tuple[type[BaseModel], ...], mode: Any) -> dict[str, dict[str, Any]]:
    _, schema = models_json_schema([(model, mode) for model in models], ref_template="{model}")
    return {_name(name): found for name, found in schema["$defs"].items() if found.get("type") == "object"}


def _interface(name: str, schema: dict[str, Any], *, reading: bool) -> str:
    required = set(schema.get("required", ()))
    fields = []
    for field, told in schema.get("properties", {}).items():
        optional = _nullable(told) or (reading and field not in required)
        fields.append(f"  {field}{'?' if optional else ''}: {_type(told)};")
    return f"export interface {name} {{\n" + "\n".join(fields) + "\n}"


def _nullable(schema: dict[str, Any]) -> bool:
    return any(option.get("type") == "null" for option in schema.get("anyOf", ()))


def _type(schema: dict[str, Any]) -> str:  # noqa: PLR0911  # one for each form of a schema
    match schema:
        case {"$ref": name}:
            return _name(str(name))
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return _ALIASES.get(tuple(values)) or " | ".join(json.dumps(value) for value in values)
        case {"anyOf": options}:
            return " | ".join(dict.fromkeys(_type(option) for option in options))
        case {"type": "array"}:
            item = _type(schema.get("items", {}))
            return (
                f"readonly ({item})[]"
                if " | " in item or item.startswith("readonly ")
                else f"readonly {item}[]"
            )
        case {"type": "object", "patternProperties": dict(patterns)}:
            return f"Readonly<Record<string, {' | '.join(_type(values) for values in patterns.values())}>>"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Readonly<Record<string, {_type(values)}>>"
        case {"type": "object"}:
            return "Readonly<Record<string, unknown>>"
        case {"type": str(kind)}:
            return _PLAIN[kind]
        case _:
            return "unknown"


if __name__ == "__main__":
    FILE.write_text(typescript())
    sys.exit(0)
