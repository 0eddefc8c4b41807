"""Pages that show their text by scripts: a real Chromium, on pages of this machine."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from integration.research.research_server import PageServer, Reply, Request
from reprise_contracts.sources import Source, StoredSource
from reprise_research.phases.prepare import prepare
from reprise_research.sources.settings import FetcherSettings
from unit.research.research_builders import World

SAID = "The lake fell by %d centimetres in %d, and nobody in the valley had seen it so low before."
SHELL = """<!doctype html><html><head><title>The lake</title><link rel="stylesheet" href="/look.css">%s</head>
<body><div id="app">Loading …</div>%s</body></html>"""
APP = """
const told = await (await fetch('/api/lake.json')).json();
document.getElementById('app').innerHTML =
  '<article>' + told.map((one) => '<p>' + one + '</p>').join('') + '</article>';
"""
pytestmark = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("chromium", "google-chrome")),
    reason="it needs Chromium (apt install chromium)",
)


def serve(
    server: PageServer, *, head: str = "", body: str = '<script type="module" src="/app.js"></script>'
) -> None:
    """The shell of a page, its script and what that asks for, and a sheet that hides."""
    server.pages["/"] = Reply((SHELL % (head, body)).encode())
    server.pages["/app.js"] = Reply(APP.encode(), headers={"content-type": "text/javascript"})
    server.pages["/look.css"] = Reply(b".off { display: none }", headers={"content-type": "text/css"})
    told = json.dumps([SAID % (n, 2000 + n) for n in range(8)])
    server.pages["/api/lake.json"] = Reply(told.encode(), headers={"content-type": "application/json"})


async def read(
    server: PageServer, world: World, *, browser: bool = True, most: int = 5_000_000
) -> StoredSource:
    """The page at the server's root, prepared beside another source."""
    settings = FetcherSettings(allow_loopback=True, seconds=60, scrapers=(), browser=browser, max_bytes=most)
    server.pages["/other.txt"] = Reply((SAID % (90, 1990)).encode(), headers={"content-type": "text/plain"})
    sources = tuple(
        Source(source_id=name.partition(".")[0] or "page", url=server.url(f"/{name}"))
        for name in ("", "other.txt")
    )
    return (await prepare(sources, world.context(fetcher=settings))).artifact.sources[0]


async def test_what_scripts_show_is_read(server: PageServer, world: World) -> None:
    """The text that a script asks for, however long that takes; what a sheet hides is not read."""

    async def slow(_: Request) -> Reply:
        await asyncio.sleep(3)
        told = [
            *(SAID % (n, 2000 + n) for n in range(8)),
            "<span class=off>Nobody sees this sentence.</span>",
        ]
        return Reply(json.dumps(told).encode(), headers={"content-type": "application/json"})

    serve(server)
    server.pages["/api/lake.json"] = slow
    page = await read(server, world)
    assert (page.status, page.title, page.method) == ("ready", "The lake", "browser")
    text = await world.store.get_text(page.text_sha256 or "")
    assert all(SAID % (n, 2000 + n) in text for n in range(8)) and "Nobody sees" not in text
    assert "scripts were run" in (page.detail or "")
    assert server.count("/") == 1 and server.count("/api/lake.json") == 1
    assert all("Reprise" in request.headers["user-agent"] for request in server.asked)


async def test_it_is_off_until_it_is_allowed_and_leaves_other_pages_alone(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """Without the setting no script is asked for; with it none of a page that has its text."""
    serve(server)
    assert (await read(server, world, browser=False)).reason == "empty"
    assert server.count("/app.js") == 0
    words = "".join(f"<p>{SAID % (n, 1990 + n)}</p>" for n in range(12))
    serve(server, body=f'<article>{words}</article><script src="/app.js"></script>')
    page = await read(server, world)
    assert page.status == "ready" and page.method != "browser" and server.count("/app.js") == 0


async def test_a_page_reaches_nothing_but_by_the_rules(server: PageServer, world: World) -> None:
    """No private address, no file, no socket, no connection ahead of a request: another server on this
    machine is connected to only by what is fetched for the page, as the test allows loopback."""
    async with PageServer() as other:
        address = other.url("")
        script = """
        const say = (text) => document.body.insertAdjacentHTML('beforeend', '<p>' + text + '</p>');
        const refused = async (name, url) => {
          try { await fetch(url); say('The address ' + name + ' was answered, which is wrong.'); }
          catch { say('The address ' + name + ' was refused, as it has to be for every page.'); }
        };
        await refused('private', 'http://10.0.0.1/');
        await refused('cloud', 'http://169.254.169.254/latest/meta-data/');
        await refused('file', 'file:///etc/passwd');
        const socket = new WebSocket('ADDRESS/socket'.replace('http', 'ws'));
        await new Promise((done) => { socket.onclose = done; socket.onerror = done; });
        say('The socket was closed, and nobody else has heard of this page meanwhile.');
        say(await (await fetch('ADDRESS/open', {method: 'POST', body: 'asked'})).text());
        """
        other.pages["/open"] = Reply(
            b"What is open to everybody is open to the page, too, and nothing else is."
        )
        script = script.replace("ADDRESS", address)
        head = f'<link rel="preconnect" href="{address}"><link rel="dns-prefetch" href="{address}">'
        body = f'<img src="{address}/picture.png"><iframe src="file:///etc/passwd"></iframe>'
        serve(server, head=head, body=f'{body}<script type="module">{script}</script>')
        page = await read(server, world)
        assert [request.path for request in other.asked] == ["/open"] and other.connected == 1
    text = await world.store.get_text(page.text_sha256 or "")
    assert all(f"The address {name} was refused" in text for name in ("private", "cloud", "file"))
    assert "which is wrong" not in text and "The socket was closed" in text and "open to everybody" in text


async def test_a_page_that_asks_or_shows_too_much_fails_alone(server: PageServer, world: World) -> None:
    """A script larger than a source may be is not run; a page that grows without end is not kept; the reason
    is told with what the page lacks."""
    serve(server)
    server.pages["/app.js"] = Reply(
        (APP + "//" + "x" * 400_000).encode(), headers={"content-type": "text/javascript"}
    )
    assert (await read(server, world, most=300_000)).reason == "empty"
    serve(server, body="<script>document.getElementById('app').title = 'x'.repeat(400000)</script>")
    page = await read(server, world, most=300_000)
    assert page.reason == "empty" and "larger than 0.3 MB" in (page.detail or "")


async def test_no_browser_is_left_behind(server: PageServer, world: World) -> None:
    """A page whose script never ends is given up with all that was started for it."""
    serve(server, body="<script>for (;;) {}</script>")
    reading = asyncio.create_task(read(server, world))
    await browsers_are(True)
    reading.cancel()
    await asyncio.wait([reading])
    await browsers_are(False)


async def browsers_are(running: bool) -> None:
    """Wait until browsers run for pages, or none does."""
    for _ in range(900):
        if (browsers() > 0) is running:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{browsers()} processes of browsers run")


def browsers() -> int:
    """Processes of browsers that were started for pages."""
    return sum(b"reprise-browser-" in told(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def told(path: Path) -> bytes:
    """A file of a process that may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
