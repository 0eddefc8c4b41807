"""One running system for all stories of this folder."""

from collections.abc import AsyncIterator, Iterator

import pytest

from stack import SHAPES, Caller, Stack

ENV = {
    "REPRISE_TIMINGS__LEASE": "4",
    "REPRISE_TIMINGS__HEARTBEAT": "1",
    "REPRISE_TIMINGS__SWEEP_AFTER": "1",
    "REPRISE_FETCH__ALLOW_LOOPBACK": "true",
    "REPRISE_LLM__BASE_URL": "http://127.0.0.1:9/v1",
    "REPRISE_LLM__MODEL": "none",
    "REPRISE_LLM__ANSWER": "16000",
}
"""With it the engine `openai` is let in, and no worker can use it: its answers fill the window."""


@pytest.fixture(scope="package", params=SHAPES)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """NATS, SeaweedFS, orchestrator, scheduler and workers of five pools, in either shape."""
    running = Stack(tmp_path_factory.mktemp("stack"), env=ENV, shape=request.param)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack) -> AsyncIterator[Caller]:
    """A client of it."""
    yield await stack.caller()
    await stack.close_callers()
