"""What is told of watched sources, held against what their pages are in truth.

A `Diary` notes when the log told what. An `Auditor` believes neither it nor the rules: at rest it reads the
texts and the artifacts in the bucket, sees in them which edition of a page is stored and which one each
session has read, and says which sessions must be out of date for which source, and of which change each told
fact is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from faults.watched_world import Change, Page, edition_of
from reprise_contracts import events as e
from reprise_contracts import subjects
from reprise_contracts.artifacts import Phase0
from reprise_contracts.sources import Check, StoredSource
from reprise_contracts.watches import Checked
from reprise_runtime.errors import ObjectMissing
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.nats.session_log import Entry
from stack import Caller, until

Json = dict[str, Any]
T = TypeVar("T")
Key = tuple[str, str]
"""A batch or a session, and a source."""
SOURCE = "source/"


@dataclass
class Watched:
    """A batch of watched pages, by source, and its sessions."""

    batch: str
    sessions: tuple[str, ...]
    pages: dict[str, Page]
    spent: dict[str, int] = field(default_factory=dict)
    """Tokens of each session when its runs were over."""
    read: dict[str, dict[str, int]] = field(default_factory=dict)
    """The editions that each session has read, by source."""


@dataclass(frozen=True)
class Told:
    """What a check told its batch."""

    at: datetime
    """When it was committed."""
    item: StoredSource

    @property
    def check(self) -> Check:
        if self.item.check is None:
            raise AssertionError("only checks are told here")
        return self.item.check


def told_in(entry: Entry) -> Iterator[Told]:
    """What checks told in a commit of a batch."""
    for event in entry.commit.events:
        if isinstance(event, e.SourcesStored):
            yield from (Told(entry.commit.at, item) for item in event.stored if item.check is not None)


class Diary:
    """Follows the log and the checks, through every kill of their server."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._told: defaultdict[Key, list[Told]] = defaultdict(list)
        self._checked: dict[Key, Check] = {}
        self._marked: dict[tuple[str, str, datetime], datetime] = {}
        """By session, source and time of a check: when the session learnt of it."""
        self._news: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._tasks: list[asyncio.Task[None]] = []
        self.checks = 0

    async def begin(self) -> None:
        """Note everything from here on."""
        opened = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._follow_log(opened)),
            asyncio.create_task(self._follow_checks()),
        ]
        await opened.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def failed(self) -> BaseException | None:
        """Why nothing is noted any more."""
        return next((task.exception() for task in self._tasks if task.done()), None)

    async def _follow_log(self, opened: asyncio.Event) -> None:
        async with self._caller.log.follow() as following:
            await following.opened.wait()
            opened.set()
            async for entry in following:
                self._note(entry)

    def _note(self, entry: Entry) -> None:
        for told in told_in(entry) if entry.commit.batch is None else ():
            self._told[entry.id, told.item.source_id].append(told)
            self._wake(told.item.source_id)
        for event in entry.commit.events:
            if isinstance(event, e.SourcesChanged):
                for source in event.sources:
                    if source.check is not None:
                        place = (entry.id, source.source_id, source.check.at)
                        self._marked.setdefault(place, entry.commit.at)
                        self._wake(source.source_id)

    async def _follow_checks(self) -> None:
        checks = OrderedConsumer(self._caller.bus, subjects.WATCHES, subjects.ALL_CHECKED, start="new")
        async with checks:
            async for message in checks:
                *_, batch, source = message.subject.split(".")
                self._checked[batch, source] = Checked.decode(message.data).check
                self.checks += 1
                self._wake(source)

    def _wake(self, source: str) -> None:
        self._news.pop(source, asyncio.Event()).set()

    async def _until(self, source: str, found: Callable[[], T | None], seconds: float) -> T | None:
        """The first answer that is not None; None where there is none in time."""
        try:
            async with asyncio.timeout(seconds):
                while (answer := found()) is None:
                    await self._news[source].wait()
                return answer
        except TimeoutError:
            return None

    async def told(self, batch: str, source: str, change: Change, seconds: float) -> Told | None:
        """What was told of a change, once it is; None where it is not."""

        def found() -> Told | None:
            news = self._told[batch, source]
            return next((one for one in news if _is_of(one, change)), None)

        return await self._until(source, found, seconds)

    async def looked(self, batch: str, source: str, change: Change, seconds: float) -> Check | None:
        """A check that began after a change, and found something."""

        def found() -> Check | None:
            last = self._checked.get((batch, source))
            return last if last is not None and last.at >= change.at and not _is_vain(last, change) else None

        return await self._until(source, found, seconds)

    async def marked(self, session: str, source: str, check: Check, seconds: float) -> datetime | None:
        """When a session learnt of a check."""
        return await self._until(source, lambda: self._marked.get((session, source, check.at)), seconds)


def _is_of(told: Told, change: Change) -> bool:
    """Whether this was told of a change. A check may have begun before the page changed, and asked for it
    after that."""
    return told.at >= change.at and told.check.outcome == change.news


def _is_vain(check: Check, change: Change) -> bool:
    """Whether a check says only that its workers were lost, or the store was away."""
    return check.outcome == "failed" and change.known.standing != "failed"


class Auditor:
    """Looks at everything at rest."""

    def __init__(self, caller: Caller, ask: Callable[[str], Awaitable[Json]]) -> None:
        self._caller = caller
        self._ask = ask
        """An answer of the gateway."""
        self.faults: list[str] = []
        self.looked_at = 0
        """Pairs of a session and a source."""

    async def audit(self, watched: Watched) -> None:
        """Find what is missed or false in one batch."""
        await self._facts(watched)
        await self._shown(watched)
        stored = await self._stored(watched)
        for session in watched.sessions:
            watched.read[session] = await self.editions_read(watched, session)
            await self._session(watched, session, stored)

    async def _facts(self, watched: Watched) -> None:
        """Each change was told once, as what it was, and nothing else was told."""
        facts: dict[str, list[Told]] = {source: [] for source in watched.pages}
        for entry in await until(lambda: self._caller.log.read(watched.batch), 60, "the log of a batch"):
            for told in told_in(entry):
                facts[told.item.source_id].append(told)
        for source, page in watched.pages.items():
            left = facts[source]
            for change in page.changes:
                if not change.news:
                    continue
                if left and _is_of(left[0], change):
                    left.pop(0)
                else:
                    self.faults.append(f"missed: {change}, of which {change.news} was to be told of {source}")
                    break
            for told in left:
                said = f"{told.check.outcome} by the check of {told.check.at:%H:%M:%S.%f} of {source}"
                last = [change for change in page.changes if change.at <= told.check.at]
                self.faults.append(
                    f"false: {said}, after {last[-1] if last else f'page {page.number} began'}"
                )

    async def _shown(self, watched: Watched) -> None:
        """The gateway shows of each source how it stands."""
        view = await self._ask(f"/batches/{watched.batch}/watch")
        shown = {one["source_id"]: one for one in view["sources"]}
        for source, page in watched.pages.items():
            news = shown[source]["news"]
            outcome = news["outcome"] if news else ""
            standing = "" if outcome in {"changed", "unchanged"} else outcome
            if standing != page.known.standing:
                self.faults.append(f"shown as {outcome or 'fresh'}: {source} after {_last(page)}")
            if standing == "moved" and news["moved_to"] != page.site.url(page.elsewhere):
                self.faults.append(f"moved to {news['moved_to']}: {source} after {_last(page)}")

    async def _stored(self, watched: Watched) -> dict[str, int]:
        """The edition of each source that the bucket has under the text that the batch names."""
        batch = await until(lambda: self._caller.batch(watched.batch), 60, "a batch")
        found: dict[str, int] = {}
        for source, page in watched.pages.items():
            kept = batch.sources[source].stored
            text = await self._text(watched.batch, kept.text_sha256 if kept is not None else None)
            found[source] = self._edition(text, page, f"what is stored of {source}")
            if found[source] != page.known.text:
                self.faults.append(
                    f"stored is edition {found[source]}, not {page.known.text}: {source} after {_last(page)}"
                )
        return found

    async def editions_read(self, watched: Watched, session: str) -> dict[str, int]:
        """The editions that a session has read, by the artifact of its phase 0 in the bucket."""
        prefix = subjects.artifact_prefix(watched.batch, session, "phase0")

        async def one_artifact() -> str | None:
            keys = [key async for key, _ in self._caller.store.list(prefix) if key.endswith(".json")]
            return keys[0] if len(keys) == 1 else None

        key = await until(one_artifact, 60, f"one artifact below {prefix}")
        document = Phase0.read(await self._caller.store.get(key))
        found: dict[str, int] = {}
        for source in document.sources:
            page = watched.pages[source.source_id]
            text = await self._text(watched.batch, source.text_sha256)
            found[source.source_id] = self._edition(text, page, f"what {session} read of {source.source_id}")
        return found

    async def _text(self, batch: str, sha256: str | None) -> str | None:
        if sha256 is None:
            return None
        try:
            return (await self._caller.store.get_verified(subjects.text_key(batch, sha256), sha256)).decode()
        except ObjectMissing:
            return None

    def _edition(self, text: str | None, page: Page, what: str) -> int:
        self.looked_at += 1
        if text is None:
            self.faults.append(f"not in the bucket: {what}, after {_last(page)}")
            return 0
        number, edition = edition_of(text) or (0, 0)
        if number != page.number:
            self.faults.append(f"no text of page {page.number}: {what}, after {_last(page)}")
        return edition

    async def _session(self, watched: Watched, session: str, stored: dict[str, int]) -> None:
        """A session is out of date for those sources whose edition it has not read, and no others; it was
        told how each stands, and nothing was run."""
        read = watched.read[session]
        state = await self._ask(f"/sessions/{session}")
        expected = {source for source in watched.pages if read[source] != watched.pages[source].known.text}
        shown = stale_sources(state)
        for source in sorted(expected ^ shown):
            word = "missed" if source in expected else "false"
            page = watched.pages[source]
            self.faults.append(
                f"{word}: the mark of {source} in {session}, which has read edition {read[source]} of what "
                f"is now edition {page.known.text} (stored is {stored[source]}), after {_last(page)}"
            )
        wanted = "stale" if expected else "fresh"
        for node, view in state["nodes"].items():
            if view["freshness"] != wanted:
                self.faults.append(
                    f"{node} of {session} is {view['freshness']}, not {wanted}: {sorted(expected)}"
                )
        folded = await until(lambda: self._caller.session(session), 60, "a session")
        for source, page in watched.pages.items():
            check = folded.sources[source].source.check
            outcome = check.standing[0] if check is not None else ""
            if outcome != page.known.standing:
                self.faults.append(f"{session} knows {source} as {outcome or 'fresh'}, after {_last(page)}")
        if state["spent"] != watched.spent[session] or state["run"] is not None:
            self.faults.append(f"{session} has spent {state['spent']} tokens, not {watched.spent[session]}")


def stale_sources(state: Json) -> set[str]:
    """The sources for which a session's phase 0 is out of date."""
    causes = state["nodes"]["phase0"]["causes"]
    return {
        cause["node"].removeprefix(SOURCE)
        for cause in causes
        if cause["reason"] == "source_changed" and cause["node"].startswith(SOURCE)
    }


def _last(page: Page) -> str:
    return str(page.changes[-1]) if page.changes else f"page {page.number} began"
