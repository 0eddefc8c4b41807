"""Every series that Prometheus gets, in one table; each process counts what it does and serves it on a port
of its own.

Names follow Prometheus: base units, `_total` for what only grows. Labels have few values; a batch is named
only where it is one of the largest. `deploy/prometheus/alerts.yml` and the dashboard read these names, and a
test holds that a running stack exports them all.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from reprise_runtime.logs import logger
from reprise_runtime.settings import Metrics

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.25, 1, 5, 15, 60, 180, 600, 1800)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"reprise_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"reprise_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"reprise_{name}", text, labels, registry=REGISTRY, buckets=buckets)


# Every process
BUILD = _gauge("build_info", "1, with the version and the service that runs.", "version", "service")
DISK_FREE = _gauge("disk_free_bytes", "Bytes left where this process keeps its state.", "path")
S3_SECONDS = _histogram("s3_seconds", "How long calls to the object store took.", _QUICK, "operation")
S3_ERRORS = _counter(
    "s3_errors", "Calls to the object store that failed, by what went wrong.", "operation", "error"
)
LOG_REWOUND = _gauge(
    "log_rewound", "1 while the log is not trusted: it stands behind its mark, and nobody appends to it."
)
STORE_AWAITED = _gauge("store_awaited", "Calls that wait for an object store that is away.")
PUT_ASIDE = _counter("put_aside", "Messages that nobody could understand, put aside in DLQ.", "stream")

# Orchestrator
COMMITS = _counter("commits", "Commits appended to the log.", "kind")
EVENTS = _counter("events", "Events committed.", "type")
CONFLICTS = _counter("conflicts", "Compare-and-set appends that another orchestrator won.")
RETRIES = _counter("retries", "Attempts after the first one.", "phase")
NODES = _counter("nodes", "Nodes that came to an end, by their outcome.", "phase", "outcome")
PHASE_SECONDS = _histogram("phase_seconds", "How long a node's successful attempt took.", _SLOW, "phase")
DECIDE_SECONDS = _histogram("decide_seconds", "From taking an input to its commit.", _QUICK)

# Providers of models, as the workers share them
PROVIDER = _gauge(
    "provider", "What the workers together ask of a provider: calls, tokens, who waits.", "provider", "figure"
)
PROVIDER_LIMIT = _gauge(
    "provider_limit",
    "What a provider takes, as it is set or as it said; 0: no limit is known.",
    "provider",
    "of",
)

# Scheduler
LEADING = _gauge("scheduler_leading", "1 in the scheduler that works, 0 in those that stand by.")
ACTIVE = _gauge("sessions_active", "Sessions with something under way.")
JOBS_SENT = _counter("jobs_sent", "Jobs published.", "phase")
HOUSEKEEPING = _gauge(
    "housekeeping_noted", "Sweeps and removals that are noted, those whose time has not come included."
)
JOBS_LOST = _counter("jobs_lost", "Jobs that nobody held any more and that were published again.")
OBJECTS_LOST = _counter(
    "objects_lost", "Objects that the log names and that a check of the store found missing or damaged."
)
STORED_BYTES = _gauge("stored_bytes", "Bytes in the bucket, of all batches together.")
STORED_BATCHES = _gauge("stored_batches", "Batches with something in the bucket.")
STORED_STRANGE = _gauge(
    "stored_strange_batches", "Batches with something in the bucket that the log knows nothing of."
)
BATCH_BYTES = _gauge("batch_bytes", "Bytes in the bucket of the largest batches.", "batch")

WATCHED = _gauge("sources_watched", "Sources that are watched.")
WEBHOOKS = _gauge("webhooks", "Webhooks that are told of what happens.")
ANNOUNCED = _counter("announced", "Deliveries made of announcements, one for each webhook.", "type")

# Workers
JOB_SECONDS = _histogram("job_seconds", "From taking a job to its report.", _SLOW, "phase", "outcome")
REDELIVERIES = _counter(
    "redeliveries", "Jobs that came again, because a worker was lost or stopped.", "phase"
)
CHECKS = _counter("checks", "Checks of watched sources, by what they found.", "outcome")
CHECK_SECONDS = _histogram("check_seconds", "From taking a check to what it found.", _QUICK)
RUNNING = _gauge("jobs_running", "Jobs in work in this process.", "phase")

# Gateway: what it does
REQUESTS = _counter("gateway_requests", "Answers to HTTP calls.", "method", "route", "status")
REQUEST_SECONDS = _histogram(
    "gateway_request_seconds", "How long HTTP calls took.", _QUICK, "method", "route"
)
SOCKETS = _gauge("gateway_websockets", "Open WebSockets.")
FRAMES = _counter("gateway_frames", "Frames sent to WebSockets.")
DROPPED = _counter(
    "gateway_frames_dropped", "Frames that a slow reader did not get: thinned, or to be resumed.", "why"
)
DELIVERIES = _counter("webhook_deliveries", "Tries of deliveries to webhooks.", "outcome")
POSITION = _gauge("gateway_log_position", "The last commit that was followed.")
READY = _gauge("gateway_ready", "Whether the gateway takes work.")

# Gateway: what it sees of the whole. Each gateway says the same: use max
BACKUP_AT = _gauge("last_backup_timestamp_seconds", "When the last backup was taken; 0 if none is known.")
UP = _gauge("up", "Whether a server answers.", "server")
POOL_WAITING = _gauge("pool_waiting", "Jobs that wait for a worker.", "pool")
POOL_READY = _gauge(
    "pool_ready",
    "Jobs whose turn has come and that are not sent yet: more are out than the pool has slots for.",
    "pool",
)
POOL_SLOTS = _gauge("pool_slots", "Jobs that the workers of a pool can run side by side.", "pool")
POOL_WORKING = _gauge("pool_working", "Jobs that workers hold.", "pool")
POOL_OLDEST = _gauge("pool_oldest_seconds", "Age of the oldest job that waits or is in work.", "pool")
POOL_WORKERS = _gauge("pool_workers", "Workers that were heard of lately.", "pool")
POOL_PAUSED = _gauge("pool_paused", "Whether an operator paused the pool.", "pool")
INBOX_OLDEST = _gauge("inbox_oldest_seconds", "Age of the oldest input that is not decided.")
STREAM_MESSAGES = _gauge("stream_messages", "Messages in a stream.", "stream")
STREAM_BYTES = _gauge("stream_bytes", "Bytes in a stream.", "stream")
STREAM_LIMIT = _gauge("stream_limit_bytes", "Bytes that a stream may have.", "stream")
DLQ = _gauge("dlq_messages", "Messages that were put aside and that nobody has looked after yet.")
NATS_AWAY = _gauge("nats_servers_away", "Servers of a NATS cluster that keep streams and are not there.")
CLOCK = _gauge("clock_offset_seconds", "This machine's clock less the NATS server's.")


def code_version() -> str:
    """The version that is installed."""
    try:
        return version("reprise-research")
    except PackageNotFoundError:
        return "unknown"


def serve(settings: Metrics, service: str) -> int | None:
    """Serve the table for as long as the process lives, from a thread; the port, or None where none is
    configured."""
    BUILD.labels(code_version(), service).set(1)
    if settings.port is None:
        return None
    try:
        server, _ = start_http_server(settings.port, settings.host, registry=REGISTRY)
    except OSError as error:  # work goes on unwatched
        logger(__name__).error(
            "figures cannot be served", host=settings.host, port=settings.port, error=str(error)
        )
        return None
    logger(__name__).info("figures are served", port=server.server_port)
    return int(server.server_port)


@contextmanager
def s3_call(operation: str) -> Iterator[None]:
    """Measure one call to the object store; what is missing is no failure of the store's."""
    began = time.perf_counter()
    try:
        yield
    except Exception as error:
        if type(error).__name__ != "ObjectMissing":
            S3_ERRORS.labels(operation, type(error).__name__).inc()
        raise
    finally:
        S3_SECONDS.labels(operation).observe(time.perf_counter() - began)
