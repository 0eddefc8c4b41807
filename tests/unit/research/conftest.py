"""Fixtures of the research library's tests."""

import pytest

from reprise_research.stores import MemoryStore
from unit.research.research_builders import World


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World(MemoryStore(), [])
