"""A real stack, a real browser, and what every page has to keep: no error, no jump, no violation of
accessibility."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from e2e.site import ROOT, Site

WEB = ROOT / "services" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
TEXTS = {
    "The tide": "The tide in the bay rises four metres at springs. The tide wears the piers of the bridge by "
    "2 cm a year. Fishermen leave "
    "with the ebb. Engineers measured the tide for ten years and found that it rises 4 percent higher than "
    "before.",
    "The bridge": "The bridge over the bay cost nine million euros. Engineers say that the tide wears its "
    "piers by 5 cm a year. The bridge "
    "carries 12,000 cars a day. Repairs of the bridge cost 300,000 euros a year, says the county.",
    "The harbour": "The harbour was built in 1902. Ships wait for the tide before they enter the harbour. "
    "The county says that repairs of "
    "the bridge cost 450,000 euros a year. The harbour earns two million euros a year, and fishermen doubt "
    "it.",
}
TOPIC = "What does the tide do to the bridge, and what does it cost?"
# Cumulative layout shift as https://web.dev/articles/cls defines it: the largest sum in a window of at most 5
# s without a pause of 1 s.
SHIFTS = """
window.__shift = 0;
window.__jumps = [];
let sum = 0, begun = -Infinity, last = -Infinity;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) {
    const at = entry.startTime;
    if (at - last >= 1000 || at - begun >= 5000) [sum, begun] = [0, at];
    [sum, last] = [sum + entry.value, at];
    window.__shift = Math.max(window.__shift, sum);
    const where = (source) => [
      source.node?.className || source.node?.nodeName, source.previousRect.y, source.currentRect.y];
    window.__jumps.push([entry.value, entry.startTime, ...entry.sources.map(where)]);
  }
}).observe({type: "layout-shift", buffered: true});
"""
MOST_SHIFT = 0.02
PATIENCE = 90_000
"""Milliseconds within which what is expected has to show: a machine may have much else to do."""
expect.set_options(timeout=PATIENCE)
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary)])"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures",
        metavar="FOLDER",
        help="keep a picture of every page and state that is checked, light and dark, and how much it jumped",
    )


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One stack for all browser tests."""
    assert (ROOT / "services" / "reprise_gateway" / "static" / "index.html").is_file(), (
        "The web app is not built: run `make web`."
    )
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.end()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or whichever is on the PATH."""
    found = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    assert found, (
        "The browser tests need Chromium: run `apt install chromium` (`make test` does so as root on Debian)."
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Opens pages of the app; each has to end without an error, a refused load or a jump."""
    folder = request.config.getoption("--pictures", None)
    contexts: dict[tuple[object, ...], BrowserContext] = {}
    opened: list[tuple[Page, list[str]]] = []

    def opener(
        path: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        motion: str = "reduce",
        at: str = site.url,
        killed: bool = False,
    ) -> Page:
        """`killed`: the test kills the server, which cuts off what is being loaded."""
        look = (width, height, scheme, motion, at)
        if look not in contexts:
            contexts[look] = browser.new_context(
                base_url=at,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion=motion,  # type: ignore[arg-type]
            )
            contexts[look].set_default_timeout(PATIENCE)
            contexts[look].add_init_script(SHIFTS)
        context = contexts[look]
        page = context.new_page()
        errors: list[str] = []

        def said(message: ConsoleMessage) -> None:
            expected = (
                "WebSocket connection" in message.text
                or "ERR_CONNECTION_REFUSED" in message.text
                or "status of 4" in message.text
            )
            expected = (
                expected or "ERR_NETWORK_CHANGED" in message.text
            )  # some other program has set up a network
            cut_off = "ERR_CONNECTION_RESET" in message.text or "ERR_EMPTY_RESPONSE" in message.text
            expected = expected or (killed and cut_off)
            if message.type == "error" and not expected:
                errors.append(message.text)

        page.on("console", said)
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append((page, errors))
        page.goto(path)
        if not page.locator("#root > *").count():
            # a network that changes under the browser ends its loads, also those from this machine
            page.reload()
        page.locator("h1").first.wait_for()
        return page

    yield opener
    for page, errors in opened:
        assert page.is_closed() or errors == []
        if not page.is_closed():
            shift = page.evaluate("window.__shift")
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                with (Path(folder) / "shifts.txt").open("a") as kept:
                    kept.write(
                        f"{shift:.4f} {page.evaluate('innerWidth')} {request.node.name} "
                        f"{urlsplit(page.url).path}\n"
                    )
            assert shift < MOST_SHIFT, f"{page.url} jumped: {page.evaluate('window.__jumps')}"
    for context in contexts.values():
        context.close()


@pytest.fixture
def accessible(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Zero axe violations, light and dark, with every rule that it has for WCAG 2.2 AA and good practice.

    `--pictures FOLDER` keeps a picture of everything that was checked.
    """
    source = AXE.read_text()
    folder = request.config.getoption("--pictures", None)
    taken = itertools.count(1)

    def check(page: Page) -> None:
        number = next(taken)
        given = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.evaluate(source)
        for scheme in ("dark", "light") if given == "light" else ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(RUN_AXE)
            assert found == [], f"{page.url} {scheme}"
            if folder:
                whole = page.get_by_role("dialog").count() == 0
                name = f"{request.node.name}-{number:02}-{page.evaluate('innerWidth')}-{scheme}.png"
                page.screenshot(path=Path(folder) / name, full_page=whole)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{page.url} is wider than its window"
        )

    return check


@pytest.fixture
def textfiles(tmp_path: Path) -> list[Path]:
    """The sources as files."""
    for title, text in TEXTS.items():
        (tmp_path / f"{title.lower().replace(' ', '-')}.txt").write_text(text)
    return sorted(tmp_path.glob("*.txt"))
