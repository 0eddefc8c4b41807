"""Several services in one process, each as it is alone: with a thread, an event loop, a connection and rights
of its own.

What they share is the interpreter and what it has imported, which is most of what an idle service weighs.
They share no loop, so that none of them is held up by what another one computes; whatever objects are handed
to several must bear threads. They live and die together: the end of one, in whatever way, ends all.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from reprise_runtime import metrics, tracing
from reprise_runtime.logs import setup
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.service import ENDING, OnEnd, run_service
from reprise_runtime.settings import Settings

Main = Callable[[Settings, OnEnd], Coroutine[Any, Any, None]]


def run_together(name: str, services: Mapping[str, Main]) -> None:
    """Run the mains of these roles to their end, in one process of this name; see `run_service`."""
    together = Together(name, services)
    run_service(together.run, together.pulse)


def as_role(settings: Settings, role: str) -> Settings:
    """The settings of one service among several: its user on both servers, where `secrets` has a secret for
    it. The process serves the figures of all."""
    own: dict[str, object] = {"metrics": settings.metrics.model_copy(update={"port": None}), "secrets": {}}
    secret = settings.secrets.get(role)
    if secret is not None:
        own["nats"] = settings.nats.model_copy(update={"user": role, "password": secret})
        if role in WRITES:
            own["s3"] = settings.s3.model_copy(update={"access_key": user_of(role), "secret_key": secret})
    return settings.model_copy(update=own)


class Together:
    """The services of one process."""

    def __init__(self, name: str, services: Mapping[str, Main]) -> None:
        self._name = name
        self._members = {role: _Member(main) for role, main in services.items()}

    async def run(self, settings: Settings) -> None:
        """Run them until one ends or the process is asked to end; then all of them end. Raises what the first
        one raised."""
        setup(settings.log, self._name)
        metrics.serve(settings.metrics, self._name)
        tracing.setup(self._name)
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._end)
        with ThreadPoolExecutor(len(self._members)) as threads:
            running = [
                loop.run_in_executor(threads, member.run, as_role(settings, role))
                for role, member in self._members.items()
            ]
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            self._end()
            await asyncio.wait(running)
        tracing.shutdown()
        for ended in (*done, *running):
            ended.result()

    async def pulse(self) -> None:
        """Return once the loop of each of them has turned."""
        for member in self._members.values():
            await member.turn()

    def _end(self) -> None:
        for member in self._members.values():
            member.end()


class _Member:
    """One service and its thread. `run` is called in the thread, `end` and `turn` from outside."""

    def __init__(self, main: Main) -> None:
        self._main = main
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = False
        self._call: Callable[[], object] | None = None

    def run(self, settings: Settings) -> None:
        """Run it to its end."""
        try:
            asyncio.run(self._run(settings))
        finally:
            self._loop = None

    async def _run(self, settings: Settings) -> None:
        task = asyncio.ensure_future(self._main(settings, self._on_end))
        self._call = task.cancel  # it may still be waiting for its servers
        self._loop = asyncio.get_running_loop()
        if self._asked:
            self._ended()
        try:
            await task
        except asyncio.CancelledError:
            if not self._asked:
                raise

    def _on_end(self, end: Callable[[], object]) -> None:
        self._call = end

    def _ended(self) -> None:
        """Call what the service named, once."""
        call, self._call = self._call, None
        if call is not None:
            call()

    def end(self) -> None:
        """Ask it to end."""
        self._asked = True
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just ended by itself
                loop.call_soon_threadsafe(self._ended)

    async def turn(self) -> None:
        """Return once its loop has turned, or when it has none."""
        loop = self._loop
        if loop is None:
            return
        turned = asyncio.Event()
        own = asyncio.get_running_loop()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(own.call_soon_threadsafe, turned.set)
            await turned.wait()
