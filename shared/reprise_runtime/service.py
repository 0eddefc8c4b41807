"""A service's process: its settings from the environment, its main, and one line for what it cannot go on
with."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from reprise_runtime.errors import Refused, RepriseError, Retryable
from reprise_runtime.logs import logger
from reprise_runtime.settings import Settings, WrongSettings, from_environment

_log = logger(__name__)


BEAT = 1.0
"""Seconds between two signs of life."""
ENDING = (signal.SIGTERM, signal.SIGINT)
OnEnd = Callable[[Callable[[], object]], None]
"""How a service names what to call, in its event loop, once its process is asked to end."""


def on_signals(end: Callable[[], object]) -> None:
    """Call `end` when the process is asked to end: of a service that has it to itself."""
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, end)


async def _nothing() -> None:
    """Let the loop turn."""


def _touch(file: Path) -> None:
    file.touch()  # a few microseconds: nothing that the loop would be held up by


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)


async def _beating(
    main: Coroutine[Any, Any, None], file: Path | None, pulse: Callable[[], Awaitable[None]]
) -> None:
    """Run a main, and touch a file for as long as its event loop turns and `pulse` returns: who watches the
    file sees a process that hangs."""
    if file is None:
        return await main

    async def beat(file: Path) -> None:
        while True:
            await pulse()
            _touch(file)
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat(file))
    try:
        await main
    finally:
        beating.cancel()
        _forget(file)


def run_service(
    main: Callable[[Settings], Coroutine[Any, Any, None]], pulse: Callable[[], Awaitable[None]] = _nothing
) -> None:
    """Run a service to its end. What is wrong with its settings, or keeps it out, is one line of its log and
    an exit code of sysexits.h: 78 where an operator has to mend something, 75 where the same again may
    succeed. `pulse` returns as long as all else of the process is alive."""
    try:
        settings = from_environment()
    except WrongSettings as error:
        _log.error(
            "wrong settings", error=str(error), advice="correct the variable; `reprise doctor` lists them all"
        )
        raise SystemExit(os.EX_CONFIG) from None
    try:
        asyncio.run(_beating(main(settings), settings.beat, pulse))
    except Refused as error:
        _log.error("cannot start", error=error.problem.detail, advice=error.problem.action)
        raise SystemExit(os.EX_CONFIG) from None
    except RepriseError as error:
        _log.error("cannot go on", error=str(error) or type(error).__name__)
        raise SystemExit(os.EX_TEMPFAIL if isinstance(error, Retryable) else os.EX_CONFIG) from None
