"""R36 on the running system: JetStream's schedules, checks by the workers of phase 0, facts of the batch, and
what follows in its sessions."""

from collections.abc import AsyncIterator

import pytest

from domain_asking import stale_nodes
from integration.research.research_server import PageServer, Reply
from reprise_contracts import subjects
from reprise_contracts.commands import EndBatch, SetWatch
from reprise_contracts.sources import Source
from reprise_contracts.watches import Checked, Watch
from reprise_contracts.wire import derived_id
from reprise_domain.batch import Batch
from reprise_domain.state import WATCH
from stack import Caller, Stack, until

PAGE = (
    "<html><head><title>Lake %s</title></head><body><article>"
    "<p>The level of the lake fell by %d centimetres last summer, says the authority of the lake.</p>"
    "<p>Fishing fell by 12 percent in the same season, and farms had to save water for themselves.</p>"
    "<p>Nobody knows what the next year will bring to the shore, nor to the boats in the harbour.</p>"
    "</article><footer>%s</footer></body></html>"
)
OFTEN = Watch(every="1s")


def page(name: str, level: int, footer: str = "") -> Reply:
    return Reply((PAGE % (name, level, footer)).encode())


@pytest.fixture
async def site() -> AsyncIterator[PageServer]:
    async with PageServer() as started:
        started.pages["/robots.txt"] = Reply(b"", 404)
        yield started


async def researched(caller: Caller, site: PageServer, name: str, pages: int) -> tuple[str, str]:
    """A batch of pages whose session has come to its end."""
    sources = []
    for place in range(1, pages + 1):
        site.pages[f"/{place}"] = page(str(place), 40 + place)
        sources.append(Source(source_id=f"src-{place}", url=site.url(f"/{place}")))
    batch_id, session_id = await caller.create(name, "How low is the lake?", tuple(sources))

    async def prepared() -> bool:
        session = await caller.session(session_id)
        return session is not None and session.node("phase4").materialization is not None

    await until(prepared, 90, "the report")
    await caller.at_rest(session_id)
    return batch_id, session_id


async def checked(caller: Caller, batch_id: str, source_id: str, since: int = 0) -> tuple[int, Checked]:
    """The last check of a source that is later than a place in the stream."""

    async def found() -> tuple[int, Checked] | None:
        last = await caller.bus.last(subjects.WATCHES, subjects.checked(batch_id, source_id))
        return (last.seq, Checked.decode(last.data)) if last is not None and last.seq > since else None

    return await until(found, 60, f"a check of {source_id}")


async def batch_where(caller: Caller, batch_id: str, source_id: str, outcome: str) -> Batch:
    """The batch once a check of a source has told this."""

    async def told() -> Batch | None:
        batch = await caller.batch(batch_id)
        found = batch.sources[source_id].check if batch is not None else None
        return batch if found is not None and found.outcome == outcome else None

    return await until(told, 60, f"{source_id} {outcome}")


async def subjects_in(caller: Caller, wildcard: str) -> set[str]:
    info = await caller.bus.api(f"STREAM.INFO.{subjects.WATCHES}", {"subjects_filter": wildcard})
    return set(info["state"].get("subjects") or {})


async def commits(caller: Caller, batch_id: str) -> int:
    return len(await caller.log.read(batch_id))


async def test_r36_a_page_that_changes_marks_what_read_it_and_one_that_is_gone_changes_nothing(
    stack: Stack, caller: Caller, site: PageServer
) -> None:
    """Unchanged checks append nothing to the log; a change is told to the session; what is gone stays stored;
    a watch that ends leaves no schedule."""
    batch_id, session_id = await researched(caller, site, "watched", 3)
    before = await caller.batch(batch_id)
    assert before is not None
    await caller.send(batch_id, SetWatch(command_id="w", watch=OFTEN))
    places = {name: (await checked(caller, batch_id, name))[0] for name in before.sources}
    quiet = await commits(caller, batch_id)
    for name, place in places.items():
        _, again = await checked(caller, batch_id, name, place)
        assert again.check.outcome == "unchanged"
    assert await commits(caller, batch_id) == quiet

    site.pages["/1"] = page("1", 77)
    site.pages["/2"] = Reply(b"gone", 410)
    site.pages["/3"] = page("3", 43, "Read by 300 people today")
    changed = await batch_where(caller, batch_id, "src-1", "changed")
    gone = await batch_where(caller, batch_id, "src-2", "gone")
    assert changed.sources["src-1"].stored != before.sources["src-1"].stored
    assert gone.sources["src-2"].stored == before.sources["src-2"].stored

    async def marked() -> bool:
        session = await caller.session(session_id)
        assert session is not None and session.run is None
        known = session.sources["src-2"].source.check
        return "phase0" in stale_nodes(session) and known is not None and known.outcome == "gone"

    await until(marked, 60, "the mark")
    place, _ = await checked(caller, batch_id, "src-3")
    await checked(caller, batch_id, "src-3", place)
    after = await caller.batch(batch_id)
    assert after is not None and after.sources["src-3"].check is None
    assert await commits(caller, batch_id) == quiet + 2

    await caller.send(batch_id, SetWatch(command_id="w-off"))

    async def quiet_again() -> bool:
        return not await subjects_in(caller, subjects.watches_of(batch_id))

    await until(quiet_again, 60, "the end of the schedules")


async def test_r36_a_refresh_by_itself_brings_the_report_up_to_date(
    stack: Stack, caller: Caller, site: PageServer
) -> None:
    batch_id, session_id = await researched(caller, site, "refreshed", 1)
    auto = Watch(every="1s", auto="refresh", max_tokens=100_000)
    await caller.send(batch_id, SetWatch(command_id="w", source_id="src-1", watch=auto))
    await checked(caller, batch_id, "src-1")
    site.pages["/1"] = page("1", 90)

    async def refreshed() -> bool:
        session = await caller.session(session_id)
        assert session is not None
        mine = any(
            event.type == "run_queued" and event.by == WATCH
            for entry in await caller.log.read(session_id)
            for event in entry.commit.events
        )
        return mine and session.run is None and not stale_nodes(session)

    await until(refreshed, 90, "the refresh")
    await caller.send(batch_id, EndBatch(command_id="end"))

    async def ended() -> bool:
        return not await subjects_in(caller, subjects.watches_of(batch_id))

    await until(ended, 60, "the end of the schedules")


@pytest.mark.parametrize("victim", ["worker-phase0", "scheduler", "orchestrator", "nats"])
async def test_r36_a_kill_loses_no_change_and_tells_none_twice(
    stack: Stack, caller: Caller, site: PageServer, victim: str
) -> None:
    """The schedules are the server's and the checks that are due are on disk: what was killed finds them."""
    batch_id, session_id = await researched(caller, site, f"killed-{victim}", 2)
    await caller.send(batch_id, SetWatch(command_id="w", watch=OFTEN))
    place, _ = await checked(caller, batch_id, "src-1")
    stack.kill(victim)
    site.pages["/1"] = page("1", 99)
    site.pages["/2"] = Reply(b"gone", 404)
    stack.restart(victim)
    await checked(caller, batch_id, "src-1", place)
    await batch_where(caller, batch_id, "src-1", "changed")
    await batch_where(caller, batch_id, "src-2", "gone")
    for name in ("src-1", "src-2"):
        place, _ = await checked(caller, batch_id, name)
        await checked(caller, batch_id, name, place)
    told = [
        item
        for entry in await caller.log.read(batch_id)
        for event in entry.commit.events
        if event.type == "sources_stored" and event.session_id == batch_id
        for item in event.stored
    ]
    assert sorted((item.source_id, item.check.outcome) for item in told if item.check) == [
        ("src-1", "changed"),
        ("src-2", "gone"),
    ]
    await caller.send(batch_id, EndBatch(command_id="end"))
    assert session_id == derived_id("s", f"killed-{victim}")
