"""Videos by their captions: the real `yt-dlp`, with an extractor of the tests', on pages of this machine."""

import textwrap

import pytest

from integration.research.research_server import PageServer, Reply
from reprise_contracts.sources import Source, StoredSource
from reprise_research.phases.prepare import prepare
from reprise_research.sources.scrapers import scraper_for
from reprise_research.sources.scraping.video import Video
from reprise_research.sources.settings import FetcherSettings
from unit.research.research_builders import World

EXTRACTOR = '''
from yt_dlp.extractor.common import InfoExtractor


class LakesideIE(InfoExtractor):
    """A site on this machine: a page, what its player asks for, and captions."""

    _VALID_URL = r"http://127\\.0\\.0\\.1:\\d+/lakeside/(?P<id>[a-z]+)"

    def _real_extract(self, url):
        name = self._match_id(url)
        page = self._download_webpage(url, name)
        told = self._download_json(
            self._search_regex(r'data-player="([^"]+)"', page, "player"), name,
            data=b'{"video": "%s"}' % name.encode(), headers={"X-Player": "1"})
        return {"id": name, "title": told["title"], "channel": told.get("channel"),
                "language": told.get("language"), "upload_date": told.get("day"),
                "subtitles": told.get("people"),
                "automatic_captions": told.get("machine"),
                "formats": [{"url": told["film"], "format_id": "film", "ext": "mp4"}]}
'''
SAID = "The lake fell by %d centimetres in %d, and nobody in the valley had seen it so low before."


@pytest.fixture(autouse=True)
def extractor(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extractor, where `yt-dlp` looks for others' in its own process."""
    folder = tmp_path_factory.mktemp("extractors") / "yt_dlp_plugins" / "extractor"
    folder.mkdir(parents=True)
    (folder / "lakeside.py").write_text(EXTRACTOR)
    monkeypatch.syspath_prepend(str(folder.parents[1]))


class Lakeside(Video):
    """The scraper, which accepts the test's pages: this process has loaded the extractors before."""

    def accepts(self, url: str) -> bool:
        return "/lakeside/" in url


def captions(centimetres: int) -> bytes:
    """Six sentences with their times."""
    cues = [
        f"00:00:{10 * n:02}.000 --> 00:00:{10 * n + 8:02}.000\n{SAID % (centimetres + n, 2000 + n)}\n"
        for n in range(6)
    ]
    return "\n".join(["WEBVTT", "", *cues]).encode()


def serve(server: PageServer, name: str, told: str) -> None:
    """A page of a video, and what its player is answered."""
    page = f'<html><body><div data-player="{server.url(f"/api/{name}")}">Watch</div></body></html>'
    server.pages[f"/lakeside/{name}"] = Reply(page.encode())
    body = textwrap.dedent(told).replace("AT", server.url(""))
    server.pages[f"/api/{name}"] = Reply(body.encode(), headers={"content-type": "application/json"})


async def read(
    server: PageServer, world: World, *paths: str, languages: tuple[str, ...] = ()
) -> tuple[StoredSource, ...]:
    """The sources at these paths, prepared."""
    settings = FetcherSettings(
        allow_loopback=True, seconds=60, scrapers=(Lakeside(languages),), max_bytes=1_000_000
    )
    sources = tuple(Source(source_id=path.rpartition("/")[2], url=server.url(path)) for path in paths)
    return (await prepare(sources, world.context(fetcher=settings))).artifact.sources


async def test_a_video_is_read_by_what_people_wrote_of_it(server: PageServer, world: World) -> None:
    """Title, channel and day come with it; nothing but the captions is downloaded, and what the player asks
    for is asked as the player does, although robots.txt keeps programs from it."""
    server.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /api/\n")
    server.pages["/film.mp4"] = Reply(b"film" * 100)
    server.pages["/en.vtt"] = Reply(captions(40))
    serve(
        server,
        "lake",
        """{"title": "The lake, told", "channel": "Valley TV", "day": "20240503", "language": "en",
        "film": "AT/film.mp4", "people": {"en": [{"url": "AT/en.vtt", "ext": "vtt"}]},
        "machine": {"en": [{"url": "AT/heard.vtt", "ext": "vtt"}]}}""",
    )
    (video,) = await read(server, world, "/lakeside/lake")
    assert (video.status, video.title, video.author, video.published, video.method) == (
        "ready",
        "The lake, told",
        "Valley TV",
        "2024-05-03",
        "video",
    )
    text = await world.store.get_text(video.text_sha256 or "")
    assert text.startswith(f"[0:00] {SAID % (40, 2000)}") and SAID % (45, 2005) in text
    assert "transcript" in (video.detail or "") and "machine" not in (video.detail or "")
    asked = {request.path: request.headers for request in server.asked}
    assert asked.keys() == {"/robots.txt", "/lakeside/lake", "/api/lake", "/en.vtt"}
    assert asked["/api/lake"]["x-player"] == "1" and asked["/api/lake"]["content-length"] == "17"
    assert all("Reprise" in headers["user-agent"] for headers in asked.values())


async def test_captions_in_the_wanted_language_and_by_a_machine(server: PageServer, world: World) -> None:
    """A wanted language comes before the one that is spoken, people before machines; a machine's are said to
    be one's, and so is it when there are none in the wanted language."""
    server.pages["/de.vtt"], server.pages["/heard.vtt"] = Reply(captions(70)), Reply(captions(20))
    serve(
        server,
        "lake",
        """{"title": "Told", "language": "en", "film": "AT/film.mp4",
        "people": {"de": [{"url": "AT/de.vtt", "ext": "vtt"}]},
        "machine": {"en": [{"url": "AT/heard.vtt", "ext": "vtt"}],
                    "de": [{"url": "AT/none", "ext": "vtt"}]}}""",
    )
    (german,) = await read(server, world, "/lakeside/lake", languages=("de",))
    assert SAID % (70, 2000) in await world.store.get_text(german.text_sha256 or "")
    (heard,) = await read(server, world, "/lakeside/lake")
    assert SAID % (20, 2000) in await world.store.get_text(heard.text_sha256 or "")
    assert "made by a machine" in (heard.detail or "") and "transcript" in (heard.detail or "")
    (other,) = await read(server, world, "/lakeside/lake", languages=("fr",))
    assert "captions in en, and none in fr" in (other.detail or "")


async def test_a_video_that_cannot_be_read_says_why(server: PageServer, world: World) -> None:
    """No captions; captions behind a private address, or larger than a source may be; no page. A page that
    has no video is read as any other."""
    serve(server, "silent", '{"title": "Silent", "film": "AT/film.mp4"}')
    track = '{"title": "T", "film": "AT/film.mp4", "people": {"en": [{"url": "%s", "ext": "vtt"}]}}'
    serve(server, "inside", track % "http://10.0.0.1/en.vtt")
    serve(server, "large", track % "AT/large.vtt")
    server.pages["/large.vtt"] = Reply(captions(40) + b"\n" * 2_000_000)
    words = "".join(f"<p>{SAID % (n, 1990 + n)}</p>" for n in range(9))
    server.pages["/lakeside/article"] = Reply(
        f"<html><body><article>{words}</article></body></html>".encode()
    )
    names = ("silent", "inside", "large", "gone", "article")
    silent, inside, large, gone, article = await read(server, world, *(f"/lakeside/{name}" for name in names))
    assert (silent.reason, gone.reason) == ("not_text", "not_found")
    assert (inside.reason, large.reason) == ("blocked_address", "too_large")
    assert article.status == "ready" and article.method != "video"
    assert SAID % (8, 1998) in await world.store.get_text(article.text_sha256 or "")


def test_it_accepts_what_sites_know_and_no_page_of_others() -> None:
    """By the host that a site's extractor names; it is installed as an entry point."""
    settings = FetcherSettings(captions=("de",))
    assert scraper_for("https://youtu.be/BaW_jenozKc", settings) == Video(("de",))
    assert scraper_for("https://example.org/page", settings) is None
    accepts = Video().accepts
    assert accepts("https://www.youtube.com/watch?v=BaW_jenozKc") and accepts("https://youtu.be/BaW_jenozKc")
    assert accepts("https://www.bilibili.com/video/BV13x41117TL") and accepts("https://vimeo.com/56015672")
    for url in (
        "https://example.org/page",
        "https://en.wikipedia.org/wiki/Lake",
        "http://[",
        "file:///etc/passwd",
    ):
        assert not accepts(url)
