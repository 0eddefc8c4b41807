"""One running system for what an operator does with it."""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from operated_stack import Caller, Operated

ENV = {
    "REPRISE_TIMINGS__HEARTBEAT": "0.5",
    "REPRISE_TIMINGS__LEASE": "3",
    "REPRISE_TIMINGS__CENSUS": "0.5",
    "REPRISE_LOG__FORMAT": "json",
}


class Collector(ThreadingHTTPServer):
    """Takes spans as any OpenTelemetry collector does: OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.spans: list[tuple[str, Span]] = []
        """The service's name, and the span."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Take(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self._body())
        for resource in request.resource_spans:
            service = next(
                pair.value.string_value for pair in resource.resource.attributes if pair.key == "service.name"
            )
            self.server.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def _body(self) -> bytes:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Where the stack's spans go."""
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="package")
def operated(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Operated]:
    """NATS, SeaweedFS, every service, a gateway; each serves its figures and exports its spans."""
    exported = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    stack = Operated(tmp_path_factory.mktemp("operated"), env=ENV | exported)
    try:
        stack.start_all()
        asyncio.run(stack.ready())
        yield stack
    finally:
        stack.stop_all()


@pytest.fixture
async def caller(operated: Operated) -> AsyncIterator[Caller]:
    """A client of it."""
    yield await operated.caller()
    await operated.close_callers()
