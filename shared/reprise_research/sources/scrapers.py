"""Scrapers: how to read a site of its own kind, as video transcripts or forums, by a package of anyone's.

A scraper turns an address into a document. Which one is asked is decided by name: those that entry points of
the group `reprise.scrapers` offer, in alphabetical order, the first that accepts the address; no scraper, and
the page is read as any other.
"""

from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from reprise_research.sources.documents import Get, Scraped, Scraper
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.settings import FetcherSettings

GROUP = "reprise.scrapers"


@cache
def loaded() -> tuple[Any, ...]:
    """What entry points offer, by name. One that cannot be imported is left out: it must not stop the others'
    pages."""
    found: list[Any] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found.append(entry.load())
        except ImportError:
            continue
    return tuple(found)


def scraper_for(url: str, settings: FetcherSettings) -> Scraper | None:
    """The first scraper that accepts an address. The first call imports what is installed, which takes a
    while."""
    known = settings.scrapers
    if known is None:
        known = tuple(one.configured(settings) if hasattr(one, "configured") else one() for one in loaded())
    return next((scraper for scraper in known if scraper.accepts(url)), None)


async def scraped(scraper: Scraper, url: str, get: Get) -> Scraped | None:
    """What the scraper makes of the address. Raises `SourceFailed` whatever went wrong."""
    try:
        made = await scraper.scrape(url, get)
    except SourceFailed:
        raise
    except Exception as error:  # a scraper is a stranger's code: its failure is this source's, and no other's
        raise SourceFailed(
            "malformed", f"The scraper {scraper.name} could not read it: {type(error).__name__}."
        ) from error
    return replace(made, by=scraper.name) if made is not None else None
