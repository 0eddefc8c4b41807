"""The library under the rules: previews, accepts, failures, cancels, and sessions that go on after a
crash."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from reprise_contracts.artifacts import Step, StepFindings
from reprise_contracts.commands import Options, Policy, Target
from reprise_contracts.wire import Malformed
from reprise_library import CommandRefused, FolderJournal, MemoryJournal, ResearchFailed
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.brief import Brief, Library
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import EngineFailed, NothingToRead
from reprise_research.stores import MemoryStore
from unit.research.research_builders import LAKE, LAKE_TOPIC

AT_ONCE = Policy(backoff_seconds=0.0)


class Faulty(Extractive):
    """Fails on the first tries of a step, and can be held up."""

    def __init__(self, step: int, failures: int, *, retryable: bool = True) -> None:
        super().__init__()
        self.step, self.failures, self.retryable = step, failures, retryable
        self.tries = 0
        self.working = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        self.working.set()
        await self.free.wait()
        if step.step_id == self.step:
            self.tries += 1
            if self.tries <= self.failures:
                raise EngineFailed("It broke.", "Try again.", retryable=self.retryable)
        return await super().investigate(step, library, earlier, brief)


async def lake(
    session: ResearchSession, engine: Extractive | None = None, store: MemoryStore | None = None
) -> DeepResearchAgent:
    agent = DeepResearchAgent(session, store or MemoryStore(), engine=engine)
    for title, text in LAKE.items():
        await agent.add_text(text, title)
    return agent


async def test_what_runs_is_what_the_preview_said() -> None:
    """R13: by the same judgement as on the servers."""
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session)
    await agent.run_research()
    asked = Target(steps=(1,)), Options(guidance="since 2019", propagation="mark_stale")
    plan = session.preview(*asked).plan
    before = dict(session.entries)
    await agent.rerun(*asked)
    assert (
        [node for node in session.entries if session.entries[node] != before[node]]
        == list(plan.run)
        == ["phase3/1"]
    )
    assert set(session.stale()) <= set(plan.stale)


async def test_a_stale_report_can_be_accepted() -> None:
    """R28: for today's inputs, until the next change."""
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session)
    await agent.run_research()
    step = next(step for step in session.phase2.steps if step.title == "Level")
    await agent.rerun_step(step.step_id, guidance="since 2019")
    causes = session.causes("phase4")
    assert (f"phase3/{step.step_id}", "changed") in {(cause.node, cause.reason) for cause in causes}
    session.accept("phase4", "good enough")
    assert "phase4" not in session.stale()
    with pytest.raises(CommandRefused):
        session.accept("phase4", "twice")


async def test_a_failure_that_may_pass_is_tried_again() -> None:
    """R19: as often as the policy says."""
    engine = Faulty(1, failures=2)
    session = ResearchSession(LAKE_TOPIC, policy=AT_ONCE)
    await (await lake(session, engine)).run_research()
    assert (engine.tries, session.stale()) == (3, {})


async def test_a_step_that_fails_blocks_the_report_unless_it_may_be_partial() -> None:
    """R19: the other steps are run; the error of the step is raised."""
    engine = Faulty(1, failures=9, retryable=False)
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session, engine)
    with pytest.raises(EngineFailed):
        await agent.run_research()
    assert len(session.findings) >= 2
    with pytest.raises(NothingToRead):
        await agent.run_phase4()
    report = await agent.run_phase4(allow_partial=True)
    assert report.markdown
    assert session.state.node("phase3/1").status == "failed"


async def test_a_cancelled_run_comes_to_rest_and_can_be_run_again() -> None:
    """R20: what is done is kept."""
    engine = Faulty(0, failures=0)
    engine.free.clear()
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session, engine)
    running = asyncio.create_task(agent.run_research())
    await engine.working.wait()
    agent.cancel()
    with pytest.raises(ResearchFailed) as stopped:
        await running
    assert stopped.value.problem.type == "cancelled"
    assert not session.state.busy and session.is_fresh("phase2")
    engine.free.set()
    await agent.run_research()
    assert session.stale() == {} and session.phase4


async def test_whoever_stops_waiting_leaves_a_session_at_rest() -> None:
    """A task that is cancelled takes its attempts with it."""
    engine = Faulty(0, failures=0)
    engine.free.clear()
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session, engine)
    running = asyncio.create_task(agent.run_research())
    await engine.working.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not session.state.busy
    engine.free.set()
    await agent.run_research()
    assert session.stale() == {}


async def test_two_callers_take_turns() -> None:
    """R14: one run at a time; the second is decided at its turn."""
    session = ResearchSession(LAKE_TOPIC)
    agent = await lake(session)
    await asyncio.gather(agent.run_research(stop_after="phase1"), agent.run_research())
    assert session.stale() == {} and session.phase4


async def test_a_session_in_a_folder_goes_on_after_a_crash(tmp_path: Path) -> None:
    """What was decided is in the folder: another process takes the run up where it was, and a torn last line
    never was."""
    engine, store = Faulty(0, failures=0), MemoryStore()
    engine.free.clear()
    session = ResearchSession(LAKE_TOPIC, journal=FolderJournal(tmp_path))
    agent = await lake(session, engine, store)
    running = asyncio.create_task(agent.run_research())
    await engine.working.wait()
    lines = (tmp_path / "log.jsonl").read_bytes()
    running.cancel()  # as the process dies here, nothing of what follows is written
    with pytest.raises(asyncio.CancelledError):
        await running
    (tmp_path / "log.jsonl").write_bytes(lines + b'{"target": "s-')

    found = ResearchSession.open(FolderJournal(tmp_path))
    assert found.state.busy
    await DeepResearchAgent(found, store).work()
    assert found.stale() == {} and found.phase4.markdown
    assert found == ResearchSession.open(FolderJournal(tmp_path))


def test_an_empty_journal_holds_no_session() -> None:
    with pytest.raises(Malformed):
        ResearchSession.open(MemoryJournal())


async def test_the_last_source_stays() -> None:
    """R11: sources are the batch's, with its refusals."""
    session = ResearchSession(LAKE_TOPIC)
    agent = DeepResearchAgent(session, MemoryStore())
    source = await agent.add_text(LAKE["farmers"], "farmers")
    with pytest.raises(CommandRefused):
        session.remove_source(source.source_id)


async def test_guidance_by_phase_holds_from_the_next_run_on() -> None:
    """R12: what is wished for a phase is what it is run with, and stays with it."""
    session = ResearchSession(LAKE_TOPIC, guidance={"phase1": "boats and landings"})
    agent = await lake(session)
    await agent.run_research()
    assert session.phase1.meta.guidance == "boats and landings"
    assert session.phase2.meta.guidance == ""
    before = dict(session.entries)
    await agent.run_research()
    assert session.entries == before


def test_the_developers_page_runs(tmp_path: Path) -> None:
    """Its program does what the page says."""
    page = (Path(__file__).parents[3] / "docs" / "developers.md").read_text()
    (program,) = re.findall(r"^```python\n(import asyncio\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    path = ":".join(path for path in sys.path if path)
    done = subprocess.run(  # our own program
        [sys.executable, "-c", program],
        env={"PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# ") and "phase3/1" in done.stdout
    assert (tmp_path / "research" / "journal" / "log.jsonl").exists()
