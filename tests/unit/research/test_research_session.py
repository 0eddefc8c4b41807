"""The library as a user has it: sessions, the agent, step reruns, engines by name, the example."""

import subprocess
import sys
from pathlib import Path

import pytest

from reprise_contracts.artifacts import Goal, Phase1, Phase2
from reprise_contracts.commands import Options, Target
from reprise_contracts.wire import Malformed
from reprise_library import CommandRefused
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.engines import installed, load_engine
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import EngineUnavailable, NoSources, NothingToRead
from reprise_research.stores import FolderStore, MemoryStore
from unit.research.research_builders import LAKE, LAKE_TOPIC

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "rerun_a_step.py"


async def lake(session: ResearchSession, store: MemoryStore | FolderStore) -> DeepResearchAgent:
    agent = DeepResearchAgent(session, store)
    for title, text in LAKE.items():
        await agent.add_text(text, title)
    return agent


async def test_a_whole_research_without_any_server(tmp_path: Path) -> None:
    """All five phases run over a folder; the session is saved and loaded whole, and stays fresh."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, FolderStore(tmp_path))
    await agent.run_research()
    assert session.stale() == {}
    assert len(session.phase4.references) == 3
    session.save(tmp_path / "deep" / "session.json")
    loaded = ResearchSession.load(tmp_path / "deep" / "session.json")
    assert loaded == session
    assert loaded.stale() == {}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["session.json"]


def test_a_file_that_is_no_session_is_refused(tmp_path: Path) -> None:
    """Half a file or another file is a named error, never half a session."""
    (tmp_path / "s.json").write_text('{"topic": ')
    with pytest.raises(Malformed):
        ResearchSession.load(tmp_path / "s.json")


def damage(folder: Path, sha256: str) -> None:
    """Change what a stored text says."""
    for stored in folder.rglob(f"*{sha256}*"):
        stored.write_text(stored.read_text("utf-8").replace("lake", "pond"), "utf-8")


async def test_a_report_is_checked_against_its_texts(tmp_path: Path) -> None:
    """What the agent has written holds; once a stored text is another one, its quotes do not."""
    session, store = ResearchSession(topic=LAKE_TOPIC), FolderStore(tmp_path)
    agent = await lake(session, store)
    with pytest.raises(NothingToRead):
        await agent.check()
    await agent.run_research()
    assert await agent.check() == ()
    sha256 = session.phase4.references[0].citations[0].text_sha256
    damage(tmp_path, sha256)
    assert {fault.kind for fault in await agent.check()} & {"quote"}


async def test_running_again_runs_nothing() -> None:
    """R26: what is fresh is not run again; every artifact keeps its time."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, MemoryStore())
    await agent.run_research()
    before = {node: entry.at for node, entry in session.entries.items()}
    await agent.run_research()
    assert {node: entry.at for node, entry in session.entries.items()} == before


async def test_a_new_artifact_invalidates_what_read_the_old_one() -> None:
    """R3, R5: other goals make the plan and all below it stale; the old goals again make it fresh again."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, MemoryStore())
    await agent.run_research()
    old, other = session.phase1, Phase1(goals=(Goal(goal_id="g", question="Who owns the boats?"),))
    foreseen = session.preview_edit(other).plan
    session.edit(other)
    assert session.stale()["phase2"] == "The goals have changed."
    assert list(session.stale()) == list(foreseen.stale) and "phase4" in foreseen.stale
    assert not session.is_fresh("phase2")
    session.edit(old)
    assert session.stale() == {}


async def test_a_changed_source_makes_only_its_readers_run() -> None:
    """R8: a source that no step below needs anew leaves the steps that read others alone."""
    session = ResearchSession(topic=LAKE_TOPIC)
    store = MemoryStore()
    agent = await lake(session, store)
    await agent.run_research()
    times = {node: entry.at for node, entry in session.entries.items()}
    await agent.add_text(LAKE["farmers"] + " ", "copy of farmers")
    assert session.stale()["phase0"] == "A source was added."
    await agent.run_research()
    assert session.stale() == {}
    assert session.phase0.sources[-1].status == "duplicate"
    assert [node for node, entry in session.entries.items() if entry.at != times.get(node)] == [
        "phase0",
        "phase4",
    ]


async def test_rerunning_a_step_replaces_that_step_alone() -> None:
    """R10: only the step's findings are made again, by the way of a first run; what is below is stale if they
    differ, else not."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, MemoryStore())
    await agent.run_research()
    before = dict(session.entries)
    same = await agent.phase3.rerun_step(1)
    assert same.parts() == before["phase3/1"].artifact.parts()
    assert session.stale() == {}
    assert [node for node in session.entries if session.entries[node] != before[node]] == ["phase3/1"]
    step = next(step for step in session.phase2.steps if step.title == "Level")
    await agent.phase3.rerun_step(step.step_id, guidance="since 2019")
    assert set(session.stale()) == {"phase3/5", "phase3/6", "phase3/7", "phase4"}
    await agent.phase3.rerun_step(step.step_id, cascade=True)
    assert set(session.stale()) <= {"phase4"}
    assert session.guidance_for(f"phase3/{step.step_id}") == "since 2019"
    await agent.phase3.rerun_step(step.step_id, guidance="")
    assert session.guidance_for(f"phase3/{step.step_id}") == ""


async def test_a_step_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """The problem names the valid numbers."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, MemoryStore())
    await agent.run_research(stop_after="phase2")
    with pytest.raises(NothingToRead) as caught:
        await agent.phase3.rerun_step(77)
    assert "1, 2" in caught.value.problem.action
    assert session.findings == {}


async def test_a_new_plan_drops_what_it_no_longer_has() -> None:
    """R9: findings of removed steps go; kept steps keep theirs; numbers are never used again."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = await lake(session, MemoryStore())
    await agent.run_research()
    kept = session.phase2.steps[0]
    highest = max(step.step_id for step in session.phase2.steps)
    session.edit(Phase2(synthesized_goal="x", steps=(kept,)))
    assert set(session.findings) == {kept.step_id}
    assert session.is_fresh(f"phase3/{kept.step_id}")
    await agent.run_phase2()
    assert min(step.step_id for step in session.phase2.steps if step.step_id != kept.step_id) == highest + 1


async def test_a_phase_that_fails_says_why() -> None:
    """The phase's own error is raised, and the session keeps the problem; nothing is stale, for there is
    nothing."""
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = DeepResearchAgent(session, MemoryStore())
    await agent.add_text("   \n  ", "void")
    with pytest.raises(NoSources):
        await agent.run_phase0()
    failed = session.state.node("phase0")
    assert failed.status == "failed"
    assert failed.problem is not None and failed.problem.type == "no_sources"
    with pytest.raises(NothingToRead):
        await agent.run_phase1()


async def test_paths_become_sources(tmp_path: Path) -> None:
    """A folder's files are added once each, however often they are named."""
    (tmp_path / "a.md").write_text("# A\n\n" + LAKE["authority"])
    (tmp_path / "b.txt").write_text(LAKE["fishers"])
    session = ResearchSession(topic=LAKE_TOPIC)
    agent = DeepResearchAgent(session, MemoryStore())
    await agent.add_path(tmp_path)
    await agent.add_path(tmp_path)
    assert [source.upload.filename for source in session.sources if source.upload] == ["a.md", "b.txt"]
    phase0 = await agent.run_phase0()
    assert [source.title for source in phase0.sources] == ["A", "b.txt"]
    assert [source.site for source in phase0.sources] == ["file:a.md", "file:b.txt"]


def test_engines_are_found_by_name() -> None:
    """The entry point, a class by its path, and neither of them."""
    assert isinstance(load_engine("extractive"), Extractive)
    assert "extractive" in installed()
    assert isinstance(load_engine("reprise_research.engines.extractive:Extractive", "m"), Extractive)
    for name in ("nobody", "no.such.module:Thing", "reprise_research.engines.extractive:Nothing"):
        with pytest.raises(EngineUnavailable) as caught:
            load_engine(name)
        assert caught.value.problem.type == "engine_unavailable"
        assert caught.value.problem.action


def test_the_example_runs() -> None:
    """`docs/examples/rerun_a_step.py` does what it says."""
    path = ":".join(path for path in sys.path if path)
    done = subprocess.run(  # our own script
        [sys.executable, str(EXAMPLE)],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (
        "after rerunning step 2 with guidance, stale: ['phase3/5', 'phase3/6', 'phase3/7', 'phase4']"
        in done.stdout
    )
    assert "brought up to date, stale: []" in done.stdout
    assert "changed: Level" in done.stdout
    assert "saved and loaded: True" in done.stdout


async def test_the_report_is_written_in_the_language_that_is_asked_for() -> None:
    """Headings and fixed sentences follow the session's language, quotes stay as their sources have them; a
    rerun may name another one, and a language that the engine has no words in is refused by name."""
    session = ResearchSession(topic=LAKE_TOPIC, language="zh-Hans")
    agent = await lake(session, MemoryStore())
    await agent.run_research()
    report = session.phase4
    titles = [section.title for section in report.sections]
    assert "摘要" in titles and "尚缺什么" in titles and "Summary" not in titles
    assert all(
        citation.quote in "\n".join(LAKE.values()) for one in report.references for citation in one.citations
    )
    assert report.meta.language == "zh-Hans"
    await agent.rerun(Target(phase="phase4"), Options(language="en"))
    assert "Summary" in [section.title for section in session.phase4.sections]
    with pytest.raises(CommandRefused) as caught:
        await agent.rerun(Target(phase="phase1"), Options(language="pl"))
    assert "en (English)" in caught.value.problem.detail
    assert "not in pl" in caught.value.problem.detail
