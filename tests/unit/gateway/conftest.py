"""Fixtures of the gateway's tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from reprise_runtime.settings import Settings
from unit.gateway.gateway_site import Site, serving, settings_with

Make = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site(eventually: Any) -> AsyncIterator[Make]:
    """Makes sites and takes them down."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(
            settings: Settings | None = None, *, patience: float = 5.0, serve: bool = False
        ) -> Site:
            site = Site(settings or Settings(), patience)
            task = asyncio.create_task(site.research.run())

            async def stop() -> None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

            stack.push_async_callback(stop)
            if serve:
                await stack.enter_async_context(serving(site))
            else:
                await stack.enter_async_context(site.app.router.lifespan_context(site.app))
            await eventually(lambda: site.gateway.projection.ready)
            return site

        yield make


@pytest.fixture
async def site(make_site: Make) -> Site:
    """A gateway in memory, called without a port."""
    return await make_site()


@pytest.fixture
async def served(make_site: Make) -> Site:
    """A gateway in memory on a port, for WebSockets."""
    return await make_site(serve=True)


@pytest.fixture
async def working(served: Site) -> AsyncIterator[Site]:
    """The same, and whatever is asked for is done."""
    task = asyncio.create_task(served.research.keep_working())
    yield served
    assert not task.done() or task.exception() is None
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def http(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of `site`."""
    async with site.client() as client:
        yield client


@pytest.fixture
def settings_of() -> Callable[..., Settings]:
    """Makes settings."""
    return settings_with
