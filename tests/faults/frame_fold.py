"""A client of frames that was written from the contract alone: it keeps what the frames tell, and nothing
else. A kill of its gateway, or of anything, makes it come back where it stood."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import WebSocketException

from unit.gateway.existing_client import ExistingClient

Json = dict[str, Any]
ENVELOPE = frozenset({"type", "node", "batch_id", "session_id", "at", "seq", "n"})
AROUND = ("run", "queue", "engine", "model", "guidance", "ended")


class FrameFold:
    """Follows one batch."""

    def __init__(self, url: str, batch: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/ws/{batch}"
        self.nodes: dict[str, dict[str, Json]] = {}
        """By session: what the last frame said of each node."""
        self.around: dict[str, Json] = {}
        self.last: tuple[int, int] | None = None
        self.frames = 0
        self.connections = 0
        self.wrong: list[str] = []
        """Promises that were broken."""

    async def run(self) -> None:
        """For as long as somebody wants to know."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._listen()
            await asyncio.sleep(0.1)

    async def _listen(self) -> None:
        after = f"?after={self.last[0]}.{self.last[1]}" if self.last else ""
        async with connect_socket(self._url + after, proxy=None, max_size=None, open_timeout=5) as socket:
            self.connections += 1
            async for message in socket:
                self.take(json.loads(message))

    def take(self, frame: Json) -> None:
        """One frame, in its order."""
        kind = frame["type"]
        if kind == "reset":
            self.wrong.append(f"reset: {frame['reason']}")
        elif kind == "snapshot":
            if self.last is not None:
                self.wrong.append("a snapshot came to a client that said where it stood")
            for state in frame["sessions"]:
                self.nodes[state["session_id"]] = dict(state["nodes"])
                self.around[state["session_id"]] = {name: state[name] for name in AROUND}
            self.last = (frame["seq"], 1 << 30)
        if frame.get("n") is None:
            return
        place = (frame["seq"], frame["n"])
        if self.last is not None and place <= self.last:
            self.wrong.append(f"{place} came after {self.last}")
        self.last = place
        self.frames += 1
        session = frame["session_id"]
        if kind == "node:update":
            view = {name: value for name, value in frame.items() if name not in ENVELOPE}
            self.nodes.setdefault(session, {})[frame["node"]] = view
        elif kind == "session:update":
            self.around[session] = {name: frame[name] for name in AROUND}
            steps = {f"phase3/{number}" for number in frame["plan_steps"]}
            nodes = self.nodes.get(session, {})
            for gone in [node for node in nodes if "/" in node and node not in steps]:
                del nodes[gone]

    def differs_from(self, state: Json) -> str:
        """Where what was told and a state are two things; empty if they are one."""
        session = state["session_id"]
        nodes = self.nodes.get(session, {})
        found = [
            f"{node}: told {nodes.get(node)}, is {state['nodes'].get(node)}"
            for node in sorted({*nodes, *state["nodes"]})
            if nodes.get(node) != state["nodes"].get(node)
        ]
        around = self.around.get(session, {})
        found += [
            f"{name}: told {around.get(name)}, is {state[name]}"
            for name in AROUND
            if around.get(name) != state[name]
        ]
        return "\n".join(found)


class TheirFold:
    """The front end that Reprise was first asked to serve: it opens a socket without a position, and keeps
    what it has when it comes back."""

    def __init__(self, url: str, batch: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/ws/{batch}?dialect=deep-insights"
        self.client = ExistingClient()
        self.broken: list[str] = []
        self.last: list[str] = []
        """The types of the frames that came, the last of them."""

    async def run(self) -> None:
        """For as long as somebody wants to know."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with connect_socket(self._url, proxy=None, max_size=None, open_timeout=5) as socket:
                    async for message in socket:
                        self._take(json.loads(message))
            await asyncio.sleep(0.1)

    def _take(self, frame: Json) -> None:
        self.last = [*self.last[-40:], f"{frame['type']} {frame.get('report_stale', '')}".strip()]
        try:
            self.client.take(frame)
        except (KeyError, TypeError, AssertionError) as error:
            self.broken.append(f"{error!r} at {frame}"[:500])
