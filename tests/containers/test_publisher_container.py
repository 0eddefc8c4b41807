"""The suite of publishing, on NATS in a container with the compose file's configuration."""

import pytest

from contract.adapters.test_publisher import *  # noqa: F403 - the suite itself
from reprise_runtime.nats.bus import Bus, Publisher

pytestmark = pytest.mark.docker


@pytest.fixture
def publisher(bus: Bus) -> Publisher:
    """The publisher under test."""
    return bus
