"""What an attempt has done so far, for the attempt that starts again after it: pages that were fetched,
summaries that were made.

A note counts within the run that it was written in, and only for the very work that it was written of: a
rerun does its work anew.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field

from reprise_contracts.wire import Malformed, Message, digest
from reprise_research.stores import Store

W = TypeVar("W", bound=Message)


class _Note(Message):
    run: str
    work: str
    done: str = Field(max_length=2_000_000)


@dataclass(frozen=True)
class Notes:
    """The notes of one owner (a session) in one run (a generation). Each piece of work has one place, so old
    notes are overwritten."""

    store: Store
    owner: str
    run: str
    begun: bool = True
    """Whether an attempt may have been here before: the first of a run need not look for notes."""
    worth: float = 0.0
    """Seconds of work that a note is worth; what was done sooner is done again sooner than it is noted and
    read."""

    async def once(
        self,
        kind: str,
        name: str,
        work: object,
        model: type[W],
        do: Callable[[], Awaitable[W]],
        *,
        dear: bool = False,
    ) -> W:
        """What was noted of this work, else what `do` makes of it, noted. `work` is all that the result
        depends on, as JSON; `dear` is what others are asked for, and is noted however quick they were."""
        place = digest([self.owner, kind, name])
        wanted = digest(work)
        kept = await self.store.get_note(place) if self.begun else None
        if kept is not None:
            try:
                note = _Note.decode(kept)
                if (note.run, note.work) == (self.run, wanted):
                    return model.decode(note.done.encode())
            except Malformed:
                pass  # written by another version: the work is done again
        started = time.monotonic()
        done = await do()
        if dear or time.monotonic() - started >= self.worth:
            await self._put(place, wanted, done)
        return done

    async def _put(self, place: str, wanted: str, done: Message) -> None:
        await self.store.put_note(
            place, _Note(run=self.run, work=wanted, done=done.model_dump_json()).model_dump_json().encode()
        )
