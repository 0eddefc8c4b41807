"""Pages that show their text by scripts, as Chromium makes them: only where the operator allows it.

Chromium has no network: whatever a page asks for is asked by the worker, under the rules of every source.
"""

import re
import shutil
import tempfile
from importlib.util import find_spec

from reprise_research.sources.documents import Fetched, Get
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.scraping.apart import run_apart

_CHILD = "reprise_research.sources.scraping.browser_child"
_SECONDS = 90.0
"""For one page, with the start of Chromium."""
_CALLED = ("chromium", "chromium-browser", "google-chrome")
_SCRIPTS = re.compile(rb"<script[\s>]", re.IGNORECASE)
NOTE = "Its scripts were run in a browser, as it shows its text by them."


def has_scripts(page: Fetched) -> bool:
    """Whether a page may show more than it holds."""
    return page.content_type in {"text/html", "application/xhtml+xml"} and bool(_SCRIPTS.search(page.body))


async def rendered(page: Fetched, get: Get, most: int) -> Fetched:
    """The page as its scripts make it, in UTF-8, of at most so many bytes.

    Raises `SourceFailed`: `unsupported` where there is no browser, and what `run_apart` raises."""
    if find_spec("playwright") is None:
        raise SourceFailed("unsupported", "A browser needs the package playwright, which is not installed.")
    found = next((path for name in _CALLED if (path := shutil.which(name))), None)
    wish = {"url": page.final_url, "type": page.content_type, "charset": page.charset, "browser": found}
    with tempfile.TemporaryDirectory(prefix="reprise-browser-", ignore_cleanup_errors=True) as home:
        told = await run_apart(
            _CHILD,
            {**wish, "most": most},
            get,
            body=page.body,
            seconds=_SECONDS,
            environment={"HOME": home, "TMPDIR": home},
        )
    if told is None:
        raise SourceFailed("empty", "The browser shows no page.")
    return Fetched(page.final_url, "text/html", "utf-8", told[1])
