"""One running system with its gateway, and what the stories ask of it from the side: states, outcomes, the
log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from reprise_contracts.events import Commit
from reprise_contracts.states import CommandView, State
from reprise_runtime.operate.servers import HOST
from stack import Caller, Shape, Stack, until

T = TypeVar("T")
FINAL = {"completed", "failed", "cancelled", "refused"}
ENV = {
    "REPRISE_TIMINGS__LEASE": "4",
    "REPRISE_TIMINGS__HEARTBEAT": "1",
    "REPRISE_TIMINGS__BACKOFF": "0.1",
    "REPRISE_TIMINGS__SWEEP_AFTER": "1",
}


@dataclass(frozen=True)
class Work:
    """A session and its batch."""

    batch: str
    session: str


class House(Stack):
    """The whole system with a gateway, itself a process like the others."""

    def __init__(
        self,
        folder: Path,
        env: dict[str, str] | None = None,
        engine: str = "benchmarks.idle:Idle",
        shape: Shape = "spread",
    ) -> None:
        own = ENV | {"REPRISE_HOST": HOST} | (env or {})
        super().__init__(folder, engine=engine, env=own, gateway=True, shape=shape)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def open(self, *names: str) -> None:
        """Start the servers and some services (all, if none is named), and wait until the gateway takes
        work."""
        self.start_servers()
        for name in names or self.services:
            self.start(name)
        self.wait_ready()

    def wait_ready(self, seconds: float = 90.0) -> None:
        """Ask the gateway until it is ready."""
        deadline = time.monotonic() + seconds
        with httpx.Client(base_url=self.url, trust_env=False) as http:
            while True:
                try:
                    if http.get("/readyz").status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                if time.monotonic() > deadline:
                    raise AssertionError(
                        f"the gateway did not become ready: {self.log_of('gateway')[-2000:]}"
                    )
                time.sleep(0.05)


class Site:
    """A house as a test sees it from the side. What is looked at here is looked at by REST, whichever door
    acts."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self.house = house
        self.http = http

    async def begin(self, topic: str = "steps=3", **body: object) -> Work:
        """A new batch of one text; its run goes on."""
        answer = await self.http.post(
            "/batches", json={"topic": topic, "sources": [{"text": "A text about nothing."}]} | body
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return Work(answer.json()["batch_id"], answer.json()["session_id"])

    async def researched(self, topic: str = "steps=3", **body: object) -> tuple[Work, State]:
        """The same, once its run is over."""
        work = await self.begin(topic, **body)
        return work, await self.at_rest(work)

    async def busy(self) -> tuple[Work, State]:
        """A session whose first run goes on for as long as nobody stops it."""
        work = await self.begin("steps=3 wait_ms=60000")

        async def running() -> State | None:
            state = await self.state(work)
            return (
                state if "phase3/1" in state.nodes and state.nodes["phase3/1"].status == "running" else None
            )

        return work, await until(running, 30, "a running step")

    async def state(self, work: Work) -> State:
        answer = await self.http.get(f"/sessions/{work.session}")
        assert answer.status_code == httpx.codes.OK, answer.text
        return State.model_validate_json(answer.content)

    async def at_rest(self, work: Work) -> State:
        """The state once no run is active or waiting."""

        async def rested() -> State | None:
            state = await self.state(work)
            return state if state.run is None and not state.queue else None

        return await until(rested, 40, "rest")

    async def outcome(self, work: Work, command_id: str) -> CommandView:
        """What a command came to, once it has."""

        async def found() -> CommandView | None:
            answer = await self.http.get(f"/sessions/{work.session}/commands/{command_id}")
            view = CommandView.model_validate_json(answer.content) if answer.is_success else None
            return view if view and view.status in FINAL else None

        return await until(found, 40, f"the end of {command_id}")

    async def artifact(self, work: Work, name: str) -> httpx.Response:
        answer = await self.http.get(f"/sessions/{work.session}/artifacts/{name}")
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer

    async def insight(self, work: Work, step: int) -> str:
        """What the idle engine says of a step: its title and the guidance that it was given."""
        found = (await self.artifact(work, f"phase3/steps/{step}")).json()["insights"]
        assert isinstance(found[0], str)
        return found[0]

    async def commits(self, work: Work) -> list[Commit]:
        """The session's log."""
        caller: Caller = await self.house.caller()
        return [entry.commit for entry in await caller.log.read(work.session)]

    async def sees(self, look: Callable[[], Awaitable[State]], wanted: State) -> None:
        """Every door comes to show the same session."""

        async def same() -> bool:
            state = await look()
            return state.seq >= wanted.seq and state.nodes == wanted.nodes and state.run == wanted.run

        await until(same, 20, "the same state")


def ran(before: State, after: State) -> set[str]:
    """The nodes that were begun between two states: a generation counts the runs of its node."""
    then = {node: view.generation for node, view in before.nodes.items()}
    return {
        node for node, view in after.nodes.items() if node != "phase3" and view.generation > then.get(node, 0)
    }


def freshness(state: State) -> set[str | None]:
    return {view.freshness for view in state.nodes.values()}


def one_at_a_time(commits: list[Commit]) -> bool:
    """Whether no run began before the one before it had ended (R14)."""
    active = ""
    for event in (event for commit in commits for event in commit.events):
        if event.type == "run_started":
            if active:
                return False
            active = event.run_id
        elif event.type == "run_finished" and event.run_id == active:
            active = ""
    return True


async def together(*calls: Awaitable[T]) -> list[T]:
    """Several at once."""
    return list(await asyncio.gather(*calls))
