"""The REST contract as a document: what FastAPI sees of the routes, and what it cannot see, from one
table."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from reprise_contracts.artifacts import Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.commands import BatchRequest, SessionRequest, SourcesRequest
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.sources import SourceInput
from reprise_contracts.states import BatchView, Created, Preview
from reprise_contracts.wire import Message
from reprise_gateway.projections.reports import FORMATS

Document = dict[str, Any]
MODELS: tuple[type[Message], ...] = (
    BatchRequest,
    SessionRequest,
    SourcesRequest,
    SourceInput,
    ProblemDocument,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    StepFindings,
    Created,
    BatchView,
    Preview,
)
REF = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_IDS = {"type": "array", "items": _TEXT}
_ETAG = {"ETag": {"description": "The hash of the content, in quotes.", "schema": _TEXT}}
EDIT = {
    "oneOf": [
        {
            "title": "Goals",
            "type": "object",
            "required": ["goals"],
            "properties": {
                "goals": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["question"],
                        "properties": {
                            "goal_id": _TEXT,
                            "question": _TEXT,
                            "rationale": _TEXT,
                            "source_ids": _IDS,
                        },
                    },
                }
            },
        },
        {
            "title": "Plan",
            "type": "object",
            "required": ["steps"],
            "properties": {
                "synthesized_goal": _TEXT,
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["title"],
                        "properties": {
                            "step_id": {"type": "integer"},
                            **dict.fromkeys(("title", "description", "query"), _TEXT),
                            "source_ids": _IDS,
                            "depends_on": {"type": "array", "items": {"type": "integer"}},
                            "goal_ids": _IDS,
                        },
                    },
                },
            },
        },
    ]
}
"""What a user may put in the place of goals or a plan."""


def _ref(model: type[Message]) -> Document:
    return {"$ref": REF.format(model=model.__name__)}


_STEPS = {
    "type": "object",
    "required": ["steps"],
    "properties": {"steps": {"type": "array", "items": _ref(StepFindings)}},
}
BY_PHASE: Mapping[str, type[Message]] = {
    "phase0": Phase0,
    "phase1": Phase1,
    "phase2": Phase2,
    "phase4": Phase4,
}
_PHASES = {"anyOf": [_ref(model) for model in BY_PHASE.values()]}
STORED: Mapping[str, tuple[str, Document]] = {
    "/sessions/{session_id}/artifacts/phase3": ("application/json", _STEPS),
    "/sessions/{session_id}/artifacts/phase3/steps/{step_id}": ("application/json", _ref(StepFindings)),
    "/sessions/{session_id}/artifacts/{phase}": ("application/json", _PHASES),
    "/batches/{batch_id}/sources/{source_id}/text": ("text/plain", _TEXT),
}
"""Reads that carry an ETag, each with its media type and schema."""
UNDECIDED: Mapping[tuple[str, str], type[Message]] = {
    ("/batches", "post"): Created,
    ("/batches/{batch_id}/sessions", "post"): Created,
    ("/batches/{batch_id}", "get"): BatchView,
    ("/batches/{batch_id}", "delete"): BatchView,
    ("/batches/{batch_id}/end", "post"): BatchView,
    ("/batches/{batch_id}/sources", "post"): BatchView,
    ("/batches/{batch_id}/sources/{source_id}", "put"): BatchView,
    ("/batches/{batch_id}/sources/{source_id}", "delete"): BatchView,
}
"""Calls that answer 202 while nothing is decided."""
MEDIA = {
    "md": "text/markdown",
    "html": "text/html",
    "pdf": "application/pdf",
    "json": "application/json",
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl": "application/vnd.citationstyles.csl+json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def complete(app: FastAPI) -> Document:
    """The document; made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = FastAPI.openapi(app)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, made = models_json_schema([(model, "validation") for model in MODELS], ref_template=REF)
    for name, schema in made["$defs"].items():
        schemas.setdefault(name, schema)
    document["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "One of the configured tokens; none is needed where none is.",
        }
    }
    document["security"] = [{"token": []}, {}]
    for path, method, operation in _operations(document):
        _complete(path, method, operation)
    _artifacts_by_phase(document["paths"])
    _open_maps(document)
    return document


def _artifacts_by_phase(paths: Document) -> None:
    """Each phase's artifact at its own address, too: one shape each, which a generated client can tell."""
    place = "/sessions/{session_id}/artifacts/{phase}"
    for phase, model in BY_PHASE.items():
        read = deepcopy(paths[place]["get"])
        read["operationId"] = f"artifact_{phase}"
        read["parameters"] = [one for one in read["parameters"] if one["name"] != "phase"]
        read["responses"]["200"]["content"] = {"application/json": {"schema": _ref(model)}}
        paths[place.format(session_id="{session_id}", phase=phase)] = {"get": read}


def _open_maps(part: Any) -> None:
    """A map whose keys have a pattern is told as a map: generators of clients know no other."""
    if isinstance(part, dict):
        if len(told := part.get("patternProperties", {})) == 1 and "additionalProperties" not in part:
            (part["additionalProperties"],) = told.values()
            del part["patternProperties"]
        for inner in part.values():
            _open_maps(inner)
    elif isinstance(part, list):
        for inner in part:
            _open_maps(inner)


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Document) -> None:
    answers = operation["responses"]
    answers["default"] = {
        "description": "A problem (RFC 9457); with Retry-After where trying again helps.",
        "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
        "content": {"application/problem+json": {"schema": _ref(ProblemDocument)}},
    }
    if (later := UNDECIDED.get((path, method))) is not None:
        said = {"application/json": {"schema": _ref(later)}}
        answers["202"] = {"description": "Stored, and not decided yet.", "content": said}
    if method == "get" and path in STORED:
        media, schema = STORED[path]
        answers["200"] = {
            "description": "The content.",
            "headers": _ETAG,
            "content": {media: {"schema": schema}},
        }
        answers["304"] = {"description": "The caller has it.", "headers": _ETAG}
        operation.setdefault("parameters", []).append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "schema": _TEXT,
                "description": "ETags, with commas.",
            }
        )
    if path.endswith("/report"):
        files = {
            MEDIA[name]: {"schema": _TEXT | ({"format": "binary"} if name in {"pdf", "docx"} else {})}
            for name in FORMATS
        }
        answers["200"] = {"description": "The report.", "content": files}
    if method == "put" and path.endswith("/artifacts/{phase}"):
        operation.setdefault("parameters", []).append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "schema": _TEXT,
                "description": "ETags of what is replaced, or *.",
            }
        )
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": EDIT}}}
        answers["200"] = {
            "description": "What a `dry_run` would do.",
            "content": {"application/json": {"schema": _ref(Preview)}},
        }
