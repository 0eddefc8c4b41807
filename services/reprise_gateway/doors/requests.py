"""Bodies that come as JSON or as a form: what they ask for, and the files that they bring."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any, TypeVar

from fastapi import Depends
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from reprise_contracts.commands import BatchRequest, SessionRequest, SourcesRequest
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Search, SourceInput
from reprise_contracts.wire import Message
from reprise_gateway.commands.intake import MOST_SOURCES, Intake
from reprise_gateway.doors.problems import invalid
from reprise_runtime.errors import Refused

W = TypeVar("W", bound=Message)
_FIELDS = ("topic", "guidance", "engine", "model", "language", "command_id")
_OPTIONS = ("stop_after", "allow_partial", "max_tokens", "max_session_tokens")
_REPORT = "report"
"""The option that is an object: in a form, JSON."""
PART = 16 * 1024 * 1024
"""Bytes of one field of a form that is no file."""
DIGITS = 20
"""Of a number in a form, at most."""
_FLAGS = {"true": True, "false": False}


def is_form(request: Request) -> bool:
    """Whether the body is a form with files."""
    return request.headers.get("content-type", "").startswith("multipart/form-data")


async def read_json(request: Request, model: type[W]) -> W:
    """The body as a model; raises `Refused` (invalid), naming the field, and 415 for a body that says it is
    no JSON."""
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(
            415,
            f"The body is {kind[:80]!r}, and JSON is read here. Send it with Content-Type: application/json.",
        )
    try:
        return model.model_validate_json(await request.body(), extra="forbid")
    except ValidationError as error:
        raise Refused(invalid(error)) from error


def exactly(model: type[Message]) -> Any:
    """A dependency of a route whose body is this model: what is not known is refused, never dropped in
    silence."""

    async def check(request: Request) -> None:
        await read_json(request, model)

    return Depends(check)


def parsed(model: type[W], fields: object) -> W:
    """The same of a form's fields."""
    try:
        return model.model_validate(fields, extra="forbid")
    except ValidationError as error:
        raise Refused(invalid(error)) from error


def intake_of(form: FormData) -> Intake:
    """The sources of a form: `files`, `urls` and `sources` (JSON), each as often as there are."""
    files = [value for value in form.getlist("files") if isinstance(value, UploadFile)]
    named = [parsed(SourceInput, {"url": value}) for value in form.getlist("urls") if isinstance(value, str)]
    for value in form.getlist("sources"):
        named += _named(value) if isinstance(value, str) else []
    text = form.get("text")
    if isinstance(text, str) and text:
        named.append(parsed(SourceInput, {"text": text, "title": form.get("title")}))
    return Intake(tuple(named), tuple(files))


def _named(value: str) -> list[SourceInput]:
    if value.startswith(("http://", "https://")):
        return [parsed(SourceInput, {"url": value})]
    document = _json("sources", value)
    return [parsed(SourceInput, item) for item in (document if isinstance(document, list) else [document])]


def json_field(form: FormData, name: str) -> list[object]:
    """A field that holds a JSON list; an absent one holds none. Raises `Refused` (invalid)."""
    value = form.get(name)
    found = _json(name, value) if isinstance(value, str) and value else []
    if not isinstance(found, list):
        detail = f"The field `{name}` is no JSON list."
        raise Refused(
            Problem(type="invalid", field=name, detail=detail, action="Correct it and send it again.")
        )
    return found


def _json(field: str, value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        detail = f"The field `{field}` is not JSON."
        raise Refused(
            Problem(type="invalid", field=field, detail=detail, action="Correct it and send it again.")
        ) from None


def _value(field: object) -> object:
    """A field of a form is a text: `true`, `false` and a number are read as in JSON; what else it is, its
    model judges."""
    if not isinstance(field, str):
        return field
    number = field.isascii() and field.isdigit() and len(field) <= DIGITS
    return int(field) if number else _FLAGS.get(field, field)


def session_of(form: FormData) -> SessionRequest:
    """What a form asks for."""
    fields: dict[str, object] = {
        name: form[name] for name in _FIELDS if isinstance(form.get(name), str) and form[name] != ""
    }
    given = form.get("options")
    options = _json("options", given) if isinstance(given, str) and given else {}
    if isinstance(options, dict):
        options = options | {name: _value(form[name]) for name in _OPTIONS if form.get(name)}
        if isinstance(how := form.get(_REPORT), str) and how:
            options = options | {_REPORT: _json(_REPORT, how)}
    if form.get("start"):
        fields["start"] = _value(form["start"])
    return parsed(SessionRequest, fields | {"options": options})


@asynccontextmanager
async def batch_request(request: Request) -> AsyncIterator[tuple[SessionRequest, Intake]]:
    """`POST /batches`. The files of a form are on disk, and there as long as the context."""
    if not is_form(request):
        asked = await read_json(request, BatchRequest)
        yield asked, Intake(asked.sources)
        return
    async with form_of(request) as form:
        yield session_of(form), intake_of(form)


@asynccontextmanager
async def sources_request(request: Request) -> AsyncIterator[tuple[str | None, Intake]]:
    """`POST /batches/{b}/sources`: the command id, and the sources."""
    if not is_form(request):
        asked = await read_json(request, SourcesRequest)
        yield asked.command_id, Intake(asked.sources)
        return
    async with form_of(request) as form:
        command_id = form.get("command_id")
        yield (parsed(_Named, {"command_id": command_id}).command_id if command_id else None), intake_of(form)


@asynccontextmanager
async def source_request(request: Request) -> AsyncIterator[tuple[str | None, Intake]]:
    """`PUT …/sources/{source_id}`: one source, as it is or as one of a list."""
    if is_form(request):
        async with sources_request(request) as found:
            yield found
        return
    asked = await read_json(request, _Replacement)
    if asked.sources is not None:
        yield asked.command_id, Intake(asked.sources)
    else:
        named = asked.model_dump(exclude={"sources", "command_id"}, exclude_none=True)
        yield asked.command_id, Intake((parsed(SourceInput, named),))


async def bundle_in(request: Request) -> bytes:
    """A bundle: the body itself, or the one file of a form. Raises `Refused` (invalid)."""
    if not is_form(request):
        return await request.body()
    async with form_of(request) as form:
        files = [value for value in form.getlist("files") if isinstance(value, UploadFile)]
        if len(files) != 1:
            detail = f"One bundle is imported at a time; the form has {len(files)} files."
            raise Refused(
                Problem(
                    type="invalid",
                    field="files",
                    detail=detail,
                    action="Send one file that `reprise export` wrote, as `files`.",
                )
            )
        return await files[0].read()


class _Named(SourcesRequest):
    sources: tuple[SourceInput, ...] = ()


class _Replacement(_Named):
    sources: tuple[SourceInput, ...] | None = None  # type: ignore[assignment]  # a single source stands for a list of one
    url: str | None = None
    text: str | None = None
    title: str | None = None
    search: Search | str | None = None
    provider: str | None = None
    limit: int | None = None
    since: date | None = None
    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] | None = None


def form_of(request: Request) -> AbstractAsyncContextManager[FormData]:
    """A body's form; its files are on disk, and there as long as the context."""
    return request.form(max_files=MOST_SOURCES, max_fields=MOST_SOURCES + 20, max_part_size=PART)
