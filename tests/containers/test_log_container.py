"""The suite of the session log, on NATS in a container with the compose file's configuration."""

import pytest

from contract.adapters.test_session_log import *  # noqa: F403 - the suite itself
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.session_log import NatsSessionLog, SessionLog

pytestmark = pytest.mark.docker


@pytest.fixture
def log(bus: Bus) -> SessionLog:
    """The log under test."""
    return NatsSessionLog(bus)
