"""Fixtures of the tests with a model."""

from collections.abc import Iterator

import pytest

from model_server import ModelServer, dutiful, serving
from reprise_research.stores import MemoryStore
from unit.research.research_builders import World


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World(MemoryStore(), [])


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A model that does what it is asked."""
    with serving(dutiful) as running:
        yield running
