"""One limit for everybody who asks one provider: calls and tokens a minute, calls at once, pauses.

All processes share a `Ledger`, which each reads, changes and puts back only if nobody else has changed it
meanwhile (compare and set). It says what was begun in the last minute, who has how many calls under way,
which sessions wait, and what the provider has said of its limits. Nobody serves it: who wants a turn works it
out for itself, and a process that dies is forgotten when its part runs out.

Rates count in slots of two seconds over the last minute and a slot, so that no minute, wherever it begins,
holds more than the limit. Turns go to the waiting session that has had the fewest of late.
"""

import asyncio
import contextlib
import hashlib
import math
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import Field

from reprise_contracts.wire import Message

MINUTE, SLOT = 60.0, 2.0
LEASE = 20.0
"""Seconds after which the calls of a process that says nothing count no longer."""
_PATIENCE = 5.0
"""The same of a session's place among those that wait."""
_LOOK = 0.25
"""Seconds after which one looks again whether there is room."""
_REMEMBERED = 600.0
"""Seconds for which a limit holds that the provider told, or that a refusal let guess."""
_FRESH = 1.0
"""Seconds for which what was read last is good enough where there is nothing to keep to."""
_BACKED_OFF = 0.7
"""The share of what was asked in the minute before a refusal that is asked after it, where the provider names
no limit."""


class Limit(Message):
    """Calls and tokens a minute, calls at once; 0: none."""

    calls: int = 0
    tokens: int = 0
    at_once: int = 0

    def within(self, other: "Limit") -> "Limit":
        """The stricter of both, of each."""
        return Limit(
            calls=_stricter(self.calls, other.calls),
            tokens=_stricter(self.tokens, other.tokens),
            at_once=_stricter(self.at_once, other.at_once),
        )

    def __bool__(self) -> bool:
        return bool(self.calls or self.tokens or self.at_once)


NONE = Limit()


class Holder(Message):
    """Calls that one process has under way, and until when that is believed without a word of it."""

    calls: int
    until: float


class Place(Message):
    """A session among those that wait or had turns: how many it had of late, and until when it waits."""

    turns: float = 0.0
    waits_until: float = 0.0
    seen: float = 0.0


class Ledger(Message):
    """What all who ask one provider know of each other. Times are Unix times."""

    slots: dict[int, tuple[int, int]] = Field(default_factory=dict)
    """Calls and tokens begun, by slot of time."""
    holders: dict[str, Holder] = Field(default_factory=dict)
    places: dict[str, Place] = Field(default_factory=dict)
    paused_until: float = 0.0
    told: Limit = Limit()
    """What the provider says, or what its refusals let guess."""
    told_until: float = 0.0

    def at(self, now: float) -> "Ledger":
        """Without what has run out."""
        oldest = int((now - MINUTE) // SLOT)
        return self.model_copy(
            update={
                "slots": {slot: one for slot, one in self.slots.items() if slot >= oldest},
                "holders": {
                    who: one for who, one in self.holders.items() if one.until > now and one.calls > 0
                },
                "places": {name: one for name, one in self.places.items() if one.seen > now - MINUTE},
                "told": self.told if self.told_until > now else Limit(),
            }
        )

    @property
    def calls(self) -> int:
        """Begun in the last minute."""
        return sum(calls for calls, _ in self.slots.values())

    @property
    def tokens(self) -> int:
        """Of the last minute."""
        return sum(tokens for _, tokens in self.slots.values())

    @property
    def at_once(self) -> int:
        """Calls under way."""
        return sum(one.calls for one in self.holders.values())

    def waiting(self, now: float) -> dict[str, Place]:
        """The sessions that wait for a turn."""
        return {name: one for name, one in self.places.items() if one.waits_until > now}


@dataclass(frozen=True)
class Ask:
    """One call that wants a turn."""

    session: str
    tokens: int


@dataclass(frozen=True)
class Said:
    """What an answer says of the provider's limits. `refused`: it was none, for there were too many; `pause`
    are the seconds until it takes the next call."""

    limit: Limit = NONE
    refused: bool = False
    pause: float = 0.0
    crowded: bool = False
    """Too many at once, and not too many a minute."""


def grant(
    ledger: Ledger, asks: Sequence[Ask], who: str, own: Limit, now: float
) -> tuple[Ledger, list[int], float]:
    """Give turns to as many of the asks as there is room for, by their places in `asks`; and the seconds
    after which the others may look again."""
    ledger = ledger.at(now)
    limit = own.within(ledger.told)
    places = dict(ledger.places)
    first = min((one.turns for one in ledger.waiting(now).values()), default=0.0)
    for ask in asks:
        known = places.get(ask.session, Place(turns=first))
        turns = max(known.turns, first) if known.waits_until <= now else known.turns
        places[ask.session] = Place(turns=turns, waits_until=now + _PATIENCE, seen=now)
    slots, held, begun = dict(ledger.slots), ledger.at_once, 0
    calls, tokens, slot = ledger.calls, ledger.tokens, int(now // SLOT)
    left = {session: [i for i, ask in enumerate(asks) if ask.session == session] for session in places}
    granted: list[int] = []
    wait = _LOOK
    while any(left.values()):
        waiting = {name: one for name, one in places.items() if one.waits_until > now}
        name = min(waiting, key=lambda name: (waiting[name].turns, name))
        if not left.get(name):
            break  # another process's turn
        ask = asks[left[name][0]]
        if wait_for := _full(limit, ledger, slots, calls, tokens, held, ask, now):
            wait = wait_for
            break
        granted.append(left[name].pop(0))
        calls, tokens, held, begun = calls + 1, tokens + ask.tokens, held + 1, begun + 1
        before = slots.get(slot, (0, 0))
        slots[slot] = (before[0] + 1, before[1] + ask.tokens)
        waits = now + _PATIENCE if left[name] else 0.0
        places[name] = Place(turns=places[name].turns + 1, waits_until=waits, seen=now)
    own_calls = (ledger.holders[who].calls if who in ledger.holders else 0) + begun
    holders = {**ledger.holders, who: Holder(calls=own_calls, until=now + LEASE)}
    return ledger.model_copy(update={"slots": slots, "holders": holders, "places": places}), granted, wait


def _full(
    limit: Limit,
    ledger: Ledger,
    slots: Mapping[int, tuple[int, int]],
    calls: int,
    tokens: int,
    held: int,
    ask: Ask,
    now: float,
) -> float:
    """Seconds after which there may be room for a call; 0 if there is now. A call that is worth more tokens
    than a minute allows has its turn when nothing else was asked for a minute."""
    if ledger.paused_until > now:
        return ledger.paused_until - now
    if limit.at_once and held >= limit.at_once:
        return _LOOK
    over = (limit.calls and calls >= limit.calls) or (
        limit.tokens and calls and tokens + ask.tokens > limit.tokens
    )
    if not over:
        return 0.0
    oldest = min(slots) if slots else int(now // SLOT)
    return max(0.01, (oldest + 1) * SLOT + MINUTE - now)


def release(ledger: Ledger, who: str, calls: int, now: float) -> Ledger:
    """Calls of a process are over."""
    held = ledger.holders.get(who)
    rest = (held.calls if held is not None else 0) - calls
    others = {name: one for name, one in ledger.holders.items() if name != who}
    own = {who: Holder(calls=rest, until=now + LEASE)} if rest > 0 else {}
    return ledger.model_copy(update={"holders": others | own})


def learn(ledger: Ledger, said: Said, own: Limit, now: float) -> Ledger:
    """What an answer said holds for everybody. A refusal pauses all; where it names no limit, less than what
    was asked in the last minute, or than is under way, is asked from here on."""
    ledger = ledger.at(now)
    told = said.limit
    if said.refused and not told:
        before = own.within(ledger.told)
        if said.crowded:
            told = Limit(at_once=max(1, ledger.at_once - 1)).within(before)
        elif ledger.calls > 1:
            told = Limit(calls=max(1, int(ledger.calls * _BACKED_OFF))).within(before)
    if told:
        told = Limit(
            calls=told.calls or ledger.told.calls,
            tokens=told.tokens or ledger.told.tokens,
            at_once=told.at_once or ledger.told.at_once,
        )
    update: dict[str, object] = {"told": told, "told_until": now + _REMEMBERED} if told else {}
    if said.refused:
        update["paused_until"] = max(ledger.paused_until, now + said.pause)
    return ledger.model_copy(update=update) if update else ledger


class Away(Exception):
    """The shared ledger cannot be reached for now."""


class Cell(Protocol):
    """Where a ledger is kept."""

    async def read(self) -> tuple[bytes, int]:
        """Return what is there (empty: nothing) and its revision; raises `Away`."""
        ...

    async def write(self, data: bytes, revision: int) -> bool:
        """Put it there unless something newer than the revision is; whether it did. Raises `Away`."""
        ...


class MemoryCell:
    """A ledger of this process alone."""

    def __init__(self) -> None:
        self._data, self._revision = b"", 0

    async def read(self) -> tuple[bytes, int]:
        """See `Cell`."""
        return self._data, self._revision

    async def write(self, data: bytes, revision: int) -> bool:
        """See `Cell`."""
        if revision != self._revision:
            return False
        self._data, self._revision = data, revision + 1
        return True


Shown = Callable[[Ledger, Limit, float], None]
"""Shows an operator how a provider stands: the ledger, the limit that holds, the time."""


class Paused(Exception):
    """The provider takes no call for longer than the caller would wait: `wait` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"paused for {wait:g} s")
        self.wait = wait


@dataclass(eq=False)
class _Waiting:
    ask: Ask
    patience: float
    turn: "asyncio.Future[None]"
    granted: bool = False


@dataclass
class Turn:
    """A call that has its turn: `said` takes what its answer said of the provider's limits."""

    said: Said = field(default_factory=Said)


class Gate:
    """The turns of one process at one provider."""

    def __init__(
        self,
        cell: Cell,
        limit: Limit,
        who: str,
        *,
        clock: Callable[[], float] = time.time,
        shown: Shown | None = None,
    ) -> None:
        self.limit = limit
        self._cell, self._who, self._clock, self._shown = cell, who, clock, shown
        self._waiting: list[_Waiting] = []
        self._over, self._held = 0, 0
        self._news: list[Said] = []
        self._known, self._known_at = Ledger(), -_FRESH
        self._called = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(self, session: str, tokens: int, *, patience: float = math.inf) -> AsyncIterator[Turn]:
        """Wait for a turn of a session, for a call of so many tokens, and give it back at the end. Raises
        `Paused` where the provider asks for a longer pause than `patience` (seconds)."""
        turn = Turn()
        if await self._free():
            yield turn
            if turn.said != Said():
                self._news.append(turn.said)
                self._call()
            return
        waiting = _Waiting(Ask(session, tokens), patience, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._call()
        try:
            await waiting.turn
            yield turn
        finally:
            if turn.said != Said():
                self._news.append(turn.said)
            if waiting in self._waiting:  # it gave up before its turn came
                self._waiting.remove(waiting)
            elif waiting.granted:
                self._give_back()

    def _give_back(self) -> None:
        self._over += 1
        self._call()

    async def _free(self) -> bool:
        """Whether there is nothing to keep to: no limit of ours, none of the provider's, no pause."""
        if self.limit or self._waiting or self._held:
            return False
        if self._clock() - self._known_at > _FRESH:
            with contextlib.suppress(Away):
                data, _ = await self._cell.read()
                self._know(Ledger.decode(data) if data else Ledger())
        now = self._clock()
        return not self._known.at(now).told and self._known.paused_until <= now

    def _know(self, ledger: Ledger) -> None:
        self._known, self._known_at = ledger, self._clock()
        if self._shown is not None:
            now = self._clock()
            current = ledger.at(now)
            self._shown(current, self.limit.within(current.told), now)

    def _call(self) -> None:
        self._called.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run(), name="turns")

    async def _run(self) -> None:
        """Change the ledger for as long as there is something to change: turns to get and to give back, what
        was said, calls under way to be believed in."""
        while self._waiting or self._over or self._news or self._held:
            self._called.clear()
            try:
                wait = await self._change()
            except Away:
                wait = 2 * _LOOK
            if not self._waiting:
                if not (self._over or self._news or self._held):
                    return
                wait = LEASE / 3
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait * random.uniform(1.0, 1.2)):  # noqa: S311 - spreads who looks
                    await self._called.wait()

    async def _change(self) -> float:
        while True:
            data, revision = await self._cell.read()
            ledger, now = Ledger.decode(data) if data else Ledger(), self._clock()
            over, news, waiting = self._over, list(self._news), list(self._waiting)
            if over:
                ledger = release(ledger, self._who, over, now)
            for said in news:
                ledger = learn(ledger, said, self.limit, now)
            asks = [one.ask for one in waiting]
            ledger, granted, wait = grant(ledger, asks, self._who, self.limit, now)
            if await self._cell.write(ledger.model_dump_json().encode(), revision):
                break
            await asyncio.sleep(random.uniform(0.0, 0.02))  # noqa: S311 - spreads who tries again
        self._over -= over
        self._held += len(granted) - over
        del self._news[: len(news)]
        self._know(ledger)
        for index in granted:
            one = waiting[index]
            if one in self._waiting and not one.turn.done():
                self._waiting.remove(one)
                one.granted = True
                one.turn.set_result(None)
            else:  # its caller went away meanwhile
                self._over += 1
        pause = ledger.paused_until - now
        for one in [one for one in self._waiting if one.patience < pause and not one.turn.done()]:
            self._waiting.remove(one)
            one.turn.set_exception(Paused(pause))
        return 0.0 if self._over else wait


class Limits:
    """The gates of one process, one for each provider."""

    def __init__(
        self,
        cell_of: Callable[[str], Cell] | None = None,
        who: str = "",
        *,
        shown: Callable[[str], Shown] | None = None,
    ) -> None:
        self._cell_of = cell_of or (lambda name: MemoryCell())
        self._who, self._shown = who or f"p{id(self):x}", shown
        self._gates: dict[str, Gate] = {}

    def gate(self, place: str, account: str, limit: Limit) -> Gate:
        """The gate of a provider: `place` is its host, `account` what tells two accounts there apart (an
        address and a key, of which only a hash is kept)."""
        mark = hashlib.sha256(account.encode()).hexdigest()[:8]
        name = f"{re.sub(r'[^A-Za-z0-9_-]', '_', place)[:60]}-{mark}"
        if name not in self._gates:
            shown = self._shown(name) if self._shown is not None else None
            self._gates[name] = Gate(self._cell_of(name), limit, self._who, shown=shown)
        self._gates[name].limit = limit
        return self._gates[name]


_CALLS = ("x-ratelimit-limit-requests", "anthropic-ratelimit-requests-limit", "ratelimit-limit")
_TOKENS = ("x-ratelimit-limit-tokens", "anthropic-ratelimit-tokens-limit")
_NUMBER = re.compile(r"\d+")
_WINDOW = re.compile(r"\bw=(\d+)")
_CROWDED = re.compile(r"concurren|parallel|simultaneous|in flight|at once", re.IGNORECASE)
_AT_ONCE = re.compile(r"(\d+)\D{0,20}(?:concurren|parallel|simultaneous|in flight|at once)", re.IGNORECASE)
_LONGEST = 60.0


def limit_in(headers: Mapping[str, str]) -> Limit:
    """The limits a minute that an answer's headers name. A limit that begins anew after more than a minute is
    one of another time, a day's as a rule, and is left aside."""
    if _seconds(headers.get("x-ratelimit-reset-requests", "")) > _LONGEST:
        return Limit(tokens=_named(headers, _TOKENS))
    return Limit(calls=_named(headers, _CALLS), tokens=_named(headers, _TOKENS))


def refusal(headers: Mapping[str, str], message: str, pause: float) -> Said:
    """What a 429 says."""
    crowded = _CROWDED.search(message) is not None
    found = _AT_ONCE.search(message)
    limit = limit_in(headers).within(Limit(at_once=int(found[1])) if found is not None else Limit())
    return Said(limit=limit, refused=True, pause=pause, crowded=crowded)


def _named(headers: Mapping[str, str], names: Sequence[str]) -> int:
    for name in names:
        said = headers.get(name, "")
        number, window = _NUMBER.search(said), _WINDOW.search(said)
        if number is not None:
            seconds = int(window[1]) if window is not None else int(MINUTE)
            return max(1, int(int(number[0]) * MINUTE / seconds)) if seconds else 0
    return 0


def _seconds(said: str) -> float:
    """A time as providers write it: `1s`, `6m0s`, `24h`, `120ms`; 0 if it is none."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
    return sum(
        float(number) * units[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", said)
    )


def _stricter(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other
