"""A server with scripted answers, on a real socket: what the command line is tested against without a
stack."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Body = dict[str, object]


@dataclass
class Call:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Body:
        return json.loads(self.raw) if self.raw else {}


Answer = tuple[int, object]


@dataclass
class Script:
    """Answers by method and path; a function answers what depends on the call."""

    answers: dict[str, Answer | Callable[[Call], Answer]] = field(
        default_factory=lambda: {
            "GET /config": (200, {"engine": "extractive", "endpoint": {"host": "", "leaves_machine": False}})
        }
    )
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        found = self.answers.get(f"{call.method} {call.path.split('?')[0]}")
        if found is None:
            return 404, problem("not_found", 404)
        return found(call) if callable(found) else found


def problem(kind: str, status: int, **more: object) -> Body:
    return {
        "type": f"/problems/{kind}",
        "title": kind,
        "status": status,
        "detail": f"It is {kind}.",
        "action": "Do otherwise.",
        **more,
    }


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = script.answer(Call(self.command, self.path, dict(self.headers.items()), raw))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header(
                "content-type", "application/octet-stream" if isinstance(body, bytes) else "application/json"
            )
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
