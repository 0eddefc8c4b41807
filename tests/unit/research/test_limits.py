"""One limit for all who ask a provider: nobody passes it, nobody waits for nothing, and a lowered one is
obeyed at once."""

import asyncio
import heapq
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from reprise_research.limits import (
    LEASE,
    MINUTE,
    Ask,
    Gate,
    Ledger,
    Limit,
    MemoryCell,
    Paused,
    Said,
    grant,
    learn,
    limit_in,
    refusal,
)

NOW = 1_000_000.0


class Fast(asyncio.SelectorEventLoop):
    """A loop in which time passes as soon as everybody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        select = self._selector.select  # type: ignore[attr-defined]  # asyncio's own

        def skip(timeout: float | None = None) -> Any:
            if timeout:
                self.now += timeout
            return select(0 if timeout is not None else None)

        self._selector.select = skip  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


async def ended(tasks: set["asyncio.Task[Any]"]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def quickly(work: Coroutine[Any, Any, None]) -> None:
    loop = Fast()
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(ended(left))
        loop.close()


class Provider:
    """A scripted endpoint: it takes so many calls in any minute and so many at once, and refuses what passes
    that, with the limit in its headers."""

    def __init__(self, loop: Fast, calls: int, at_once: int) -> None:
        self.loop, self.calls, self.at_once = loop, calls, at_once
        self.begun: list[float] = []
        self.under_way, self.refused, self.answered = 0, 0, 0
        self.refused_at: list[tuple[float, bool]] = []

    async def ask(self) -> Said:
        now = self.loop.time()
        while self.begun and self.begun[0] <= now - MINUTE:
            heapq.heappop(self.begun)
        headers = {"x-ratelimit-limit-requests": str(self.calls)}
        if len(self.begun) >= self.calls or self.under_way >= self.at_once:
            self.refused += 1
            crowd = self.under_way >= self.at_once
            self.refused_at.append((now, crowd))
            return refusal(
                headers, f"{self.at_once} concurrent requests at most" if crowd else "too many", 1.0
            )
        heapq.heappush(self.begun, now)
        self.under_way += 1
        try:
            await asyncio.sleep(random.Random(now).uniform(0.5, 3.0))
        finally:
            self.under_way -= 1
        self.answered += 1
        return Said(limit_in(headers))


async def research(
    gates: list[Gate], provider: Provider, sessions: int, calls: int
) -> dict[str, list[float]]:
    """Sessions on the gates of several workers, each with its calls, two at a time: when each was
    answered."""
    done: dict[str, list[float]] = {}

    async def one(number: int) -> None:
        name, at_once = f"s-{number}", asyncio.Semaphore(2)

        async def call(place: int) -> None:
            async with at_once:
                while True:
                    async with gates[(number + place) % len(gates)].turn(name, 1_000) as turn:
                        turn.said = await provider.ask()
                    if not turn.said.refused:
                        done.setdefault(name, []).append(provider.loop.time())
                        return
                    await asyncio.sleep(turn.said.pause)

        await asyncio.gather(*(call(place) for place in range(calls)))

    await asyncio.gather(*(one(number) for number in range(sessions)))
    return done


async def eight_workers(sessions: int, calls: int) -> None:
    """The limit is 60 calls a minute and 4 at once, then 30 and 3, which nobody is told."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Fast)
    provider, cell = Provider(loop, 60, 4), MemoryCell()
    set_to = Limit(calls=60, at_once=4)
    gates = [Gate(cell, set_to, f"w-{n}", clock=loop.time) for n in range(8)]
    asked = asyncio.create_task(research(gates, provider, sessions, calls))
    half = sessions * calls / 2 / 60 * MINUTE
    await asyncio.sleep(half)
    first, provider.calls, provider.at_once = provider.answered, 30, 3
    lowered, before = loop.time(), provider.refused
    done = await asked
    took = loop.time() - lowered
    assert before == 0, "within the limit that is set nothing is refused"
    assert first >= 0.95 * 60 * half / MINUTE, "and nearly all of it is used"
    assert sum(map(len, done.values())) == sessions * calls
    for crowd in (False, True):
        times = [at for at, crowded in provider.refused_at if crowded is crowd]
        assert all(at <= times[0] + 3.0 for at in times), "but for what was under way with it"
    assert provider.refused <= 8
    rest = sessions * calls - first
    assert rest >= 0.95 * 30 * (took - MINUTE) / MINUTE
    counts = [sum(at < lowered for at in times) for times in done.values()]
    share = sum(counts) / len(counts)
    assert max(counts) - min(counts) <= share / 5, "sessions have equal shares, but for when each looks again"


def test_eight_workers_keep_to_a_limit_that_is_lowered_on_the_way() -> None:
    quickly(eight_workers(8, 40))


@pytest.mark.long
def test_a_hundred_sessions_ask_a_hundred_thousand_times() -> None:
    quickly(eight_workers(100, 1_000))


def test_no_minute_holds_more_than_the_limit_wherever_it_begins() -> None:
    ledger, given = Ledger(), []
    clock, rest = NOW, random.Random(7)
    while len(given) < 300:
        ledger, granted, _ = grant(ledger, [Ask("a", 1)] * 3, "w", Limit(calls=20), clock)
        given += [clock] * len(granted)
        clock += rest.uniform(0.05, 1.5)
    for place, begun in enumerate(given):
        assert sum(begun <= other < begun + MINUTE for other in given[place:]) <= 20


def test_tokens_are_kept_to_and_one_call_that_is_larger_than_a_minute_has_its_turn_alone() -> None:
    own = Limit(tokens=1_000)
    ledger, granted, _ = grant(Ledger(), [Ask("a", 600), Ask("a", 600)], "w", own, NOW)
    assert granted == [0]
    ledger, granted, wait = grant(ledger, [Ask("a", 5_000)], "w", own, NOW + 30)
    assert granted == [] and wait > 29
    _, granted, _ = grant(ledger, [Ask("a", 5_000)], "w", own, NOW + 63)
    assert granted == [0]


def test_turns_go_to_the_session_that_had_the_fewest() -> None:
    """Of other processes as well: theirs come first."""
    own = Limit(at_once=1)
    ledger, granted, _ = grant(Ledger(), [Ask("a", 1), Ask("a", 1), Ask("b", 1)], "w", Limit(at_once=2), NOW)
    assert granted == [0, 2]
    ledger, granted, _ = grant(Ledger(), [Ask("a", 1), Ask("a", 1)], "w-1", Limit(at_once=2), NOW)
    assert granted == [0, 1]
    ledger, granted, _ = grant(ledger, [Ask("b", 1)], "w-2", own, NOW)
    assert granted == []
    ledger, granted, _ = grant(ledger, [Ask("a", 1)], "w-1", Limit(at_once=9), NOW)
    assert granted == [], "b, which waits at another worker, had none yet"
    _, granted, _ = grant(ledger, [Ask("b", 1)], "w-2", Limit(at_once=9), NOW)
    assert granted == [0]


def test_a_process_that_dies_holds_its_calls_for_a_lease() -> None:
    own = Limit(at_once=1)
    ledger, _, _ = grant(Ledger(), [Ask("a", 1)], "dead", own, NOW)
    _, granted, _ = grant(ledger, [Ask("b", 1)], "w", own, NOW + LEASE / 2)
    assert granted == []
    _, granted, _ = grant(ledger, [Ask("b", 1)], "w", own, NOW + LEASE + 1)
    assert granted == [0]


def test_a_refusal_pauses_everybody_and_is_guessed_from_where_it_names_nothing() -> None:
    ledger, granted, _ = grant(Ledger(), [Ask("a", 1)] * 10, "w", Limit(), NOW)
    assert len(granted) == 10
    ledger = learn(ledger, Said(refused=True, pause=5.0), Limit(), NOW + 1)
    assert ledger.told.calls == 7
    _, granted, wait = grant(ledger, [Ask("b", 1)], "other", Limit(), NOW + 2)
    assert granted == [] and wait == pytest.approx(4.0)


def test_who_will_not_wait_for_a_long_pause_is_told_so() -> None:
    async def paused() -> None:
        loop = asyncio.get_running_loop()
        gate = Gate(MemoryCell(), Limit(calls=5), "w", clock=loop.time)
        async with gate.turn("a", 1) as turn:
            turn.said = Said(refused=True, pause=3_600)
        await asyncio.sleep(1)
        with pytest.raises(Paused) as found:
            async with gate.turn("b", 1, patience=20):
                raise AssertionError("it was let in")
        assert found.value.wait > 3_500

    quickly(paused())


def test_who_goes_away_as_his_turn_comes_takes_nobody_s_place() -> None:
    """Cancelled between the ledger's word and his own: the turn is given back, and the next one has his."""

    class Late(MemoryCell):
        """Cancels who waits as soon as his turn is written down."""

        asks: "asyncio.Task[None] | None" = None

        async def write(self, data: bytes, revision: int) -> bool:
            written = await super().write(data, revision)
            if written and self.asks is not None:
                self.asks.cancel()
            return written

    async def work() -> None:
        loop, cell = asyncio.get_running_loop(), Late()
        gate = Gate(cell, Limit(at_once=1), "w", clock=loop.time)

        async def ask() -> None:
            async with gate.turn("s", 1):
                pass

        cell.asks = asyncio.create_task(ask())
        await asyncio.gather(cell.asks, return_exceptions=True)
        assert cell.asks.cancelled()
        cell.asks, began = None, loop.time()
        await asyncio.wait_for(ask(), 2 * LEASE)
        assert loop.time() - began < LEASE, "not first when the lease of the lost turn ran out"

    quickly(work())


def test_where_there_is_no_limit_nothing_is_written() -> None:
    async def free() -> None:
        loop = asyncio.get_running_loop()
        cell = MemoryCell()
        gate = Gate(cell, Limit(), "w", clock=loop.time)
        for _ in range(50):
            async with gate.turn("a", 1):
                pass
        assert await cell.read() == (b"", 0)

    quickly(free())


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        (
            {"x-ratelimit-limit-requests": "60", "x-ratelimit-limit-tokens": "90000"},
            Limit(calls=60, tokens=90_000),
        ),
        ({"anthropic-ratelimit-requests-limit": "50"}, Limit(calls=50)),
        ({"ratelimit-limit": "10, 10;w=10"}, Limit(calls=60)),
        ({"x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "6h0m"}, Limit()),
        ({}, Limit()),
    ],
)
def test_what_a_provider_says_of_its_limits_is_read(headers: dict[str, str], limit: Limit) -> None:
    assert limit_in(headers) == limit
