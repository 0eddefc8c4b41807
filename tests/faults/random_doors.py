"""Random commands through every door, while processes freeze and die; and what has to hold at rest, whatever
came of them.

A `Player` plays one session: it previews, sends a command through one door, repeats it through others,
interrupts, cancels, edits, changes sources, and makes mistakes. It believes nothing that it was told: at rest
it reads the log, and holds it against what the previews, the answers and the frames had said.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import nats.errors
from websockets.exceptions import WebSocketException

from faults.frame_fold import FrameFold, TheirFold
from integration.doors.adapters import DOORS, NAMES, STALE, Answer, Door, Target, phase, steps
from integration.doors.house import FINAL, House, Work, one_at_a_time
from reprise_contracts import events as e
from reprise_contracts.nodes import PHASES
from reprise_runtime.nats.session_log import Entry
from stack import Caller, until

T = TypeVar("T")
Json = dict[str, Any]
AWAY = (httpx.TransportError, OSError, TimeoutError, WebSocketException, nats.errors.Error)
"""What a door does whose server is away."""
PATIENCE = 12.0
"""Seconds that a door waits for an answer, longer than anything is frozen."""
REST = 150.0
"""Seconds within which everything comes to rest."""
TEXTS = ("The bridge opened in 2010.", "Traffic fell by a fifth.", "Noise rose by three decibels.")
GUIDANCE = ("", "prices", "noise", "roll", "flaky", "fail", "slow", "more", "roll slow")
"""What a rerun may say to its engine: `fickle.py` does it."""
SERVERS = ("nats", "weed")


def pid_of(house: House, name: str) -> int | None:
    """The process behind a name, while it runs."""
    if name in SERVERS:
        return (house.nats if name == "nats" else house.weed).pid
    process = house.processes[house.process_of(name)]
    return process.pid if process.poll() is None else None


class Saboteur:
    """Freezes and kills what it has been given, one thing at a time."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house, self.chance = house, chance
        self.done: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """For some time; what was frozen goes on, and what was killed is started again."""
        end = time.monotonic() + seconds
        names = [*self.house.services, *SERVERS]
        while time.monotonic() < end:
            await asyncio.sleep(self.chance.uniform(0.2, 1.5))
            name = self.chance.choice(names)
            await (self._freeze(name) if self.chance.random() < 0.5 else self._kill(name))

    async def _freeze(self, name: str) -> None:
        pid = pid_of(self.house, name)
        if pid is None:
            return
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(self.chance.choice((0.3, 1.0, 2.0, 6.0)))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.done[f"{name} frozen"] += 1

    async def _kill(self, name: str) -> None:
        if pid_of(self.house, name) is None:
            return
        await asyncio.to_thread(self.house.kill, name)
        await asyncio.sleep(self.chance.uniform(0.0, 0.5))
        await asyncio.to_thread(self.house.restart, name)
        self.done[f"{name} killed"] += 1

    async def mend(self) -> None:
        """Everything is up again; a service that gave up while its server was away is started, as its
        supervisor would."""

        async def up() -> bool:
            for name in self.house.services:
                if not self.house.runs(name):
                    await asyncio.to_thread(self.house.restart, name)
            async with httpx.AsyncClient(base_url=self.house.url, timeout=5, trust_env=False) as http:
                try:
                    return (await http.get("/workz")).status_code == httpx.codes.OK
                except httpx.TransportError:
                    return False

        await until(up, REST, "everything at work again")


@dataclass
class Sent:
    """A command, and all that was said to it."""

    command_id: str
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    preview: Json | None = None
    before: Json | None = None
    """The state that its preview was made in."""
    about: str = ""
    """The run that it cancels, if it names one: its answers name it too."""

    @property
    def refused(self) -> set[str]:
        return {answer.refused for _, answer in self.answers if answer.refused}

    @property
    def runs(self) -> set[str]:
        return {answer.run_id for _, answer in self.answers if answer.run_id}


class Player:
    """One batch and its session."""

    def __init__(self, house: House, caller: Caller, name: str, chance: random.Random) -> None:
        self.house, self.caller, self.name, self.chance = house, caller, name, chance
        self.work = Work("", "")
        self.sent: dict[str, Sent] = {}
        self.counts: Counter[str] = Counter()
        self.late_sources = False
        """The last change of sources was answered before the session knew it: it may move any time."""
        self.accepted: set[str] = set()
        """Nodes that were ever accepted as they are (R28): their inputs may have moved."""
        self._doors: dict[str, Door] = {}
        self._http = httpx.AsyncClient(base_url=house.url, timeout=PATIENCE, trust_env=False)
        self._count = 0
        self._watching: list[asyncio.Task[None]] = []
        self.fold = FrameFold(house.url, "")
        self.theirs = TheirFold(house.url, "")

    # Asking, however often it takes

    async def rest(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Ask by REST until the gateway has an answer of its own."""

        async def answered() -> httpx.Response | None:
            try:
                answer = await self._http.request(method, path, **given)
            except AWAY:
                return None
            return answer if answer.status_code < 500 else None

        return await until(answered, REST, f"an answer to {method} {path}")

    async def through(self, name: str, ask: Callable[[Door], Awaitable[T]]) -> tuple[str, T]:
        """Ask through a door, and where it is away through others, until one answers; with which one did."""
        end = time.monotonic() + REST
        while True:
            door = self._doors.get(name)
            if door is None:
                door = self._doors[name] = DOORS[NAMES.index(name)](self.house, PATIENCE)  # type: ignore[call-arg]
            try:
                return name, await ask(door)
            except AWAY as away:
                assert time.monotonic() < end, f"no door answered within {REST:g} s, {name} last: {away!r}"
                await self._give_up(name, door)
                await asyncio.sleep(0.2)
                name = self.chance.choice(NAMES[:4])

    async def _give_up(self, name: str, door: Door) -> None:
        """Close a door that is away. Of several commands that went through it at once the first one does: the
        others may find another door in its place."""
        if self._doors.get(name) is not door:
            return
        del self._doors[name]
        try:
            await asyncio.wait_for(door.close(), 2)
        except (*AWAY, RuntimeError):
            pass

    async def state(self) -> Json:
        found: Json = (await self.rest("GET", f"/sessions/{self.work.session}")).json()
        return found

    async def at_rest(self) -> Json:
        """The state once no run is active or waits."""

        async def rested() -> Json | None:
            state = await self.state()
            return state if state["run"] is None and not state["queue"] else None

        return await until(rested, REST, f"rest in {self.name}")

    async def entries(self) -> list[Entry]:
        async def read() -> list[Entry]:
            return await self.caller.log.read(self.work.session)

        return await until(read, REST, "the log")

    # Playing

    async def begin(self) -> None:
        """A batch of two texts, researched."""
        sources = [{"text": text, "title": f"T{place}"} for place, text in enumerate(TEXTS[:2])]
        body = {
            "topic": f"{self.name} steps=3 wait_ms=40",
            "sources": sources,
            "command_id": f"begin-{self.name}",
        }
        made = (await self.rest("POST", "/batches", json=body)).json()
        self.work = Work(made["batch_id"], made["session_id"])

        async def there() -> bool:
            return (await self.rest("GET", f"/batches/{self.work.batch}")).status_code == 200

        await until(there, REST, "the batch")
        self.fold = FrameFold(self.house.url, self.work.batch)
        self.theirs = TheirFold(self.house.url, self.work.batch)
        self._watching = [asyncio.create_task(one.run()) for one in (self.fold, self.theirs)]

    async def play(self, until_time: float) -> None:
        """Moves for as long as there is time."""
        moves: Sequence[tuple[int, Callable[[], Awaitable[None]]]] = (
            (8, self.previewed),
            (4, self.burst),
            (2, self.sources),
            (2, self.edit),
            (1, self.accept),
            (2, self.mistake),
        )
        while time.monotonic() < until_time:
            move = self.chance.choices([move for _, move in moves], [weight for weight, _ in moves])[0]
            self.counts[move.__name__] += 1
            await move()

    def _name(self) -> str:
        self._count += 1
        return f"c-{self.name}-{self._count}"

    def _door(self) -> str:
        """The command line, a process for each command, is asked least."""
        return self.chance.choices(NAMES, (6, 6, 4, 6, 1))[0]

    def _target(self, state: Json) -> Target:
        numbers = [int(node[7:]) for node in state["nodes"] if node.startswith("phase3/")]
        kind = self.chance.random()
        if kind < 0.15:
            return STALE
        if kind < 0.55 or not numbers:
            return phase(self.chance.randrange(5))
        return steps(*sorted(self.chance.sample(numbers, self.chance.randint(1, len(numbers)))))

    def _options(self, target: Target) -> Json:
        found: Json = {}
        one = self.chance.random
        if one() < 0.35 and target != STALE:
            found["guidance"] = self.chance.choice(GUIDANCE)
        if one() < 0.35 and target != STALE:
            found["propagation"] = "mark_stale"
        if one() < 0.15 and target != STALE:
            found["force"] = True
        if one() < 0.15:
            found["allow_partial"] = True
        if one() < 0.1:
            found["stop_after"] = self.chance.choice(PHASES)
        if one() < 0.12:
            found["max_tokens"] = self.chance.choice((5, 15, 30, 60, 200))
        return found

    async def _send(self, sent: Sent, target: Target, options: Json, door: str) -> Answer:
        name, answer = await self.through(
            door, lambda way: way.rerun(self.work, target, command_id=sent.command_id, **options)
        )
        if answer.refused == "unavailable":  # said of nothing that is stored: the same name, again
            await asyncio.sleep(0.3)
            return await self._send(sent, target, options, self._door())
        sent.answers.append((name, answer))
        return answer

    async def outcome(self, command_id: str) -> Json:
        """What became of a command, once it is known for good."""

        async def ended() -> Json | None:
            answer = await self.rest("GET", f"/sessions/{self.work.session}/commands/{command_id}")
            found: Json = answer.json()
            return found if found.get("status") in FINAL | {"merged"} else None

        return await until(ended, REST, f"the end of {command_id}")

    async def previewed(self) -> None:
        """A command that is previewed, sent, sent again, and held against its preview."""
        state = await self.at_rest()
        target = self._target(state)
        options = self._options(target)
        sent = Sent(self._name(), before=state)
        place, named = ("refresh", Json())
        if target.phase:
            place, named = "restart/phase", {"phase": target.phase}
        elif target.steps:
            place, named = "restart/step", {"step_ids": target.steps}
        body = {"session_id": self.work.session, **named, "options": options | {"dry_run": True}}
        answer = await self.rest("POST", f"/workflow/{place}", json=body)
        told = answer.json()
        self.sent[sent.command_id] = sent
        if answer.status_code != 200:  # what cannot be previewed cannot be done, and for the same reason
            await self._send(sent, target, options, self._door())
            kind = told["type"].rsplit("/", 1)[-1]
            after = (await self.outcome(sent.command_id))["problem"]
            assert after and after["type"] == told["type"], (kind, after, sent)
            return
        sent.preview = told["plan"]
        with_token = options | {"plan_token": told["plan_token"]}
        await self._send(sent, target, with_token, self._door())
        while self.chance.random() < 0.3:
            await self._send(sent, target, with_token, self._door())
        if self.chance.random() < 0.15:
            other = Sent(sent.command_id)
            wish = {"guidance": f"another body {self.chance.random()}"}
            await self._send(other, phase(4), wish, self.chance.choice(("rest", "websocket", "nats-request")))
            assert other.refused == {"command_reused"}, other
        await self.outcome(sent.command_id)
        self._held(sent, await self.at_rest(), await self.entries())

    def _held(self, sent: Sent, after: Json, entries: list[Entry]) -> None:
        """R13: what ran is `run` and a part of `may_run`; what was to be kept is fresh. Nobody else has
        played meanwhile."""
        plan, before = sent.preview, sent.before
        assert plan is not None and before is not None
        run, outcome, problem = run_of(sent.command_id, entries)
        if outcome == "refused":  # by its token: then the session had moved since
            since = [entry.commit for entry in entries if before["seq"] < entry.seq]
            others = [event for commit in since for event in commit.events]
            moved = {event.type for event in others if getattr(event, "command_id", "") != sent.command_id}
            late = {"artifact_edited", "node_accepted", "run_queued"}  # may be answered before it is decided
            late |= {"sources_changed"} if self.late_sources else set()
            assert problem == "plan_changed" and moved & late, (sent, moved)
            return
        ran = begun_in(run, entries)
        told = {*plan["run"], *plan["may_run"]}
        new = {node for node in ran if node.startswith("phase3/") and node not in before["nodes"]}
        assert ran - new <= told and (not new or "phase3/*" in told), (sent.command_id, plan, sorted(ran))
        if problem == "budget_reached":
            self._stopped(before, after, run, entries)
        if outcome != "completed":
            return
        assert set(plan["run"]) <= ran, (sent.command_id, plan, sorted(ran))
        for node in plan["keep"]:
            view = after["nodes"].get(node)
            gone = view is None and node in plan["may_drop"]
            assert gone or (view and view["freshness"] == "fresh"), (sent.command_id, node, view, plan)

    def _stopped(self, before: Json, after: Json, run: str, entries: list[Entry]) -> None:
        """R29: a ceiling fails no node and makes none stale by itself: what it kept from its end is as it
        was."""
        moved = told_in(run, entries, e.NodeCompleted) | told_in(run, entries, e.NodeCancelled)
        moved |= {
            event.node
            for event in (event for entry in entries for event in entry.commit.events)
            if isinstance(event, e.NodeFailed) and event.problem.type != "budget_reached"
        }
        for node, was in before["nodes"].items():
            now = after["nodes"].get(node)
            if node != "phase3" and node not in moved and now is not None:
                same = ("status", "artifact", "problem")
                assert [now[name] for name in same] == [was[name] for name in same], (node, was, now)

    async def burst(self) -> None:
        """Several commands at once, through several doors, and perhaps a cancel among them."""
        state = await self.state()
        asked: list[Awaitable[Any]] = []
        for _ in range(self.chance.randint(2, 4)):
            target = self._target(state)
            options = self._options(target) | {
                "if_running": self.chance.choice(("queue", "queue", "interrupt", "reject"))
            }
            options.pop("stop_after", None)
            sent = self.sent[name] = Sent(name := self._name())
            asked.append(self._send(sent, target, options, self._door()))
        if self.chance.random() < 0.6:
            asked.append(self._cancel(state))
        await asyncio.gather(*asked)

    async def _cancel(self, state: Json) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 0.4))
        what: Json = self.chance.choice(({}, {}, {"phase": "phase3"}, {"phase": "phase4"}, {"step_id": 1}))
        if state["run"] and self.chance.random() < 0.3:
            what = {"run_id": state["run"]["run_id"]}
        name = self._name()
        sent = self.sent[name] = Sent(name, about=what.get("run_id", ""))
        door, answer = await self.through(
            self._door(), lambda way: way.cancel(self.work, command_id=name, **what)
        )
        sent.answers.append((door, answer))

    async def sources(self) -> None:
        """A source replaced, added, removed, or given back as it was."""
        batch = f"/batches/{self.work.batch}/sources"
        there = (await self.rest("GET", batch)).json()["sources"]
        source = self.chance.choice(there)
        text = self.chance.choice(TEXTS)
        name = self._name()
        kind = self.chance.random()
        if kind < 0.6:
            body = {"text": text, "title": source["title"], "command_id": name}
            answer = await self.rest("PUT", f"{batch}/{source['source_id']}", json=body)
        elif kind < 0.8 and len(there) < 4:
            answer = await self.rest(
                "POST", batch, json={"sources": [{"text": text, "title": "More"}], "command_id": name}
            )
        else:
            answer = await self.rest("DELETE", f"{batch}/{source['source_id']}", params={"command_id": name})
        last = answer.status_code == 422 and len(there) == 1
        assert answer.status_code in {200, 201, 202} or last, answer.text
        if not last:
            self.late_sources = answer.status_code == 202

    async def edit(self) -> None:
        """Goals or a plan by hand; refused while a run is active, or over another one's head."""
        node = self.chance.choice(("phase1", "phase2"))
        place = f"/sessions/{self.work.session}/artifacts/{node}"
        read = await self.rest("GET", place)
        if read.status_code != 200:
            return
        document = read.json()
        if node == "phase1":
            body: Json = {"goals": document["goals"]}
            body["goals"][0]["question"] = f"What of it? {self.chance.randrange(3)}"
        else:
            body = {name: document[name] for name in ("synthesized_goal", "steps")}
            body["steps"][0]["query"] = f"words {self.chance.randrange(3)}"
            if len(body["steps"]) > 3 and self.chance.random() < 0.5:
                body["steps"].pop()
        sent = self.sent[name] = Sent(name := self._name())
        query = {"command_id": name, "propagation": self.chance.choice(("mark_stale", "cascade"))}
        answer = await self.rest(
            "PUT", place, params=query, json=body, headers={"If-Match": read.headers["etag"]}
        )
        said = Answer.of(answer.json(), name)
        sent.answers.append(("rest", said))
        assert said.refused in {"", "session_busy", "conflict"}, (answer.text, body)
        if said.refused == "conflict":
            del self.sent[name]  # refused at the door, perhaps: the log need not know it

    async def accept(self) -> None:
        """A stale node, good enough."""
        state = await self.at_rest()
        stale = [
            node
            for node, view in state["nodes"].items()
            if view["freshness"] == "stale" and view["status"] == "completed" and node != "phase3"
        ]
        if stale:
            node = self.chance.choice(stale)
            self.accepted.add(node)
            _, answer = await self.through(self._door(), lambda way: way.accept(self.work, node, "Good."))
            assert answer.refused in {"", "unavailable", "invalid", "inputs_missing"}, answer

    async def mistake(self) -> None:
        """What cannot be: each door says so in the same words."""
        wrong: Sequence[tuple[Target, Json, str]] = (
            (steps(10**6), {}, "step_unknown"),  # more than replans number in hours
            (phase(3), {"stop_after": "phase1"}, "invalid"),
            (phase(4), {"plan_token": "0" * 32}, "plan_changed"),
        )
        target, options, kind = self.chance.choice(wrong)
        if kind == "plan_changed":
            await self.at_rest()
        sent = self.sent[name] = Sent(name := self._name())
        await self._send(sent, target, options, self._door())
        found = (await self.outcome(name))["problem"]
        waits = {"inputs_missing", "step_unknown"}  # of a session that has no plan yet
        assert found and found["type"].rsplit("/", 1)[-1] in {kind, *waits}, (kind, found)

    # Holding it all against each other

    async def check(self) -> None:
        """At rest: one truth, whoever is asked."""
        await self.at_rest()
        await self._settled()
        state = await self._same_everywhere()
        self._sound(state)
        entries = await self.entries()
        await self._artifacts(state)
        await self._their_client(state)
        await self._answers(entries)
        self._log(state, entries)
        assert not self.fold.wrong, self.fold.wrong

    async def _settled(self) -> None:
        """Until no commit comes any more: a batch's fact may still be on its way."""
        seen: list[int] = []

        async def still() -> bool:
            seen.append((await self.state())["seq"])
            await asyncio.sleep(0.5)
            return len(seen) > 2 and len(set(seen[-3:])) == 1

        await until(still, REST, "quiet")

    async def _same_everywhere(self) -> Json:
        """REST, NATS, a new socket's snapshot and the fold of every frame say the same."""
        found: list[str] = []

        async def same() -> Json | None:
            state = await self.state()
            others = {
                name: (await self.through(name, lambda way: way.state(self.work)))[1].model_dump(mode="json")
                for name in ("nats-request", "websocket")
            }
            found[:] = [
                f"{name}: {difference(state, other)}" for name, other in others.items() if other != state
            ]
            if told := self.fold.differs_from(state):
                found.append(f"frames: {told}")
            return None if found else state

        try:
            return await until(same, 30, f"one state of {self.name}")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *found])) from None

    def _sound(self, state: Json) -> None:
        """R3 to R6, R20: at rest nothing is under way, and freshness hangs together."""
        nodes = state["nodes"]
        resting = {"pending", "completed", "failed", "cancelled"}
        assert {view["status"] for view in nodes.values()} <= resting, state
        for node, view in nodes.items():
            if node == "phase3":
                continue
            made, stale = view["artifact"], view["freshness"] == "stale"
            assert (view["freshness"] is None) == (made is None), (node, view)
            assert stale == bool(view["causes"]), (node, view)
            assert not (made and view["status"] == "failed") or stale, (node, view)
            assert view["status"] != "completed" or made, (node, view)

    async def _artifacts(self, state: Json) -> None:
        """A fresh node was made from exactly what is there now, by its artifact's own word; nothing that is
        fresh stands on something stale."""
        nodes = state["nodes"]
        for node, view in nodes.items():
            if view["artifact"] is None or node == "phase3":
                continue
            path = f"phase3/steps/{node[7:]}" if node.startswith("phase3/") else node
            answer = await self.rest("GET", f"/sessions/{self.work.session}/artifacts/{path}")
            assert answer.status_code == 200, (node, answer.text)
            assert answer.headers["etag"] == f'"{view["artifact"]["sha256"]}"', node
            if view["edited"] or view["freshness"] == "stale" or view["causes"]:
                continue
            for parent, read in answer.json()["meta"]["inputs"].items():
                if node in self.accepted:  # as it was made, from a step perhaps that the plan has no more
                    continue
                now = nodes[parent]
                assert now["freshness"] == "fresh", (node, parent, now)
                whole = parent not in {"phase0", "phase2"} or (parent == "phase2" and node == "phase4")
                if whole:
                    assert now["artifact"]["output"] == read["output"], (node, parent)

    async def _their_client(self, state: Json) -> None:
        """The front end that Reprise was first asked to serve shows what there is, and nothing else."""
        report = state["nodes"]["phase4"]
        steps = {int(node[7:]) for node in state["nodes"] if node.startswith("phase3/")}
        found: list[str] = []

        async def same() -> bool:
            client = self.theirs.client
            told = {
                "stale": client.report_stale,
                "plan": {step["step_id"] for step in client.plan},
                "busy": client.rerun["busy"] or client.step_rerun["busy"],
                "report": bool(client.report),
            }
            really = {
                "stale": report["freshness"] == "stale",
                "plan": steps,
                "busy": False,
                "report": report["artifact"] is not None,
            }
            found[:] = [
                f"{name}: shown {told[name]}, is {really[name]}"
                for name in told
                if told[name] != really[name]
            ]
            return not found

        try:
            await until(same, 30, "what the existing client shows")
        except AssertionError as error:
            raise AssertionError(f"{error} ({self.name}): {found}; {self.theirs.last[-12:]}") from None
        assert not self.theirs.broken, self.theirs.broken

    async def _answers(self, entries: list[Entry]) -> None:
        """R16: every command has one outcome, whoever asks, and one answer, whoever was asked."""
        by_log = {
            event.command_id: getattr(event, "run_id", None)
            for entry in entries
            for event in entry.commit.events
            if isinstance(event, e.RunQueued | e.RunMerged)
        }
        for name, sent in self.sent.items():
            outcome = await self.outcome(name)
            body = {"session_id": self.work.session, "command_id": name}
            asked = (
                await self.through("nats-request", lambda way, body=body: way._ask("command", body))  # type: ignore[attr-defined, misc]
            )[1]
            assert asked == outcome, (asked, outcome)
            assert len(sent.runs) <= 1 and sent.runs <= {by_log.get(name), outcome["run_id"], sent.about}, (
                sent,
                outcome,
            )
            assert len(sent.refused) <= 1, sent
            if sent.refused and outcome["status"] != "refused":
                raise AssertionError(f"{name} was refused to its caller: {sent}, and is {outcome}")
        self.sent.clear()

    def _log(self, state: Json, entries: list[Entry]) -> None:
        """R14, R16, R17: one run at a time, no command honoured twice, no attempt's result twice; generations
        count what was begun."""
        commits = [entry.commit for entry in entries]
        assert one_at_a_time(commits), self.name
        events = [event for commit in commits for event in commit.events]
        answers = (e.RunQueued, e.RunMerged, e.CommandHonoured, e.ArtifactEdited, e.NodeAccepted)
        answered = Counter(
            name
            for commit in commits
            for name in {event.command_id for event in commit.events if isinstance(event, answers)}
        )
        assert not answered or max(answered.values()) == 1, answered.most_common(3)
        results = Counter(
            (event.node, event.generation, event.attempt)
            for event in events
            if isinstance(event, e.NodeCompleted)
        )
        assert not results or max(results.values()) == 1, results.most_common(3)
        begun = Counter(
            event.node
            for event in events
            if (isinstance(event, e.NodeQueued) and event.attempt == 1) or isinstance(event, e.ArtifactEdited)
        )
        for node, view in state["nodes"].items():
            if node != "phase3":
                assert view["generation"] == begun[node], (node, view["generation"], begun[node])

    # The end

    async def end(self) -> None:
        """R24: ended and deleted; every door says so, and nothing is left in the store."""
        _, ended = await self.through(
            self.chance.choice(("rest", "nats-request")), lambda way: way.end(self.work)
        )
        assert ended is True or ended is False
        for name in NAMES[:4]:
            sent = Sent(self._name())
            await self._send(sent, phase(4), {}, name)
            assert sent.refused == {"batch_ended"}, (name, sent)
        await self.rest("DELETE", f"/batches/{self.work.batch}")

        async def gone() -> bool:
            left = [key async for key, _ in self.caller.store.list(f"sources/{self.work.batch}/")]
            for one in PHASES:
                left += [key async for key, _ in self.caller.store.list(f"{one}/{self.work.batch}/")]
            return not left

        await until(gone, REST, f"an empty store of {self.name}")

    async def close(self) -> None:
        for watching in self._watching:
            watching.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        for name, door in list(self._doors.items()):
            await self._give_up(name, door)
        await self._http.aclose()


def run_of(command_id: str, entries: list[Entry]) -> tuple[str, str, str]:
    """The run of a command by the log, how it ended, and with which problem. Another command that came under
    its name, and is refused for that, is not meant."""
    run, outcome, problem = "", "", ""
    for event in (event for entry in entries for event in entry.commit.events):
        if isinstance(event, e.RunQueued | e.RunMerged) and event.command_id == command_id:
            run = event.run_id
        elif isinstance(event, e.CommandRefused) and event.command_id == command_id:
            if event.problem.type != "command_reused":
                outcome, problem = "refused", event.problem.type
        elif isinstance(event, e.RunFinished) and run and event.run_id == run:
            outcome, problem = event.outcome, event.problem.type if event.problem else ""
    return run, outcome, problem


def begun_in(run: str, entries: list[Entry]) -> set[str]:
    """The nodes that were begun while a run was the active one."""
    return told_in(run, entries, e.NodeQueued)


def told_in(run: str, entries: list[Entry], kind: type) -> set[str]:
    """The nodes of which events of a kind tell while a run is the active one."""
    found: set[str] = set()
    active = ""
    for event in (event for entry in entries for event in entry.commit.events):
        if isinstance(event, e.RunStarted):
            active = event.run_id
        elif isinstance(event, e.RunFinished) and event.run_id == active:
            active = ""
        elif isinstance(event, kind) and active == run:
            found.add(event.node)
    return found


def difference(one: Json, other: Json) -> str:
    """Where two states differ."""
    names = [name for name in one if one[name] != other.get(name)]
    return json.dumps({name: [one[name], other.get(name)] for name in names})[:2_000]
