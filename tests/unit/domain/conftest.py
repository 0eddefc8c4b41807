"""A session to ask."""

import pytest

from domain_world import World


@pytest.fixture
def world() -> World:
    """A session that has been researched: steps 1, 2 and 3, of which 3 depends on 1."""
    world = World()
    world.drain()
    return world
