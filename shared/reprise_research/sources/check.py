"""A check of a watched source (R36): asked for as politely as ever, and compared by its extracted text.

A page that answers 304, or whose text is the one that is stored, has not changed, whatever its bytes, dates
and advertisements say. What is read on the way is stored only if it is another text.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from reprise_contracts.sources import Check, CheckOutcome, FailureReason, Source, Stored, StoredSource
from reprise_research.errors import TextMissing
from reprise_research.sources.acquire import Acquired, Desk, acquire, read_again
from reprise_research.sources.failures import SourceFailed
from reprise_research.stores import MemoryStore, Store
from reprise_research.text.words import shorten

_OUTCOMES: Mapping[FailureReason, CheckOutcome] = {
    "not_found": "gone",
    "forbidden": "forbidden",
    "paywall": "forbidden",
    "robots": "forbidden",
    "challenge": "challenge",
}
"""What a failure means for a source that could be read before; anything else may pass by itself."""
_NAMED = 3
"""New sources that a check names."""


class Alike:
    """Downloads that hold the text that is stored, though their bytes are others: what stands beside a text
    changes once and stays, and need not be read at every check. Of so many the last ones are remembered."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str | None, str], None] = OrderedDict()

    def add(self, kept: Stored, raw_sha256: str) -> None:
        """A download was read, and holds the text that is kept."""
        if raw_sha256 != kept.raw_sha256:
            self._known[kept.text_sha256, raw_sha256] = None
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def says_the_same(self, kept: Stored, raw_sha256: str) -> bool:
        """Whether a download is known to hold the text that is kept."""
        pair = (kept.text_sha256, raw_sha256)
        if pair in self._known:
            self._known.move_to_end(pair)
            return True
        return raw_sha256 == kept.raw_sha256


class _Aside(MemoryStore):
    """Reads from a store, and keeps what is put aside until it is known to be worth keeping."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def get_raw(self, sha256: str) -> bytes:
        """See `Store`."""
        return self._raw[sha256] if sha256 in self._raw else await self._store.get_raw(sha256)

    async def get_text(self, sha256: str) -> str:
        """See `Store`."""
        return self._texts[sha256] if sha256 in self._texts else await self._store.get_text(sha256)

    async def keep(self) -> None:
        """Put everything into the store."""
        for data in self._raw.values():
            await self._store.put_raw(data)
        for text in self._texts.values():
            await self._store.put_text(text)


async def check(
    source: Source, desk: Desk, at: datetime, *, add: bool = False, alike: Alike | None = None
) -> tuple[Check, tuple[StoredSource, ...]]:
    """What a source is now, and what that changes in its batch: nothing where it stands as it did.

    `add`: what a source holds anew comes with it. `alike`: what checks before this one have read. Raises
    `ResearchError` for what is not the source's fault."""
    aside, alike = _Aside(desk.store), alike or Alike()
    kept = source.stored if source.stored is not None and source.stored.text_sha256 is not None else None
    try:
        now = await acquire(source, kept, replace(desk, store=aside, says_the_same=alike.says_the_same))
    except SourceFailed as failed:
        outcome: CheckOutcome = _OUTCOMES.get(failed.reason, "failed")
        found = Check(outcome=outcome, at=at, detail=failed.detail)
        return _told(source, found) if kept is not None else (found, ())  # it never could be read
    stored = now.stored
    if kept is not None and await _says_the_same(source, kept, stored, replace(desk, store=aside)):
        if stored.raw_sha256 is not None:
            alike.add(kept, stored.raw_sha256)
        if stored.moved_to is not None and stored.moved_to != kept.moved_to:
            return _told(source, Check(outcome="moved", at=at, moved_to=stored.moved_to))
        return _told(source, Check(outcome="unchanged", at=at))
    new = [one for one in now.held if kept is None or one.source_id not in (kept.holds or ())]
    if kept is not None and (kept.holds is not None or stored.holds is not None) and not add:
        more = Check(outcome="found_more", at=at, detail=_more(new), text_sha256=stored.text_sha256)
        return _told(source, more)
    await aside.keep()
    return _told(source, Check(outcome="changed", at=at, moved_to=stored.moved_to), now)


async def _says_the_same(source: Source, kept: Stored, now: Stored, desk: Desk) -> bool:
    """Whether two texts are one. Where they differ, the older download is read with the code of today: what a
    better reader makes of the same page is no change of the page."""
    if kept.text_sha256 == now.text_sha256:
        return True
    if kept.raw_sha256 is None or source.search is not None:
        return False
    try:
        await desk.store.get_raw(kept.raw_sha256)
        again = await read_again(source, kept, desk)
    except (TextMissing, SourceFailed):
        return False
    return again.stored.text_sha256 == now.text_sha256


def _told(
    source: Source, found: Check, now: Acquired | None = None
) -> tuple[Check, tuple[StoredSource, ...]]:
    stored = now.stored if now is not None else None
    told = StoredSource(source_id=source.source_id, stored=stored, check=found, revision=source.revision)
    if told.after(source) == source:
        return found, ()
    known = source.stored.holds or () if source.stored is not None else ()
    held = (one for one in (now.held if now is not None else ()) if one.source_id not in known)
    return found, (told, *(StoredSource(source_id=one.source_id, source=one) for one in held))


def _more(new: list[Source]) -> str:
    if not new:
        return "It holds fewer sources than before."
    names = ", ".join(shorten(one.title or one.url or one.source_id, 80) for one in new[:_NAMED])
    more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
    return f"It holds new sources: {names}{more}."
