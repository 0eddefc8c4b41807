"""A service's process: its settings from the environment, its main, and one line for what it cannot go on with."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from reprise_runtime.errors import Refused, RepriseError, Retryable
from reprise_runtime.logs import logger
from reprise_runtime.settings import Settings, WrongSettings, from_environment

_log = logger(__name__)


BEAT = 1.0
"""Seconds between two signs of life."""


def _touch(file: Path) -> None:
    file.touch()  # a few microseconds: nothing that the loop would be held up by


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)


async def _beating(main: Coroutine[Any, Any, None], file: Path | None) -> None:
    """Run a main, and touch a file for as long as its event loop turns: who watches the file sees a process that hangs."""
    if file is None:
        return await main

    async def beat(file: Path) -> None:
        while True:
            _touch(file)
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat(file))
    try:
        await main
    finally:
        beating.cancel()
        _forget(file)


def run_service(main: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a service to its end. What is wrong with its settings, or keeps it out, is one line of its log and an exit code of sysexits.h:
    78 where an operator has to mend something, 75 where the same again may succeed."""
    try:
        settings = from_environment()
    except WrongSettings as error:
        _log.error("wrong settings", error=str(error), advice="correct the variable; `reprise doctor` lists them all")
        raise SystemExit(os.EX_CONFIG) from None
    try:
        asyncio.run(_beating(main(settings), settings.beat))
    except Refused as error:
        _log.error("cannot start", error=error.problem.detail, advice=error.problem.action)
        raise SystemExit(os.EX_CONFIG) from None
    except RepriseError as error:
        _log.error("cannot go on", error=str(error) or type(error).__name__)
        raise SystemExit(os.EX_TEMPFAIL if isinstance(error, Retryable) else os.EX_CONFIG) from None
