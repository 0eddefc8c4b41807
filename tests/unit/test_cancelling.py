"""What is cancelled ends, also where something swallows the cancellation."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from reprise_runtime import cancelling
from reprise_runtime.cancelling import end, together
from reprise_scheduler.housekeeping import Housekeeping
from reprise_scheduler.timers import Timers


async def deaf(times: int) -> None:
    """It goes on, however often it is cancelled before."""
    while times:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            times -= 1
    await asyncio.Event().wait()


async def test_a_task_that_goes_on_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "AGAIN", 0.01)
    task = asyncio.create_task(deaf(3))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(task)
    assert task.cancelled()


async def test_who_is_cancelled_while_it_ends_others_is_so_when_they_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cancelling, "AGAIN", 0.05)
    task = asyncio.create_task(deaf(2))
    await asyncio.sleep(0)
    ending = asyncio.create_task(end(task))
    await asyncio.sleep(0.01)
    ending.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([ending])
    assert ending.cancelled() and task.cancelled()


async def test_the_first_failure_ends_the_others_and_is_raised() -> None:
    ended: list[str] = []

    async def goes_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("other")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("it failed")

    with pytest.raises(ValueError, match="it failed"):
        await together(goes_on(), fails())
    assert ended == ["other"]


@pytest.mark.parametrize("kind", [Housekeeping, Timers])
@pytest.mark.parametrize("turns", range(6))
async def test_work_that_comes_as_it_is_ended_keeps_nothing_alive(
    kind: type[Housekeeping] | type[Timers], turns: int
) -> None:
    """A leader that froze and goes on finds that it leads no more just when everything is due."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    work = kind(lambda: now)

    async def nothing() -> None:
        pass

    def note(when: datetime, name: str) -> None:
        if isinstance(work, Timers):
            work.at(when, nothing)
        else:
            work.at(when, name, nothing)

    note(now + timedelta(hours=1), "later")
    running = asyncio.create_task(work.run())
    for _ in range(10):
        await asyncio.sleep(0)
    note(now, "now")
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=2)
    assert done, "it goes on"
