"""Structured logging: pretty on a terminal, one JSON object per line elsewhere, one canonical line per unit
of work."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import FilteringBoundLogger, Processor

from reprise_runtime.settings import Log

TELLTALES = ("httpx", "apprise")
"""Libraries that below a warning write whole addresses, which may hold keys."""


def setup(settings: Log, service: str) -> None:
    """Configure logging for this process, for structlog and for the libraries that use `logging`. Writes to
    standard error."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Without the values of the variables: among them are tokens and keys, and of a deep recursion they take
    # half a minute to write.
    frames = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    pretty = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.RichTracebackFormatter(show_locals=False)
    )
    output: list[Processor] = [pretty] if console else [frames, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *output],
        )
    )
    handler.setLevel(level)  # a library's logger may have a lower one of its own
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TELLTALES:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(service=service)


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; it takes the configuration that is current when it is used."""
    return cast(FilteringBoundLogger, structlog.get_logger(name))


class Line:
    """The canonical line while its unit of work goes on; `add` what is learned on the way."""

    def __init__(self, fields: dict[str, object]) -> None:
        self.fields = fields

    def add(self, **fields: object) -> None:
        """More fields for the line."""
        self.fields.update(fields)


@contextmanager
def canonical(event: str, **fields: object) -> Iterator[Line]:
    """One line for one unit of work, with its seconds and its outcome (`ok`, or the error's class).

    The fields (session, node, generation, …) are bound to every other line logged inside. Errors pass
    through.
    """
    line = Line({})
    started = time.perf_counter()
    log = logger("reprise")
    with structlog.contextvars.bound_contextvars(**fields):
        try:
            yield line
        except BaseException as error:
            seconds = round(time.perf_counter() - started, 4)
            log.warning(event, outcome=type(error).__name__, error=str(error), seconds=seconds, **line.fields)
            raise
        log.info(event, outcome="ok", seconds=round(time.perf_counter() - started, 4), **line.fields)
