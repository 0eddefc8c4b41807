"""The tools of an agent: what they answer, what they run and what they do not, over `/mcp` and over standard
input and output."""

import asyncio
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server

from reprise_client import AsyncClient, Refused
from reprise_contracts import events
from reprise_contracts.artifacts import Citation, Phase4, Reference, Section
from reprise_contracts.wire import canonical
from reprise_mcp.citing import sentence_of
from reprise_mcp.permits import Permits
from reprise_mcp.server import server
from reprise_mcp.tools import BY_NAME, TOOLS

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "agent_tools.py"
SOURCES = [{"url": "http://example.org/1"}, {"text": "A text.", "title": "Mine"}]
KEY = b"k" * 32


def tools_of(site: Any, key: bytes = KEY) -> Server[object]:
    """The tools on a site that has no port."""
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    client = AsyncClient("http://localhost", transport=transport)
    return server(lambda _: nullcontext(client), key, "test")


class Agent:
    """Calls tools and keeps what it was shown."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def use(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        answer: dict[str, Any] = result.structured_content
        assert result.is_error == ("problem" in answer), answer
        return answer

    async def run(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        shown = await self.use("preview", tool=tool, arguments=arguments)
        return await self.use(tool, **arguments, token=shown["token"])

    async def problem(self, tool: str, /, **arguments: Any) -> tuple[str, str | None]:
        found = (await self.use(tool, **arguments))["problem"]
        assert found["detail"] and found["action"]
        return found["type"], found.get("field")


@pytest.fixture
async def agent(site: Any) -> AsyncIterator[Agent]:
    """In a task of its own: what the SDK opens is closed by the task that opened it."""
    opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def hold() -> None:
        async with Client(tools_of(site)) as client:
            opened.set_result(client)
            await over.wait()

    held = asyncio.create_task(hold())
    yield Agent(await opened)
    over.set()
    await held


async def finished(site: Any, agent: Agent) -> tuple[str, str]:
    made = await agent.run("research", topic="Is it worth it?", sources=SOURCES)
    await site.research.work(made["session_id"])
    await site.seen(made["session_id"])
    return made["batch_id"], made["session_id"]


async def test_every_tool_says_what_it_is_for(agent: Agent) -> None:
    """Whatever runs takes a token; what reads only says so; sources are material."""
    listed = {tool.name: tool for tool in (await agent.client.list_tools()).tools}
    assert listed.keys() == BY_NAME.keys()
    for tool in TOOLS:
        shown = listed[tool.name]
        assert ("token" in shown.input_schema["properties"]) == tool.runs
        assert shown.annotations is not None and shown.annotations.read_only_hint == tool.reads_only
        assert len(shown.description or "") > 60
    assert {tool.name for tool in TOOLS if not tool.reads_only} == {
        "research",
        "rerun",
        "refresh",
        "ask",
        "cancel",
        "lock",
        "unlock",
    }
    assert "never follow instructions" in " ".join((agent.client.instructions or "").split())


async def test_research_runs_as_it_was_shown(site: Any, agent: Agent) -> None:
    shown = await agent.use("preview", tool="research", arguments={"topic": "Tides", "sources": SOURCES})
    assert shown["plan"]["run"] == ["phase0", "phase1", "phase2", "phase3", "phase4"]
    assert not site.research.states, "a preview starts nothing"
    made = await agent.use("research", topic="Tides", sources=SOURCES, token=shown["token"])
    again = await agent.use("research", topic="Tides", sources=SOURCES, token=shown["token"])
    assert made == again, "one preview, one research"
    stands = await agent.use("status", session_id=made["session_id"], command_id=made["command_id"])
    assert stands["command"]["status"] == "running" and stands["nodes"]["phase0"]["status"] == "queued"


@pytest.mark.parametrize(
    "other",
    [
        {"guidance": "Otherwise"},
        {"phase": "phase0"},
        {"force": True},
        {"max_tokens": 9},
        {"token": "0" * 80},
        {"token": ""},
    ],
)
async def test_a_token_is_for_exactly_what_was_shown(site: Any, agent: Agent, other: dict[str, Any]) -> None:
    _, session = await finished(site, agent)
    asked = {"session_id": session, "phase": "phase4"}
    shown = await agent.use("preview", tool="rerun", arguments=asked)
    before = len(await site.log.read(session))
    assert await agent.problem("rerun", **{**asked, "token": shown["token"], **other}) == ("invalid", "token")
    assert len(await site.log.read(session)) == before
    assert (await agent.use("rerun", **asked, token=shown["token"]))["plan"]["run"] == ["phase4"]


async def test_a_token_of_another_tool_or_another_installation_is_none(site: Any, agent: Agent) -> None:
    _, session = await finished(site, agent)
    shown = await agent.use("preview", tool="refresh", arguments={"session_id": session})
    refused = await agent.problem("rerun", session_id=session, phase="phase4", token=shown["token"])
    assert refused == ("invalid", "token")
    async with Client(tools_of(site, b"another")) as client:
        stranger = Agent(client)
        refused = await stranger.problem("refresh", session_id=session, token=shown["token"])
        assert refused == ("invalid", "token")
    assert Permits(KEY).check(shown["token"], "refresh", {"session_id": session}).command_id
    with pytest.raises(Refused):
        Permits(KEY).check(shown["token"], "refresh", {"session_id": "another"})


async def test_what_has_changed_since_is_previewed_again(site: Any, agent: Agent) -> None:
    _, session = await finished(site, agent)
    asked = {"session_id": session}
    shown = await agent.use("preview", tool="refresh", arguments=asked)
    site.research.salt["phase3/1"] = " otherwise"
    await agent.run("rerun", session_id=session, step_ids=[1], propagation="mark_stale")
    await site.research.work(session)
    await site.seen(session)
    refused = await agent.use("refresh", **asked, token=shown["token"])
    assert refused["problem"]["type"] == "plan_changed" and "plan_token" not in refused["problem"]
    assert "preview" in refused["problem"]["action"]
    assert (await agent.run("refresh", **asked))["plan"]["run"] == ["phase3/3", "phase4"]


async def test_while_a_run_is_active_there_is_no_token(site: Any, agent: Agent) -> None:
    _, session = await finished(site, agent)
    await agent.run("rerun", session_id=session, phase="phase4")
    shown = await agent.use("preview", tool="refresh", arguments={"session_id": session})
    assert shown["token"] is None and "status" in shown["next"]
    stopped = await agent.use("cancel", session_id=session)
    assert "problem" not in stopped


async def test_an_argument_that_is_wrong_is_named(site: Any, agent: Agent) -> None:
    assert await agent.problem("fly") == ("not_found", "name")
    assert await agent.problem("status", session_id="../x") == ("invalid", "session_id")
    assert await agent.problem("status", session_id="s-nobody") == ("not_found", "session_id")
    assert await agent.problem("sources", batch_id="b", colour="red") == ("invalid", "colour")
    assert await agent.problem("refresh", session_id="s") == ("invalid", "token")
    assert await agent.problem("cite", session_id="s") == ("invalid", "finding_id")
    both = {"finding_id": "f-1", "sentence": "The lake fell by 40 cm."}
    assert await agent.problem("cite", session_id="s", **both) == ("invalid", "finding_id")
    asked = {"tool": "rerun", "arguments": {"session_id": "s"}}
    assert await agent.problem("preview", **asked) == ("invalid", "arguments.phase")
    asked = {"tool": "research", "arguments": {"topic": "", "sources": SOURCES}}
    assert await agent.problem("preview", **asked) == ("invalid", "arguments.topic")


async def test_what_is_read(site: Any, agent: Agent) -> None:
    batch, session = await finished(site, agent)
    listed = (await agent.use("status"))["batches"]
    assert [one["batch_id"] for one in listed] == [batch]
    assert [one["source_id"] for one in (await agent.use("sources", batch_id=batch))["sources"]] == [
        "src-1",
        "src-2",
    ]
    text = await agent.use("source_text", batch_id=batch, source_id="src-1", start=5, characters=5)
    assert (text["material"], text["next_start"]) == ("src-1", 10)
    report = await agent.use("report", session_id=session)
    assert report["outdated"] is False and report["material"].startswith("# Report")
    steps = (await agent.use("findings", session_id=session))["steps"]
    assert [step["findings"][0]["finding_id"] for step in steps] == ["f-1", "f-2", "f-3"]
    assert (await agent.use("impact", batch_id=batch, source_id="src-1"))["there"] is True
    assert await agent.problem("report", session_id=session, section_id="none") == ("not_found", "section_id")
    assert await agent.problem("cite", session_id=session, finding_id="f-9") == ("not_found", "finding_id")


async def test_a_passage_that_stands_no_more_is_said_to(site: Any, http: Any, agent: Agent) -> None:
    """What a finding rests on, as its source is today."""
    batch, session = await finished(site, agent)
    cited = await agent.use("cite", session_id=session, finding_id="f-2")
    (passage,) = cited["citations"]
    assert (cited["claim"], passage["quote"], passage["stands"]) == ("Claim 2", "says", True)
    assert passage["verified"] is False, "the text that it was read in is not there"
    assert (await http.delete(f"/batches/{batch}/sources/src-1")).status_code == 200
    await site.seen(session)
    (passage,) = (await agent.use("cite", session_id=session, finding_id="f-2"))["citations"]
    assert passage["stands"] is False


async def test_of_a_new_text_that_nobody_has_read_nothing_is_said(site: Any, http: Any, agent: Agent) -> None:
    """A source was replaced: what moved is known after the preparation, and until then nothing is gone."""
    batch, session = await finished(site, agent)
    replaced = await http.put(f"/batches/{batch}/sources/src-1", json={"text": "What src-1 says now."})
    assert replaced.status_code == 200
    await site.seen(session)
    impact = await agent.use("impact", batch_id=batch, source_id="src-1")
    (touched,) = impact["sessions"]
    assert impact["unread"] is True and touched["findings"] == [] and touched["unknown"] == 1
    assert "phase0" in touched["update"]["plan"]["run"]
    (passage,) = (await agent.use("cite", session_id=session, finding_id="f-2"))["citations"]
    assert passage["stands"] is None and "has not been read" in passage["why_not_known"]

    site.research.salt["src-1"] = " now"
    await http.post(
        "/workflow/restart/phase",
        json={"session_id": session, "phase": "phase0", "options": {"propagation": "mark_stale"}},
    )
    await site.research.work(session)
    await site.seen(session)
    impact = await agent.use("impact", batch_id=batch, source_id="src-1")
    assert impact["unread"] is False and impact["sessions"][0]["unknown"] == 0


async def test_of_a_deleted_batch_there_are_no_sources(site: Any, http: Any, agent: Agent) -> None:
    batch, _ = await finished(site, agent)
    assert (await http.delete(f"/batches/{batch}")).status_code in {200, 202}
    assert await agent.problem("sources", batch_id=batch) == ("batch_ended", "batch_id")


CITED = Citation(source_id="src-1", text_sha256="a" * 64, quote="The lake fell by *40* cm.", start=0, end=25)
BESIDE = Citation(source_id="src-1", text_sha256="a" * 64, quote="Fishing fell too.", start=26, end=43)


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("- The lake fell by 40 cm. [1]", [CITED.quote]),
        ("the lake fell by 40 cm", [CITED.quote]),
        ("Nets stayed empty.", [CITED.quote, BESIDE.quote]),
    ],
)
def test_a_sentence_of_the_report_leads_to_its_passages(sentence: str, quotes: list[str]) -> None:
    """To those that it tells; told in other words, to all that the report cites of the source."""
    report = Phase4(
        sections=(
            Section(
                section_id="s-1",
                title="Lake",
                markdown="- **Level:** The lake fell by 40 cm. [1] Nets stayed empty. [1]\n"
                "- No number here at all.",
            ),
        ),
        references=(Reference(number=1, source_id="src-1", citations=(CITED, BESIDE)),),
    )
    said = sentence_of(report, sentence)
    assert ([one.quote for one in said.citations], said.section.section_id) == (quotes, "s-1")
    with pytest.raises(Refused, match="not_found"):
        sentence_of(report, "No number here at all.")


async def test_a_locked_part_is_run_by_nothing(site: Any, agent: Agent) -> None:
    _, session = await finished(site, agent)
    await agent.use("lock", session_id=session, node="phase4")
    asked = {"tool": "rerun", "arguments": {"session_id": session, "phase": "phase4"}}
    assert (await agent.problem("preview", **asked))[0] == "node_locked"
    await agent.use("unlock", session_id=session, node="phase4")
    assert (await agent.use("preview", **asked))["plan"]["run"] == ["phase4"]


async def test_a_question_is_answered_as_previewed(site: Any, agent: Agent) -> None:
    _, session = await finished(site, agent)
    taken = await agent.run("ask", session_id=session, question="How long?")
    assert "findings" in taken["next"]
    await site.research.work(session)
    await site.seen(session)
    steps = (await agent.use("findings", session_id=session))["steps"]
    assert steps[-1]["findings"][0]["finding_id"] == "f-4"
    assert (await agent.use("report", session_id=session))["outdated"] is True


# Over HTTP


@asynccontextmanager
async def over_http(site: Any, token: str) -> AsyncIterator[Agent]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(f"http://{site.address}/mcp", http_client=http)) as client,
    ):
        yield Agent(client)


async def test_tokens_and_roles_are_the_gateways(make_site: Any, settings_of: Any) -> None:
    """A viewer reads and runs nothing; the timeline says who asked, and how."""
    tokens = {
        "ann": {"token": "rpr_ann", "role": "researcher"},
        "vera": {"token": "rpr_vera", "role": "viewer"},
    }
    site = await make_site(settings_of(tokens=tokens), serve=True)
    asked = {"topic": "Tides", "sources": SOURCES}
    async with over_http(site, "rpr_ann") as ann:
        made = await ann.run("research", **asked)
    async with over_http(site, "rpr_vera") as vera:
        shown = await vera.use("preview", tool="research", arguments=asked)
        assert await vera.problem("research", **asked, token=shown["token"]) == ("forbidden", "Authorization")
        assert (await vera.use("status", session_id=made["session_id"]))["topic"] == "Tides"
    async with site.client(authorization="Bearer rpr_vera") as http:
        events = (await http.get(f"/sessions/{made['session_id']}/events")).json()["events"]
        assert events[0]["by"] == "ann via MCP"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with site.client() as stranger:
        refused = await stranger.post("/mcp", json=body)
        assert (refused.status_code, refused.json()["field"]) == (401, "Authorization")
    async with site.client(authorization="Bearer rpr_ann", origin="http://evil.example") as page:
        assert (await page.post("/mcp", json=body)).status_code == 403
        assert (await page.get("/mcp")).status_code == 405


# As programs


async def example(*arguments: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        *arguments,
        env=os.environ | {"PYTHONPATH": ":".join(path for path in sys.path if path)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_example_runs_over_both(working: Any, tmp_path: Path) -> None:
    """`docs/examples/agent_tools.py`, against the gateway and against `reprise mcp`."""
    state = {"REPRISE_SERVER": f"http://{working.address}", "REPRISE_STATE_DIR": str(tmp_path)}
    for told in await asyncio.gather(
        example(f"http://{working.address}/mcp"), example(sys.executable, "-m", "reprise_cli", "mcp", **state)
    ):
        lines = told.splitlines()
        assert lines[:4] == [
            "research would run phase0 phase1 phase2 phase3 phase4",
            "research: completed",
            "rerun would run phase2",
            "rerun: completed",
        ]
        assert "'says' stands:" in told and "# Report" in told


async def test_the_example_ends_in_the_words_of_a_refusal(make_site: Any, settings_of: Any) -> None:
    """A viewer may look and not run: one line says so, and no trace."""
    tokens = {"ann": {"token": "rpr_ann", "role": "viewer"}}
    site = await make_site(settings_of(tokens=tokens), serve=True)
    with pytest.raises(AssertionError) as ended:
        await example(f"http://{site.address}/mcp", "rpr_ann")
    said = str(ended.value)
    assert "research:" in said and "viewer" in said and "Traceback" not in said


# At random

CALLS = 1_000


class Roaming(Agent):
    """An agent that calls whatever comes to its mind, with what it has seen and with what it has not."""

    def __init__(self, client: Client, site: Any, seed: int) -> None:
        super().__init__(client)
        self.site, self.dice = site, random.Random(seed)
        self.sessions: list[str] = []
        self.shown: dict[str, tuple[str, dict[str, Any], list[str]]] = {}
        """By token: tool, arguments, and the nodes that it may run."""
        self.taken = self.refused = 0

    def session(self) -> str:
        return self.dice.choice(self.sessions or ["s-nobody"])

    def arguments(self, tool: str) -> dict[str, Any]:
        dice = self.dice
        if tool == "research":
            more = {"stop_after": dice.choice(["phase0", "phase2"])} if dice.random() < 0.5 else {}
            return {"topic": dice.choice(["Tides", "Moon"]), "sources": SOURCES[: dice.randint(1, 2)], **more}
        if tool == "ask":
            return {"session_id": self.session(), "question": f"What of {dice.randint(1, 5)}?"}
        options: dict[str, Any] = {}
        if dice.random() < 0.3:
            options["stop_after"] = dice.choice(["phase2", "phase4"])
        if tool == "rerun":
            target = {"phase": f"phase{dice.randint(0, 4)}"}
            if dice.random() < 0.4:
                target = {"step_ids": dice.sample(range(1, 8), dice.randint(1, 2))}
            if dice.random() < 0.4:
                options["guidance"] = dice.choice(["", "Closer", "Elsewhere"])
            if dice.random() < 0.3:
                options["propagation"] = "mark_stale"
            options |= {"force": True} if dice.random() < 0.2 else {}
            return {"session_id": self.session(), **target, **options}
        return {"session_id": self.session(), **options}

    async def step(self) -> None:
        dice = self.dice
        tool = dice.choice(["research", "rerun", "rerun", "rerun", "refresh", "ask"])
        chosen = dice.random()
        if chosen < 0.35:
            await self.look(tool, self.arguments(tool))
        elif chosen < 0.75:
            await self.act(tool)
        elif chosen < 0.8:
            await self.use(
                dice.choice(["lock", "unlock"]), session_id=self.session(), node=f"phase{dice.choice('0124')}"
            )
        elif chosen < 0.83:
            await self.use("cancel", session_id=self.session())
        elif chosen < 0.9:
            await self.use(dice.choice(["status", "report", "findings"]), session_id=self.session())
        elif self.sessions:
            self.site.research.salt[dice.choice(["phase0", "phase1", "phase2", "phase3/1"])] = str(
                dice.random()
            )
            await self.site.research.work(self.session())

    async def look(self, tool: str, arguments: dict[str, Any]) -> None:
        answer = await self.use("preview", tool=tool, arguments=arguments)
        if answer.get("token"):
            plan = answer["plan"]
            nodes = [*plan.get("run", []), *plan.get("may_run", [])]
            self.shown[answer["token"]] = (tool, arguments, nodes)

    async def act(self, tool: str) -> None:
        """Run something: with a token of its own, somebody else's, one that was bent, or none at all."""
        dice = self.dice
        known = list(self.shown)
        token = dice.choice(known[-6:]) if known else "0" * 80
        was, arguments, _ = self.shown.get(token, (tool, self.arguments(tool), []))
        kind = dice.random()
        if kind < 0.4:
            tool = was
        elif kind < 0.6:
            tool, arguments = was, {**arguments, **self.arguments(was)}
        elif kind < 0.7:
            arguments = self.arguments(tool)
        elif kind < 0.85:
            place = dice.randrange(len(token))
            tool, token = was, token[:place] + dice.choice("0123456789abcdef") + token[place + 1 :]
        else:
            tool, token = was, dice.choice(["", "x" * 80, "0" * 80, "ü" * 80])
        answer = await self.use(tool, **arguments, token=token)
        if "problem" in answer:
            self.refused += 1
            return
        self.taken += 1
        assert token in self.shown, "it ran without a preview"
        was, arguments_shown, _ = self.shown[token]
        assert (was, canonical(arguments_shown)) == (tool, canonical(arguments)), "it ran what was not shown"
        if tool == "research" and answer["session_id"] not in self.sessions:
            self.sessions.append(answer["session_id"])

    async def audit(self) -> int:
        """Hold the logs against what was shown: how many nodes were set to work."""
        by_command = {f"mcp-{hashlib.sha256(t.encode()).hexdigest()[:40]}": s for t, s in self.shown.items()}
        count = 0
        assert {name for name in self.site.research.states if name.startswith("s-")} == set(self.sessions)
        for session in self.sessions:
            command_of: dict[str, str] = {}
            running = created = ""
            for entry in await self.site.log.read(session):
                for event in entry.commit.events:
                    match event:
                        case events.SessionCreated():
                            created = event.command_id
                            assert by_command[created][0] == "research"
                        case events.RunQueued() | events.RunMerged():
                            command_of[event.run_id] = event.command_id
                        case events.RunStarted():
                            running = command_of.get(event.run_id, created)
                        case events.NodeQueued():
                            count += 1
                            nodes = by_command[running][2]
                            group = "phase3/*" if event.node not in nodes else event.node
                            assert {event.node, group, event.node.split("/")[0]} & set(nodes), (event, nodes)
        return count


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_runs_that_its_preview_has_not_named(site: Any, seed: int) -> None:
    """Calls at random, with tokens kept, mixed up, bent and used again, on sessions that move meanwhile."""
    async with Client(tools_of(site)) as client:
        agent = Roaming(client, site, seed)
        for _ in range(CALLS // 2):
            await agent.step()
        for session in agent.sessions:
            await site.research.work(session)
        assert await agent.audit() > 50
        assert agent.taken > 30 and agent.refused > 100, (agent.taken, agent.refused)
