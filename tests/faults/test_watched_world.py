"""R36: many watched sources whose pages change in every way, while the processes that look at them are
killed: no change is missed, nothing is told that did not happen, and every session that read it is marked."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest

from faults.random_doors import Saboteur
from faults.watch_auditor import Auditor, Diary, Watched, stale_sources
from faults.watched_world import Change, Kind, Page, World, opened
from integration.doors.house import House
from stack import Shape, until

# As in the test of kills: connections whose server was killed are left to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Json = dict[str, Any]
TOGETHER = 10
"""Sources of a batch: a session names so many causes of one node."""
SESSIONS = 2
"""Sessions of a batch."""
AT_ONCE = 8
"""Batches that are begun or looked at together."""
GRACE = timedelta(seconds=6)
"""After everything is up again: what the killed process had taken comes back when its lease ends."""
PATIENCE = 120.0
"""Seconds until a change has to be told, beside the time between some checks: rules for robots hold for a
minute, and kills take their time."""
LOOKS = 4
"""States that are asked for at once: who looks must not be what holds everything up."""
ENV = {
    "REPRISE_FETCH__ALLOW_LOOPBACK": "true",
    "REPRISE_LIMITS__CHECK_SECONDS": "1",
    "REPRISE_LIMITS__REQUESTS_PER_SECOND": "1e6",
    "REPRISE_LIMITS__REQUESTS_BURST": "1000000",
}
SMALL_KILLS = (("orchestrator", 0.3), ("worker-phase0", 1.0)), (("worker-phase0", 0.5),)
LONG_KILLS = tuple(
    (name, place / 7)
    for place, name in enumerate(("worker-phase0", "orchestrator", "scheduler", "gateway", "nats", "weed"), 1)
)
CLOSED = 16
"""Of so many pages one is closed to robots for a while at the end of the first part. Rules that were read
hold for a minute, but a worker that is killed then reads them anew."""


@dataclass(frozen=True)
class Size:
    """How much happens."""

    sources: int
    changes: int
    every: int
    """Seconds between two checks of a source."""
    shape: Shape
    kills: tuple[tuple[tuple[str, float], ...], ...]
    """What is killed in each part, and when, as a share of its changes. After a part everything is looked at
    at rest."""
    most_seconds: float
    """From a check to the mark, where nothing was killed."""
    window: float
    """Seconds for which unchanged checks are measured."""
    costs: tuple[Kind, ...] = ()
    """What happens to all pages before unchanged checks are measured once more."""
    most_cpu: float | None = None
    """Seconds of a core that an unchanged check may take."""
    patient: bool = False
    """Whether there is time to wait until rules for robots are read anew by themselves."""


@dataclass
class Measured:
    """What a run brought."""

    told: list[float] = field(default_factory=list)
    """Seconds from a fact of a batch to the last session that learnt of it."""
    shown: list[float] = field(default_factory=list)
    """Seconds from a fact of a batch for which the gateway has been seen not to show it of every session; 0
    where it did when it was asked first."""
    whole: list[float] = field(default_factory=list)
    """Seconds from the beginning of a check to the last session that learnt of it."""
    troubled: int = 0
    """Marks that a kill may have held up."""


class Story:
    """One world, and the system that watches it."""

    def __init__(self, house: House, world: World, size: Size, chance: random.Random) -> None:
        self.house, self.world, self.size, self.chance = house, world, size, chance
        self.http = httpx.AsyncClient(base_url=house.url, timeout=30, trust_env=False)
        self.watched: list[Watched] = []
        self.measured = Measured()
        self.patience = PATIENCE + 3 * size.every
        self.looks = asyncio.Semaphore(LOOKS)
        self.idle: dict[str, float] = {}
        """Seconds of a core that each process takes in a second while nothing is watched."""
        self.done = 0
        """Changes of this part that were looked at."""
        self.waiting = 0
        """Changes of rules for robots that nobody has read yet."""
        self.outages: list[tuple[datetime, datetime]] = []
        self.kills: Counter[str] = Counter()

    async def ask(self, path: str, method: str = "GET", **given: Any) -> Json:
        """An answer of the gateway, however often it takes."""

        async def answered() -> httpx.Response | None:
            try:
                answer = await self.http.request(method, path, **given)
            except httpx.TransportError:
                return None
            return answer if answer.status_code < 500 else None

        answer = await until(answered, PATIENCE, f"an answer to {method} {path}")
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    # Beginning

    async def begin(self) -> None:
        """Batches of pages, researched by two sessions each."""
        self.caller = await self.house.caller()
        self.diary = Diary(self.caller)
        await self.diary.begin()
        self.auditor = Auditor(self.caller, self.ask)
        pages = self.world.pages
        groups = [pages[place : place + TOGETHER] for place in range(0, len(pages), TOGETHER)]
        await in_turns([lambda group=group: self._researched(group) for group in groups])  # type: ignore[misc]

    async def _researched(self, pages: Sequence[Page]) -> None:
        name = f"watched-{pages[0].number}"
        body = {"topic": "What do the gauges say? steps=1", "sources": [{"url": page.url} for page in pages]}
        made = await self.ask("/batches", "POST", json=body | {"command_id": name})
        batch, sessions = made["batch_id"], [made["session_id"]]
        await self._at_rest(sessions[0])
        while len(sessions) < SESSIONS:
            more = {"topic": body["topic"], "command_id": f"{name}-{len(sessions)}"}
            made = await self.ask(f"/batches/{batch}/sessions", "POST", json=more)
            sessions.append(made["session_id"])
            await self._at_rest(sessions[-1])
        by_url = {page.url: page for page in pages}
        sources = (await self.ask(f"/batches/{batch}/sources"))["sources"]
        watched = Watched(batch, tuple(sessions), {one["source_id"]: by_url[one["url"]] for one in sources})
        self.watched.append(watched)
        await self._note(watched, sessions)

    async def watch(self) -> None:
        """Every batch is watched from here on."""
        body = {"every": f"{self.size.every}s"}
        for watched in self.watched:
            await self.ask(f"/batches/{watched.batch}/watch", "PUT", json=body)

    async def _at_rest(self, session: str) -> Json:
        async def rested() -> Json | None:
            try:
                state = (await self.http.get(f"/sessions/{session}")).json()
            except httpx.TransportError:
                return None
            over = state.get("nodes", {}).get("phase4", {}).get("status") in {"completed", "failed"}
            return state if over and state["run"] is None and not state["queue"] else None

        state = await until(rested, 300, f"the report of {session}")
        assert state["nodes"]["phase4"]["status"] == "completed", state
        return state

    async def _note(self, watched: Watched, sessions: Sequence[str]) -> None:
        """What sessions have read and spent, now that they rest."""
        for session in sessions:
            watched.read[session] = await self.auditor.editions_read(watched, session)
            watched.spent[session] = (await self.ask(f"/sessions/{session}"))["spent"]
            assert watched.spent[session] > 0

    # Playing

    async def play(self, part: int) -> None:
        """The changes of a part, each looked at before the next one of its page; and kills in between."""
        parts, pages = len(self.size.kills), len(self.world.pages)
        changes = self.size.changes * (part + 1) // parts - self.size.changes * part // parts
        self.done, self.waiting = 0, 0
        lives = [(watched, source) for watched in self.watched for source in watched.pages]
        each, more = divmod(changes, pages)
        tasks = [
            asyncio.create_task(self._live(watched, source, each + (place < more), closes=part == 0))
            for place, (watched, source) in enumerate(lives)
        ]
        tasks.append(asyncio.create_task(self._kill(self.size.kills[part], changes)))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _live(self, watched: Watched, source: str, changes: int, *, closes: bool) -> None:
        """What happens to one page, one thing after the other."""
        page = watched.pages[source]
        await asyncio.sleep(self.chance.uniform(0, self.size.every))
        for place in range(1, changes + 1):
            closed = closes and place == changes and page.number % CLOSED == 1 and page.face.answer == "page"
            change = self.world.change(page, "robots" if closed else None)
            self.waiting += closed
            await self._looked_at(watched, source, change)
            self.waiting -= closed
            self.done += 1
            await asyncio.sleep(self.chance.uniform(0, 0.3))

    async def _looked_at(self, watched: Watched, source: str, change: Change) -> None:
        """A change has been looked at and told, and everybody who read the page shows it."""
        if not change.news:
            found = await self.diary.looked(watched.batch, source, change, self.patience)
            assert found is not None, (
                f"missed: nobody has looked at {source} of {watched.batch} after {change}"
            )
            return
        told = await self.diary.told(watched.batch, source, change, self.patience)
        assert told is not None, (
            f"missed: {change.news} was not told of {source} in {watched.sessions} within "
            f"{self.patience:g} s of {change}{self._why()}"
        )
        marks = []
        for session in watched.sessions:
            mark = await self.diary.marked(session, source, told.check, self.patience)
            assert mark is not None, f"missed: {session} did not learn of {source}: {change}{self._why()}"
            marks.append((mark - told.at).total_seconds())
        shown = 0.0
        if change.news == "changed":
            behind = [await self._shown(watched, source, session, change) for session in watched.sessions]
            shown = max((last - told.at).total_seconds() if last else 0.0 for last in behind)
        if any(begin <= datetime.now(UTC) and told.check.at <= end for begin, end in self.outages):
            self.measured.troubled += 1
            return
        self.measured.told.append(max(marks))
        self.measured.whole.append(max(marks) + (told.at - told.check.at).total_seconds())
        if change.news == "changed":
            self.measured.shown.append(max(shown, 0.0))

    def _why(self) -> str:
        failed = self.diary.failed()
        return f" (the diary ended: {failed!r})" if failed else ""

    async def _shown(self, watched: Watched, source: str, session: str, change: Change) -> datetime | None:
        """Until the gateway shows a mark, or its end; when it was asked last and did not, None if it did at
        once. For how long a look waits for its turn here says nothing of the gateway."""
        last: datetime | None = None
        stale, end = watched.read[session][source] != change.known.text, time.monotonic() + self.patience
        while True:
            async with self.looks:
                began = datetime.now(UTC)
                state = await self.ask(f"/sessions/{session}")
            if (source in stale_sources(state)) == stale:
                return last
            last = began
            word = "missed" if stale else "false"
            assert time.monotonic() < end, f"{word}: the mark of {source} in {session}, after {change}"
            await asyncio.sleep(0.1)

    async def _kill(self, kills: Sequence[tuple[str, float]], changes: int) -> None:
        """One process after the other, each once a share of the changes was looked at; it comes back before
        the next one goes."""
        for name, share in kills:

            async def due(share: float = share) -> bool:
                return self.done + self.waiting >= changes * share

            await until(due, 3_600, f"the time to kill {name}")
            began = datetime.now(UTC)
            self.outages.append((began, datetime.max.replace(tzinfo=UTC)))
            await asyncio.to_thread(self.house.kill, name)
            await asyncio.sleep(self.chance.uniform(0.0, 2.0))
            await asyncio.to_thread(self.house.restart, name)
            await Saboteur(self.house, self.chance).mend()
            self.outages[-1] = (began, datetime.now(UTC) + GRACE)
            self.kills[name] += 1

    # Rest

    async def audit(self) -> None:
        """Look at everything; name whatever is missed or false."""
        await in_turns([lambda one=one: self.auditor.audit(one) for one in self.watched])  # type: ignore[misc]
        assert not self.auditor.faults, "\n".join(self.auditor.faults)

    async def refresh_some(self) -> None:
        """One session of every other batch is brought up to date: it reads what is stored now."""

        async def refreshed(watched: Watched) -> None:
            session = watched.sessions[0]
            state = await self.ask(f"/sessions/{session}")
            if state["nodes"]["phase0"]["freshness"] != "stale":
                return
            body = {"batch_id": watched.batch, "session_id": session}
            name = f"refresh-{session}-{state['seq']}"
            await self.ask("/workflow/refresh", "POST", json=body | {"command_id": name})

            async def over() -> bool:
                view = await self.ask(f"/sessions/{session}/commands/{name}")
                return view["status"] in {"completed", "failed", "refused", "cancelled"}

            await until(over, 120, f"the refresh of {session}")
            await self._at_rest(session)
            await self._note(watched, [session])

        await in_turns([lambda one=one: refreshed(one) for one in self.watched[::2]])  # type: ignore[misc]

    async def rest(self) -> None:
        """Measure what the processes take while nothing is watched."""
        self.idle, _ = await self._window()

    async def _window(self) -> tuple[dict[str, float], int]:
        """Seconds of a core that each process takes in a second; and the checks of a window."""
        before, checks, began = processor_times(self.house), self.diary.checks, time.monotonic()
        await asyncio.sleep(self.size.window)
        after, seconds = processor_times(self.house), time.monotonic() - began
        rates = {name: (spent - before.get(name, 0.0)) / seconds for name, spent in after.items()}
        return rates, self.diary.checks - checks

    async def measure(self, what: str) -> float:
        """Seconds of a core that one check takes, of all processes together, while nothing happens to the
        pages; without what they take when nothing is watched."""
        checks = self.diary.checks

        async def all_were_looked_at() -> bool:
            return self.diary.checks >= checks + len(self.world.pages) * 5 // 4

        await until(all_were_looked_at, 300, "a check of each source")
        rates, looked = await self._window()
        a_second = looked / self.size.window
        each = {name: 1_000 * (rate - self.idle.get(name, 0.0)) / a_second for name, rate in rates.items()}
        shares = ", ".join(f"{name} {cost:.2f}" for name, cost in sorted(each.items()))
        total, at_rest = sum(each.values()), 1_000 * sum(self.idle.values()) / a_second
        print(
            f"{looked} checks of {what}, {a_second:.0f} a second: {total:.2f} ms of a core each ({shares}), "
            f"and {at_rest:.2f} ms that are taken at rest as well",
            flush=True,
        )
        return total / 1_000

    async def end(self) -> None:
        await self.diary.close()
        await self.http.aclose()
        await self.house.close_callers()


async def in_turns(pieces: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """All of them, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(piece: Callable[[], Awaitable[None]]) -> None:
        async with room:
            await piece()

    await asyncio.gather(*(one(piece) for piece in pieces))


def processor_times(house: House) -> dict[str, float]:
    """The seconds of a core that each process has taken, its children included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = int(fields[11]) + int(fields[12])
    ours = {process.pid: name for name, process in house.processes.items()}
    ours |= {house.nats.pid or 0: "nats", house.weed.pid or 0: "weed"}
    found: Counter[str] = Counter()
    for pid, spent in ticks.items():
        above = pid
        while above and above not in ours:
            above = parents.get(above, 0)
        if above:
            found[ours[above]] += spent
    return {name: spent / os.sysconf("SC_CLK_TCK") for name, spent in found.items()}


def in_words(seconds: list[float]) -> str:
    """The median, the 99th percentile and the longest."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    return (
        f"{median(ordered):.3f} s in the middle, {ordered[int(0.99 * (len(ordered) - 1))]:.3f} s at 99 "
        f"percent, {ordered[-1]:.3f} s at most, of {len(ordered)}"
    )


async def story(folder: Path, size: Size, seed: int) -> None:
    """Research, watch, measure what a check costs; then parts of changes and kills, each followed by a look
    at everything."""
    chance = random.Random(seed)
    print(f"\nseed {seed}: {size.sources} sources, {size.changes} changes", flush=True)
    house = House(folder, ENV, engine="tests.faults.fickle:Fickle", shape=size.shape)
    async with opened(size.sources, chance, robots=size.patient) as world:
        try:
            await asyncio.to_thread(house.open)
            told = Story(house, world, size, chance)
            began = time.monotonic()
            await told.begin()
            print(f"{time.monotonic() - began:.0f} s of research", flush=True)
            await told.rest()
            await told.watch()
            cost = await told.measure("unchanged pages")
            for kind in size.costs:
                for page in world.pages:
                    world.change(page, kind)
                await told.measure(f"pages with another {kind}")
            for part in range(len(size.kills)):
                began = time.monotonic()
                await told.play(part)
                print(f"part {part + 1}: {told.done} changes in {time.monotonic() - began:.0f} s", flush=True)
                await told.audit()
                await told.refresh_some()
            await told.audit()
            _tell(told)
            info = await told.caller.bus.api("STREAM.INFO.DLQ")
            assert info["state"]["messages"] == 0, "something could not be understood"
            late = max([*told.measured.shown, *told.measured.told], default=0)
            assert late <= size.most_seconds, f"a mark came {late:.1f} s after its check was told"
            assert size.most_cpu is None or cost < size.most_cpu, "an unchanged check is dear"
            await told.end()
        finally:
            await house.close_callers()
            await asyncio.to_thread(house.stop_all)


def _tell(story: Story) -> None:
    news = Counter(change.news or "nothing" for page in story.world.pages for change in page.changes)
    print(
        f"{dict(story.world.kinds)}\ntold of them: {dict(news)}; killed: {dict(story.kills)}; "
        f"{story.diary.checks} checks; {story.auditor.looked_at} texts in the bucket, 0 missed, 0 false\n"
        f"from a fact of the batch to the last session's log: {in_words(story.measured.told)}\n"
        f"from the beginning of its check to that: {in_words(story.measured.whole)}\n"
        f"not yet shown by the gateway after the fact for: {in_words(story.measured.shown)}\n"
        f"{story.measured.troubled} more may have been held up by a kill",
        flush=True,
    )


async def test_r36_no_change_of_a_watched_page_is_missed_and_none_is_made_up(tmp_path: Path) -> None:
    """A small world."""
    size = Size(
        sources=40, changes=200, every=1, shape="compact", kills=SMALL_KILLS, most_seconds=10, window=2.0
    )
    await story(tmp_path, size, int(os.environ.get("REPRISE_TEST_SEED", "36")))


@pytest.mark.long
async def test_r36_a_thousand_watched_pages_and_ten_thousand_changes(tmp_path: Path) -> None:
    """The long run of `make faults`, every time another one."""
    sources = int(os.environ.get("REPRISE_TEST_WATCHED_SOURCES", "1000"))
    changes = int(os.environ.get("REPRISE_TEST_WATCHED_CHANGES", "10000"))
    size = Size(
        sources=sources,
        changes=changes,
        every=max(1, sources // 22),
        shape="spread",
        kills=2 * (LONG_KILLS,),
        most_seconds=2,
        window=30.0,
        costs=("footer",),
        most_cpu=0.005,
        patient=True,
    )
    await story(tmp_path, size, int(os.environ.get("REPRISE_TEST_SEED", str(random.randrange(10**6)))))
