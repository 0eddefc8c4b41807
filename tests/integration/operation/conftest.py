"""One running system for what an operator does with it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from operated_stack import Caller, Operated

ENV = {"REPRISE_TIMINGS__HEARTBEAT": "0.5", "REPRISE_TIMINGS__LEASE": "3", "REPRISE_TIMINGS__CENSUS": "0.5", "REPRISE_LOG__FORMAT": "json"}


@pytest.fixture(scope="package")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """NATS, SeaweedFS, every service, a gateway; each serves its figures."""
    stack = Operated(tmp_path_factory.mktemp("operated"), env=ENV)
    try:
        stack.start_all()
        asyncio.run(stack.ready())
        yield stack
    finally:
        stack.stop_all()


@pytest.fixture
async def caller(operated: Operated) -> AsyncIterator[Caller]:
    """A client of it."""
    yield await operated.caller()
    await operated.close_callers()
