"""W3C trace context: one `traceparent` goes with a command from the call that brought it to the artifact that
came of it.

Where OpenTelemetry is configured (the extra `telemetry`, and the standard `OTEL_EXPORTER_OTLP_ENDPOINT`) each
service exports a span for its part, and what it sends on names that span. Elsewhere the context passes
through as it came, and nothing is imported.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reprise_runtime.logs import logger

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

HEADER = "traceparent"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_log = logger(__name__)


class _Exporting:
    """Whether spans are exported in this process, and by what."""

    provider: "TracerProvider | None" = None
    users = 0
    """Services of this process that called `setup` and not yet `shutdown`."""


def headers(trace: str) -> dict[str, str]:
    """A message's headers, for a trace or for none."""
    return {HEADER: trace} if trace else {}


def continued(given: str) -> str:
    """The caller's `traceparent` if it is one, else the beginning of a trace of our own."""
    return given if _FORM.fullmatch(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def setup(service: str) -> None:
    """Export spans from here on, if the environment names a collector. Without the extra that is said, and
    nothing is exported. Of several services in one process the first gives the spans its name."""
    _Exporting.users += 1
    if not any(os.environ.get(name) for name in ENDPOINTS) or _Exporting.provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra, and slow to load
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        _log.warning(
            "a collector is named, but nothing can be exported",
            action="pip install 'reprise-research[telemetry]'",
        )
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"reprise-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _Exporting.provider = provider


def shutdown() -> None:
    """Send what has not been sent, once the last service of this process has ended."""
    _Exporting.users -= 1
    if _Exporting.provider is not None and _Exporting.users <= 0:
        _Exporting.provider.shutdown()
        _Exporting.provider = None


@contextmanager
def span(name: str, trace: str, attributes: Mapping[str, str | int] | None = None) -> Iterator[str]:
    """One piece of work in the trace that it belongs to; gives the `traceparent` for what comes of it. An
    error is the span's as well."""
    if _Exporting.provider is None or not trace:
        yield trace
        return
    from opentelemetry.trace import format_span_id, format_trace_id  # noqa: PLC0415 - only where it is exported
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    parent = TraceContextTextMapPropagator().extract({HEADER: trace})
    tracer = _Exporting.provider.get_tracer("reprise")
    with tracer.start_as_current_span(name, context=parent, attributes=dict(attributes or {})) as own:
        context = own.get_span_context()
        ids = f"{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}"
        yield f"00-{ids}-{context.trace_flags:02x}"
