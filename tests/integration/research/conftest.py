"""Fixtures of the research library's tests over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from integration.research.research_server import PageServer
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import MemoryStore
from unit.research.research_builders import World


@pytest.fixture
async def server() -> AsyncIterator[PageServer]:
    """A server without pages."""
    async with PageServer() as started:
        yield started


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World(MemoryStore(), [])


@pytest.fixture
def settings() -> FetcherSettings:
    """Loopback allowed, as in the demo."""
    return FetcherSettings(allow_loopback=True, seconds=10)
