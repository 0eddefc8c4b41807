"""The first user's own front end, as a fold over what it reads, on a running system: nothing stands between
its calls under `/api` and the frames that come of them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.client import connect

from integration.doors.house import House, Site
from stack import until
from unit.gateway.existing_client import ExistingClient


@contextlib.asynccontextmanager
async def opened(house: House, batch_id: str) -> AsyncIterator[ExistingClient]:
    """That client on a socket of its own; it reads until it is left, and throws what its handlers throw."""
    client = ExistingClient()
    address = f"{house.url.replace('http', 'ws')}/ws/{batch_id}?dialect=deep-insights"
    async with connect(address, max_size=None, proxy=None) as socket:

        async def read() -> None:
            async for frame in socket:
                client.take(json.loads(frame))

        reading = asyncio.create_task(read())
        try:
            yield client
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def seen(look: Callable[[], bool], what: str) -> None:
    """Until that client shows something."""

    async def found() -> bool:
        return look()

    await until(found, 60, what)


async def test_it_starts_plays_a_step_again_and_comes_back(site: Site, house: House) -> None:
    """Its report looks fresh only where it is, whether it was there or comes back to it."""
    work = await site.begin(start=False)
    named = {"batch_id": work.batch, "session_id": work.session}
    async with opened(house, work.batch) as client:
        answer = await site.http.post("/api/workflow/start", json={"batch_id": work.batch})
        assert answer.status_code == 202
        await seen(lambda: bool(client.report and client.session_id), "its report")
        assert (client.session_id, client.report_stale, client.may_go_on) == (work.session, False, True)
        assert len(client.plan) == 3 and set(client.steps) == {1, 2, 3} and client.goals and client.goal
        step = named | {"step_ids": [1], "options": {"propagation": "mark_stale", "guidance": "costs"}}
        await site.http.post("/workflow/restart/step", json=step)
        await seen(lambda: client.report_stale and not client.step_rerun["busy"], "a stale report")
    async with opened(house, work.batch) as client:
        await seen(lambda: bool(client.report and client.session_id), "its report, told again")
        assert client.report_stale and len(client.plan) == 3 and set(client.steps) == {1, 2, 3}
        await site.http.post("/workflow/refresh", json=named)
        await seen(lambda: client.report_stale is False and not client.rerun["busy"], "a fresh report")
        answer = await site.http.post("/api/workflow/cancel", json={"batch_id": work.batch, "reason": "User"})
        assert answer.status_code == 202
        assert not client.report_stale and client.errors == []
