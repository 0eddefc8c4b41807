"""Ending tasks for certain.

A task that is cancelled goes on if something on its way takes the cancellation for its own.
`asyncio.wait_for` of Python 3.11 does so where what it waits for comes at the same moment, and so does
whatever is built on it; a `TaskGroup` then waits for ever. Nothing of ours calls it (a lint rule);
libraries may.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

AGAIN = 2.0
"""Seconds after which a task that was cancelled and goes on is cancelled again: longer than it needs to tidy
up."""


async def end(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks until all of them are over, whatever they end with. If the caller is cancelled meanwhile,
    that is told when they are."""
    told: asyncio.CancelledError | None = None
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        try:
            _, left = await asyncio.wait(left, timeout=AGAIN)
        except asyncio.CancelledError as error:
            told, left = error, {task for task in left if not task.done()}
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it was asked to end; how it did is nobody's concern
    if told is not None:
        raise told


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run side by side until the first fails, or all are done; the others are then ended. Raises what the
    first raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await end(*tasks)
