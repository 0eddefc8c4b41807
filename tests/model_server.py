"""A server of our own that speaks chat completions on loopback, for the cases that a real model gives only
now and then.

What it says is written in the test; how it says it (streams, statuses, headers, silence) goes over a real
socket.
"""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

Body = dict[str, Any]
_MATERIAL = re.compile(
    r"\[material (?P<mark>\w+) (?P<label>\w+)\] (?P<title>[^\n]*)\n(?P<text>.*?)\n\[end (?P=mark) "
    r"(?P=label)\]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Reply:
    """One answer. With a `status` of 400 and more `text` is the error's message."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    """Seconds between two pieces."""
    silence: float = 0.0
    """Seconds before the first."""
    breaks_after: int | None = None
    """Pieces after which the connection is gone."""
    usage: bool = True
    hidden: int = 0
    """Tokens of the endpoint's own that it counts with every question."""
    finish: str = "stop"
    """Why it ended; empty where the endpoint does not say, and only closes the stream."""
    page: bytes | None = None
    """What comes in place of a stream or of an error, as it is."""
    kind: str = "application/json"
    """The page's type."""
    reasoning: str = ""
    """Said before the answer, beside it."""
    tool: bool = False
    """Whether the answer is handed to a tool that nobody offered."""


Answering = Callable[[Body], Reply | str]


@dataclass
class ModelServer:
    """Where it listens, how it answers, and what it was asked."""

    url: str
    answering: Answering
    asked: list[Body] = field(default_factory=list)
    pieces: int = 0
    """Pieces of answers that were sent."""
    heads: list[dict[str, str]] = field(default_factory=list)
    """The headers of each question, and its query under `?`."""
    gone: list[float] = field(default_factory=list)
    """When a caller went away before the end (monotonic)."""

    async def __call__(self, scope: Body, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        data = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":  # gone before it had asked
                return
            data += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = json.loads(data or b"{}")
        self.asked.append(body)
        self.heads.append(
            {k.decode(): v.decode() for k, v in scope["headers"]} | {"?": scope["query_string"].decode()}
        )
        given = self.answering(body)
        reply = Reply(given) if isinstance(given, str) else given
        left = asyncio.ensure_future(receive())
        work = asyncio.ensure_future(self._answer(reply, body, send))
        await asyncio.wait([left, work], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            self.gone.append(time.monotonic())
            work.cancel()
        left.cancel()
        await asyncio.gather(work, left, return_exceptions=True)

    async def _answer(self, reply: Reply, body: Body, send: Any) -> None:
        if reply.page is not None:
            await _head(send, reply.status, reply.kind, reply.headers)
            await send({"type": "http.response.body", "body": reply.page})
            return
        if reply.status >= 400:
            error = json.dumps({"error": {"message": reply.text, "type": "error", "code": None}}).encode()
            await _head(send, reply.status, "application/json", reply.headers)
            await send({"type": "http.response.body", "body": error})
            return
        await _head(send, 200, "text/event-stream", reply.headers)
        await asyncio.sleep(reply.silence)
        words = re.findall(r"\S+\s*|\s+", reply.text)
        events = b""
        if reply.reasoning:
            thought = {"reasoning_content": reply.reasoning}
            events += _event({"choices": [{"index": 0, "delta": thought, "finish_reason": None}]})
        for number, word in enumerate(words):
            if reply.breaks_after is not None and number >= reply.breaks_after:
                await _events(send, events)
                return  # the body is not closed: the caller sees a broken connection
            delta = (
                {"tool_calls": [{"index": 0, "function": {"arguments": word}}]}
                if reply.tool
                else {"content": word}
            )
            events += _event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            self.pieces += 1
            if reply.pause:
                await _events(send, events)
                events = b""
                await asyncio.sleep(reply.pause)
        if reply.finish:
            events += _event({"choices": [{"index": 0, "delta": {}, "finish_reason": reply.finish}]})
        if reply.usage and body.get("stream_options", {}).get("include_usage"):
            prompt = reply.hidden + sum(len(message["content"]) for message in body["messages"]) // 4
            counts = {
                "prompt_tokens": prompt,
                "completion_tokens": len(words),
                "total_tokens": prompt + len(words),
            }
            events += _event({"choices": [], "usage": counts})
        await send({"type": "http.response.body", "body": events + b"data: [DONE]\n\n"})


async def _head(send: Any, status: int, kind: str, headers: dict[str, str]) -> None:
    every = {"content-type": kind} | headers
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in every.items()],
        }
    )


def _event(event: Body) -> bytes:
    named = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"} | event
    return f"data: {json.dumps(named)}\n\n".encode()


async def _events(send: Any, events: bytes) -> None:
    await send({"type": "http.response.body", "body": events, "more_body": True})


@contextmanager
def serving(answering: Answering) -> Iterator[ModelServer]:
    """The server in a thread of its own, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = ModelServer(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", answering)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


# A model that does what it is asked


def materials(body: Body) -> dict[str, str]:
    """The material of a question, by label, without the numbers of its lines."""
    return {label: "\n".join(text for _, text in lines) for label, lines in numbered(body).items()}


def numbered(body: Body) -> dict[str, list[tuple[str, str]]]:
    """The lines of the material of a question, by label, each with its id; a line without a number has
    none."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in _MATERIAL.finditer(body["messages"][1]["content"]):
        lines = []
        for line in one["text"].split("\n"):
            number, _, text = line.partition(" ")
            lines.append((f"{one['label']}.{number}", text) if number.isdigit() else ("", line))
        found[one["label"]] = lines
    return found


_SIGNS = {
    "summarise": '"excerpts"',
    "combine": '"themes"',
    "goals": '"why": one sentence',
    "plan": '"same_as"',
    "more": "Some lines were asked for",
    "investigate": '"look_for": where',
    "check": "as a strict reader",
    "mend": "A reader found these",
    "outline": '"thesis": the answer',
    "section": "Write the section",
    "edit": '"drop": ids',
    "gather": "consecutive parts",
}


def task_of(body: Body) -> str:
    """Which prompt a question was made from."""
    asked = body["messages"][1]["content"]
    return next(name for name, sign in _SIGNS.items() if sign in asked)


def sentences(text: str) -> list[str]:
    """The sentences of a plain text."""
    return [
        one for one in re.findall(r"[^.!?。\n]+[.!?。]", text.replace("\n", " ")) if len(one.strip()) > 10
    ]


def dutiful(body: Body) -> str:
    """Answers as a good model would: from the material, by the ids of its lines."""
    return json.dumps(_ANSWERS[task_of(body)](numbered(body), body))


Given = dict[str, list[tuple[str, str]]]


def _summarised(given: Given, _body: Body) -> Body:
    (lines,) = given.values()
    return {
        "summary": " ".join(text for _, text in lines[:3]),
        "excerpts": [id_ for id_, _ in lines[:4]],
        "profile": {"speaker": "someone"},
    }


def _gathered(given: Given, _body: Body) -> Body:
    return {"summary": " ".join(sentences(lines[0][1])[0].strip() for lines in given.values())}


def _combined(given: Given, _body: Body) -> Body:
    said = [sentences(lines[0][1])[0].strip() for lines in given.values()]
    return {
        "abstract": " ".join(said),
        "themes": [{"label": "The level of the lake", "sources": list(given)}],
        "dependence": [],
    }


def _asked(given: Given, _body: Body) -> Body:
    asked = [
        ("Why did the level of the lake fall?", "The sources differ."),
        ("How much did fishing fall last season?", "Figures differ."),
    ]
    return {"goals": [{"question": q, "why": w, "sources": list(given)[:-1]} for q, w in asked]}


def _planned(given: Given, _body: Body) -> Body:
    kept = [{"same_as": label} for label in given if label.startswith("P")]
    new = [
        {
            "title": "Why the level fell",
            "description": "Find the causes.",
            "query": "level lake fell dry spring",
            "goals": ["G1"],
        },
        {
            "title": "How far fishing fell",
            "description": "Find the figures.",
            "query": "fishing fell percent",
            "goals": ["G2"],
        },
    ]
    return {"goal": "Say why the level of the lake fell and what it did to fishing.", "steps": kept or new}


def _investigated(given: Given, body: Body) -> Body:
    word = "fishing" if "How far fishing fell" in body["messages"][1]["content"] else "level"
    found = [
        (id_, text)
        for label, lines in given.items()
        if label[0] == "S"
        for id_, text in lines
        if word in text.lower() and id_
    ]
    if not found:
        return {"findings": [], "insights": [], "gaps": [f"Nothing is said about {word}."], "look_for": []}
    findings = [
        {"claim": text, "evidence": [id_], "against": [], "calculation": ""} for id_, text in found[:4]
    ]
    if word == "fishing" and len(found) > 1:
        findings = [{**findings[0], "against": [{"id": found[1][0], "why": "The figures differ."}]}]
    return {
        "findings": findings,
        "insights": [],
        "gaps": ["Nobody says what will happen next year."],
        "look_for": [],
    }


def _read(given: Given, _body: Body) -> Body:
    return {"no": [], "partly": [], "yes": [text.split(" ")[0] for _, text in given["V"] if text[0] == "V"]}


def _mended(given: Given, _body: Body) -> Body:
    """The words of the last line that each statement rests on."""
    lines = {text.split(" ")[0]: text.partition(": ")[2] for _, text in given["L"]}
    found = []
    for _, text in given["V"]:
        own = re.findall(r"L\d+", text[text.rindex(" [") :].partition(";")[0])
        found.append({"of": text.split(" ")[0], "text": lines[own[-1]]})
    return {"statements": found}


def _outlined(given: Given, _body: Body) -> Body:
    blocks = {label: lines for label, lines in given.items() if label[0] == "F"}
    sections = [
        {
            "title": f"The question {label[1:]}",
            "aim": "Say what was found.",
            "lines": [i for i, text in lines if not text.startswith("(")],
        }
        for label, lines in blocks.items()
    ]
    open_ = [id_ for lines in blocks.values() for id_, text in lines if text.startswith("(open)")]
    return {
        "thesis": "The level of the lake fell.",
        "sections": [one for one in sections if one["lines"]][:7],
        "open": open_[:6],
    }


def _written(given: Given, _body: Body) -> Body:
    lines = [one for label, own in given.items() if label[0] == "F" for one in own]
    said = [
        {"text": text.rpartition(" (")[0], "findings": [id_], "kind": "fact", "calculation": ""}
        for id_, text in lines[:6]
    ]
    return {"sentences": said}


def _edited(given: Given, _body: Body) -> Body:
    lines = [one for own in given.values() for one in own]
    return {
        "summary": [{"text": text, "kind": "fact", "lines": [id_]} for id_, text in lines[:3]],
        "drop": [],
        "change": [],
    }


_ANSWERS = {
    "summarise": _summarised,
    "gather": _gathered,
    "combine": _combined,
    "goals": _asked,
    "plan": _planned,
    "investigate": _investigated,
    "more": _investigated,
    "check": _read,
    "mend": _mended,
    "outline": _outlined,
    "section": _written,
    "edit": _edited,
}
