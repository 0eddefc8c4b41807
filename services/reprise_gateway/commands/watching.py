"""Watched sources (R36) as they are asked for and shown."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

from reprise_contracts import subjects
from reprise_contracts.commands import SetWatch
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.watches import (
    Checked,
    UnwatchCall,
    Watch,
    WatchCall,
    WatchedSource,
    WatchView,
    watched,
)
from reprise_contracts.wire import Malformed
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.batch_service import BatchService
from reprise_runtime.errors import Refused
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus

LastChecks = Callable[[str, Sequence[str]], Awaitable[Mapping[str, Checked]]]
"""The last checks of a batch's sources, by source; raises `Unavailable`."""
_log = logger(__name__)


async def nothing_checked(batch_id: str, source_ids: Sequence[str]) -> Mapping[str, Checked]:
    """No check, where nobody can look."""
    return {}


def last_checks(bus: Bus) -> LastChecks:
    """Looks into WATCHES."""

    async def look(batch_id: str, source_ids: Sequence[str]) -> Mapping[str, Checked]:
        wanted = [subjects.checked(batch_id, source_id) for source_id in source_ids]
        found: dict[str, Checked] = {}
        for subject, message in (await bus.last_of_each(subjects.WATCHES, wanted)).items():
            try:
                found[subjects.watched_source(subject)] = Checked.decode(message.data)
            except Malformed as error:
                _log.error("a check cannot be read", subject=subject, error=str(error))
        return found

    return look


class Watching:
    """Sets watches and shows them."""

    def __init__(self, batches: BatchService, looked: LastChecks, shortest: float) -> None:
        self._batches = batches
        self._looked = looked
        self._shortest = shortest

    async def watch(self, call: WatchCall, caller: Caller) -> WatchView:
        """Look at a source, or at all of a batch, at these times."""
        if call.every and call.seconds < self._shortest:
            raise Refused(
                Problem(
                    type="invalid",
                    field="every",
                    detail=f"A source is looked at every {self._shortest:g} seconds at most.",
                    action="Name a longer time, for example 6h.",
                )
            )
        return await self._set(call.batch_id, call.source_id, call.watch, call.command_id, caller)

    async def unwatch(self, call: UnwatchCall, caller: Caller) -> WatchView:
        """Look no longer."""
        return await self._set(call.batch_id, call.source_id, None, call.command_id, caller)

    async def _set(
        self,
        batch_id: str,
        source_id: str | None,
        watch: Watch | None,
        command_id: str | None,
        caller: Caller,
    ) -> WatchView:
        command = SetWatch(
            command_id=command_id or uuid4().hex,
            by=caller.by,
            trace=caller.trace,
            source_id=source_id,
            watch=watch,
        )
        decided = await self._batches.watch(batch_id, command)
        shown = await self.show(batch_id)
        return shown if decided else shown.model_copy(update={"undecided": command.command_id})

    async def show(self, batch_id: str) -> WatchView:
        """What is watched, and how it stands."""
        batch = await self._batches.batch(batch_id)
        found = {} if batch.ended else watched(batch.sources, batch.watches)
        checks = await self._looked(batch_id, tuple(found)) if found else {}
        return WatchView(
            batch_id=batch_id,
            watch=batch.watches.get(""),
            sources=tuple(
                _shown(batch.sources[name], watch, checks.get(name)) for name, watch in found.items()
            ),
        )


def _shown(source: Source, watch: Watch, last: Checked | None) -> WatchedSource:
    stored = source.stored.title if source.stored is not None else None
    return WatchedSource(
        source_id=source.source_id,
        title=source.title or stored,
        url=source.url,
        watch=watch,
        news=source.check,
        checked=last.check if last is not None else None,
    )
