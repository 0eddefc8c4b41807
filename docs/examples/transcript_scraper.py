"""A scraper for a site of its own kind: a video's page has no text, but its captions have.

A package offers it under the entry point group `reprise.scrapers`, in its pyproject.toml:

    [project.entry-points."reprise.scrapers"]
    transcripts = "my_package.transcript_scraper:Transcripts"

Installed beside Reprise, it reads every address that it accepts; nothing else has to be told of it.
"""

import re
from urllib.parse import urlsplit

from reprise_research.sources.documents import Get, Scraped
from reprise_research.sources.failures import SourceFailed

_VIDEO = re.compile(r"/watch/([A-Za-z0-9_-]{1,40})/?")
_TIMES = re.compile(r"^(?:\d+|(?:\d\d:)?\d\d:\d\d\.\d{3} --> .*)$")


class Transcripts:
    """Reads `https://site/watch/ID` by the captions at `https://site/captions/ID.vtt` (WebVTT)."""

    name = "transcripts"

    def accepts(self, url: str) -> bool:
        """Any page of a video."""
        return _VIDEO.fullmatch(urlsplit(url).path) is not None

    async def scrape(self, url: str, get: Get) -> Scraped:
        """What is said in the video, as one paragraph for each sentence."""
        parts = urlsplit(url)
        video = _VIDEO.fullmatch(parts.path)
        if video is None:
            raise SourceFailed("unsupported", "It is no page of a video.")
        captions = await get(f"{parts.scheme}://{parts.netloc}/captions/{video[1]}.vtt")
        text = captions.body.decode("utf-8", "replace")
        if not text.startswith("WEBVTT"):
            raise SourceFailed("not_text", "The video has no captions.")
        title = re.search(r"^NOTE Title: (.+)$", text, re.MULTILINE)
        lines = [line.strip() for line in text.splitlines()[1:]]
        spoken = " ".join(
            line for line in lines if line and not _TIMES.match(line) and not line.startswith("NOTE")
        )
        return Scraped(
            re.sub(r"(?<=[.!?]) ", "\n\n", spoken).encode(), title=title[1] if title else None, final_url=url
        )
