"""What is said in a video: its captions, with title, channel and day, of every site that `yt-dlp` knows.

Nothing but the captions is downloaded. A page that such a site has, but that shows no video, is read as any
other.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

from tld import Result, get_tld
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.globals import all_plugins_loaded
from yt_dlp.plugins import load_all_plugins

from reprise_research.sources.documents import Get, Scraped
from reprise_research.sources.scraping.apart import run_apart
from reprise_research.sources.settings import FetcherSettings

_CHILD = "reprise_research.sources.scraping.video_child"
_SECONDS = 120.0
"""For one video; a site may be asked a dozen times, politely."""


@cache
def _sites() -> tuple[Any, ...]:
    """The extractors of sites, those that read any page left out."""
    if not all_plugins_loaded.value:
        load_all_plugins()
    return tuple(one for one in gen_extractor_classes() if one.IE_NAME != "generic")


@cache
def _addresses(site: Any) -> str:
    """The patterns of a site's addresses, without their escapes; to compile all of them takes seconds."""
    patterns = site._VALID_URL or ()
    return " ".join([patterns] if isinstance(patterns, str) else patterns).replace("\\", "")


@dataclass(frozen=True)
class Video:
    """Reads the page of a video by its captions."""

    languages: tuple[str, ...] = ()
    """Which captions are wanted, the best first; none: those in the language that is spoken."""
    name: str = "video"

    @classmethod
    def configured(cls, settings: FetcherSettings) -> Self:
        """The scraper as the fetcher's settings want it."""
        return cls(settings.captions)

    def accepts(self, url: str) -> bool:
        """Any address that a site's extractor knows, and that it names by its host: those that take any host
        would take pages that are none of theirs."""
        try:
            host = urlsplit(url).hostname or ""
            found = get_tld(url, fail_silently=True, as_object=True)
        except ValueError:
            return False
        label = found.domain if isinstance(found, Result) else host.partition(".")[0]
        return bool(label) and any(site.suitable(url) for site in _sites() if label in _addresses(site))

    async def scrape(self, url: str, get: Get) -> Scraped | None:
        """The captions; None where the page has no video."""
        wish = {"url": url, "languages": self.languages}
        told = await run_apart(_CHILD, wish, get, seconds=_SECONDS)
        if told is None:
            return None
        header, body = told
        return Scraped(
            body,
            content_type=header["type"],
            final_url=url,
            title=header["title"],
            author=header["channel"],
            published=header["day"],
            note=header["note"],
        )
