"""One running system for all stories of this folder."""

from collections.abc import AsyncIterator, Iterator

import pytest

from stack import Caller, Stack

ENV = {
    "REPRISE_TIMINGS__LEASE": "4",
    "REPRISE_TIMINGS__HEARTBEAT": "1",
    "REPRISE_TIMINGS__SWEEP_AFTER": "1",
    "REPRISE_FETCH__ALLOW_LOOPBACK": "true",
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """NATS, SeaweedFS, orchestrator, scheduler and five workers, as processes."""
    running = Stack(tmp_path_factory.mktemp("stack"), env=ENV)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack) -> AsyncIterator[Caller]:
    """A client of it."""
    yield await stack.caller()
    await stack.close_callers()
