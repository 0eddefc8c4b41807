"""Commands at random through REST, WebSocket, NATS and the command line, while every kind of process freezes
and dies: at rest all of them tell one truth, and the previews had told it before."""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from faults.random_doors import Player, Saboteur
from integration.doors.house import House
from reprise_contracts import subjects

# As in the test of kills: connections whose server was killed are left to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ENV = {"REPRISE_TIMINGS__SWEEP_AFTER": "1"}
ROUND = 16.0
"""Seconds of play between two times of rest."""


async def story(folder: Path, seconds: float, seed: int, players: int) -> None:
    """Rounds of play, each with faults in its second half, each followed by a look at everything."""
    chance = random.Random(seed)
    house = House(folder, ENV, engine="tests.faults.fickle:Fickle")
    played: Counter[str] = Counter()
    try:
        await asyncio.to_thread(house.open)
        caller = await house.caller()
        saboteur = Saboteur(house, chance)
        crew = [
            Player(house, caller, f"p{seed}-{place}", random.Random(seed * 100 + place))
            for place in range(players)
        ]
        await asyncio.gather(*(player.begin() for player in crew))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            length = min(ROUND, max(end - time.monotonic(), 4.0))
            until_time = time.monotonic() + length
            playing = asyncio.gather(*(player.play(until_time) for player in crew))
            await asyncio.sleep(length / 3)
            await saboteur.run(length / 2)
            await playing
            await saboteur.mend()
            await asyncio.gather(*(player.check() for player in crew))
        for player in crew:
            played.update(player.counts)
        frames = sum(player.fold.frames for player in crew)
        connections = sum(player.fold.connections for player in crew)
        await asyncio.gather(*(player.end() for player in crew))
        await asyncio.gather(*(player.close() for player in crew))
        info = await caller.bus.api(f"STREAM.INFO.{subjects.DLQ}")
        assert info["state"]["messages"] == 0, "something could not be understood"
        for name in house.services:
            log = house.log_of(name)
            assert '"event": "unforeseen"' not in log and '"event": "broken"' not in log, name
        print(
            f"\nseed {seed}: {dict(played)}; {sum(saboteur.done.values())} faults: {dict(saboteur.done)}; "
            f"{frames} frames over {connections} connections"
        )
    finally:
        await house.close_callers()
        await asyncio.to_thread(house.stop_all)


async def test_all_doors_tell_one_truth_whatever_freezes_or_dies(tmp_path: Path) -> None:
    """About two minutes of it, the looks at rest included."""
    await story(
        tmp_path,
        seconds=float(os.environ.get("REPRISE_TEST_DOORS_SECONDS", "80")),
        seed=int(os.environ.get("REPRISE_TEST_SEED", "11")),
        players=3,
    )


@pytest.mark.long
async def test_all_doors_tell_one_truth_for_an_hour(tmp_path: Path) -> None:
    """The long run of `make faults`, every time another one."""
    await story(
        tmp_path,
        seconds=float(os.environ.get("REPRISE_TEST_DOORS_LONG_SECONDS", "3600")),
        seed=int(os.environ.get("REPRISE_TEST_SEED", str(random.randrange(10**6)))),
        players=4,
    )
