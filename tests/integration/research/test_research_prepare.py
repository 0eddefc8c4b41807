"""Phase 0 over real HTTP: what is stored is used, what failed says why, asking again is conditional. Then the
samples, as served."""

from contextlib import AsyncExitStack

import pytest

from integration.research.research_server import PageServer, Reply, Request
from reprise_contracts.sources import Source, StoredSource
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.errors import NoSources
from reprise_research.phases.prepare import Prepared, prepare
from reprise_research.sources.settings import FetcherSettings
from unit.research.research_builders import SAMPLES, World, sample_topic

PAGE = (
    "<html><head><title>%s</title></head><body><article>"
    "<p>The level of the lake fell by %d centimetres last summer, says the authority.</p>"
    "<p>Fishing fell by 12 percent in the same season, and farms had to save water.</p>"
    "<p>Nobody knows what the next year will bring to the shore.</p></article></body></html>"
)


def page(title: str, level: int) -> bytes:
    return (PAGE % (title, level)).encode()


def stored(sources: tuple[Source, ...], news: tuple[StoredSource, ...]) -> tuple[Source, ...]:
    """The sources as the batch has them after a phase 0."""
    kept = {one.source_id: one.stored for one in news}
    return tuple(
        s.model_copy(update={"stored": kept[s.source_id]}) if s.source_id in kept else s for s in sources
    )


def outcomes(prepared: Prepared) -> list[tuple[str, str, str | None]]:
    return [(source.status, source.outcome, source.reason) for source in prepared.artifact.sources]


async def test_what_is_stored_is_not_fetched_again(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """R11: a second run uses the stored copies, failures included, fetches only what is new, and says the
    same."""
    server.pages["/a"] = Reply(page("A", 40))
    sources = (Source(source_id="a", url=server.url("/a")), Source(source_id="gone", url=server.url("/gone")))
    context = world.context(fetcher=settings)
    first = await prepare(sources, context)
    assert outcomes(first) == [("ready", "fetched", None), ("failed", "failed", "not_found")]
    assert {one.source_id for one in first.stored} == {"a", "gone"}
    assert first.artifact.sources[1].action
    server.pages["/b"] = Reply(page("B", 55))
    known = (*stored(sources, first.stored), Source(source_id="b", url=server.url("/b")))
    again = await prepare(known, context)
    assert [source.outcome for source in again.artifact.sources] == ["reused", "reused", "fetched"]
    assert [one.source_id for one in again.stored] == ["b"]
    assert server.count("/a") == server.count("/gone") == 1
    same = await prepare(stored(sources, first.stored), context)
    assert same.artifact.parts() == first.artifact.parts()
    assert same.stored == ()


async def test_asking_again_is_conditional(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """R11: refetch sends the validators; 304 and the same bytes are unchanged, other bytes changed, a failed
    source gets its chance."""
    state = {"level": 40, "tag": '"one"'}

    def tagged(request: Request) -> Reply:
        if request.headers.get("if-none-match") == state["tag"]:
            return Reply(status=304)
        return Reply(page("A", int(state["level"])), headers={"etag": str(state["tag"])})

    server.pages["/a"] = tagged
    sources = (Source(source_id="a", url=server.url("/a")), Source(source_id="late", url=server.url("/late")))
    context = world.context(fetcher=settings)
    first = await prepare(sources, context)
    sources = stored(sources, first.stored)
    server.pages["/late"] = Reply(page("Late", 70))
    second = await prepare(sources, context, refetch=True)
    assert outcomes(second) == [("ready", "unchanged", None), ("ready", "fetched", None)]
    assert (
        server.asked[-2].headers.get("if-none-match") == '"one"'
        or server.asked[-1].headers.get("if-none-match") == '"one"'
    )
    assert [one.source_id for one in second.stored] == ["late"]
    sources = stored(sources, second.stored)
    state |= {"level": 41, "tag": '"two"'}
    third = await prepare(sources, context, refetch=True)
    assert [source.outcome for source in third.artifact.sources] == ["changed", "unchanged"]
    assert third.artifact.sources[0].text_sha256 != second.artifact.sources[0].text_sha256


async def test_a_failed_refetch_keeps_the_stored_copy(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """R11: the text is still used, the outcome says failed in words, nothing new is stored, and the meaning
    is as it was."""
    server.pages["/a"] = Reply(page("A", 40))
    sources = (Source(source_id="a", url=server.url("/a")),)
    context = world.context(fetcher=settings)
    first = await prepare(sources, context)
    server.pages["/a"] = Reply(b"", 500)
    again = await prepare(stored(sources, first.stored), context, refetch=True)
    assert outcomes(again) == [("ready", "failed", None)]
    assert "stored copy" in (again.artifact.sources[0].detail or "")
    assert again.stored == ()
    assert again.artifact.parts() == first.artifact.parts()


async def test_a_replaced_source_is_fetched(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """A stored copy of an older revision does not count."""
    server.pages["/a"] = Reply(page("A", 40))
    sources = (Source(source_id="a", url=server.url("/a")),)
    context = world.context(fetcher=settings)
    (first,) = stored(sources, (await prepare(sources, context)).stored)
    again = await prepare((first.model_copy(update={"revision": 2}),), context)
    assert again.artifact.sources[0].outcome == "fetched"
    assert again.stored[0].stored.revision == 2


async def test_failures_have_names_and_advice(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """Each way to fail has its reason; without one readable source the phase fails and tells them all."""
    server.pages["/empty"] = Reply(b"<html><body><script>render()</script></body></html>")
    server.pages["/picture"] = Reply(b"\x89PNG\r\n\x1a\n", headers={"content-type": "image/png"})
    server.pages["/broken"] = Reply(b"%PDF-1.4 nothing more", headers={"content-type": "application/pdf"})
    names = ("empty", "picture", "broken", "missing")
    sources = (
        *(Source(source_id=name, url=server.url(f"/{name}")) for name in names),
        Source(source_id="inside", url="http://10.0.0.1/"),
    )
    with pytest.raises(NoSources) as caught:
        await prepare(sources, world.context(fetcher=settings))
    reasons = {one.source_id: one.stored.reason for one in caught.value.stored}
    assert reasons == {
        "empty": "empty",
        "picture": "unsupported",
        "broken": "malformed",
        "missing": "not_found",
        "inside": "blocked_address",
    }


async def test_the_samples_as_the_demo_serves_them(world: World, settings: FetcherSettings) -> None:
    """Pages over HTTP, each site an origin of its own, and files as uploads: one copy, one failure, ten read
    or more; a report with the known disagreements, whose every reference was really read."""
    session = ResearchSession(topic=sample_topic())
    agent = DeepResearchAgent(session, world.store, fetcher=settings)
    async with AsyncExitStack() as stack:
        for site in sorted((SAMPLES / "web").iterdir()):
            server = await stack.enter_async_context(PageServer())
            for path in sorted(site.glob("*.html")):
                server.pages[f"/{path.name}"] = Reply(path.read_bytes())
                await agent.add_url(server.url(f"/{path.name}"))
        await agent.add_path(SAMPLES / "files")
        await stack.enter_async_context(agent)
        await agent.run_research()
    statuses = {source.title: source.status for source in session.phase0.sources}
    assert statuses["Slower, safer, dearer? A city takes stock of its 30 km/h year"] == "duplicate"
    assert statuses["police-data.pdf"] == "failed"
    assert list(statuses.values()).count("ready") == 9
    assert len({source.site for source in session.phase0.sources}) == len(session.phase0.sources)
    report = session.phase4
    assert report.unsupported_claims == ()
    ready = {source.source_id for source in session.phase0.sources if source.status == "ready"}
    assert {reference.source_id for reference in report.references} <= ready
    assert (
        "Disputed: 11 percent or 23 percent." in report.markdown
        or "Disputed: 23 percent or 11 percent." in report.markdown
    )
    (figures,) = (section.markdown for section in report.sections if section.section_id == "figures")
    assert "1.2 decibels" in figures and "2.1 decibels" in figures
    assert "哈文布鲁克" in report.markdown
