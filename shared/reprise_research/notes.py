"""What an attempt has done so far, for the attempt that starts again after it: pages that were fetched, summaries that were made.

A note counts within the run that it was written in, and only for the very work that it was written of: a rerun does its work anew.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field

from reprise_contracts.wire import Malformed, Wire, digest
from reprise_research.stores import Store

W = TypeVar("W", bound=Wire)


class _Note(Wire):
    run: str
    work: str
    done: str = Field(max_length=2_000_000)


@dataclass(frozen=True)
class Notes:
    """The notes of one owner (a session) in one run (a generation). Each piece of work has one place, so old notes are overwritten."""

    store: Store
    owner: str
    run: str

    async def once(self, kind: str, name: str, work: object, model: type[W], do: Callable[[], Awaitable[W]]) -> W:
        """What was noted of this work, else what `do` makes of it, noted. `work` is all that the result depends on, as JSON."""
        place = digest([self.owner, kind, name])
        wanted = digest(work)
        kept = await self.store.get_note(place)
        if kept is not None:
            try:
                note = _Note.decode(kept)
                if (note.run, note.work) == (self.run, wanted):
                    return model.decode(note.done.encode())
            except Malformed:
                pass  # written by another version: the work is done again
        done = await do()
        await self.store.put_note(place, _Note(run=self.run, work=wanted, done=done.model_dump_json()).model_dump_json().encode())
        return done
