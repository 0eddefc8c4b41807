"""A real model, small and weak, runs the whole path: whatever it says, the report is valid and honest about
how it was made."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_contracts.artifacts import Tokens
from reprise_contracts.frames import StreamToken
from reprise_research import DeepResearchAgent, ResearchSession
from small_model import WINDOW
from unit.research.research_builders import LAKE, LAKE_TOPIC, World

TESTS = Path(__file__).parents[2]


@pytest.fixture
def small_model() -> Iterator[str]:
    """The address of a server with the model, a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "small_model"], cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        try:
            assert address, "the small model's server did not start; `make test` installs what it needs"
            yield address
        finally:
            process.terminate()


def fell_back(session: ResearchSession) -> list[str]:
    """What was made without the model, and why."""
    return [one for entry in session.entries.values() for one in entry.artifact.meta.fallbacks]


async def test_a_small_model_ends_with_a_report_that_holds(world: World, small_model: str) -> None:
    """All phases run against the model: tokens were really spent and streamed, every citation is verbatim, no
    statement lacks one without being listed, and what the model could not do is named where it was made
    without it."""
    session = ResearchSession(topic=LAKE_TOPIC, engine="openai", model="smollm2")
    settings = {"base_url": small_model, "window": str(WINDOW), "answer": "40"}
    agent = DeepResearchAgent(session, world.store, settings=settings, progress=world.frames.append)
    async with agent:
        await agent.add_text(LAKE["authority"], "authority")
        await agent.run_research()
    artifacts = [entry.artifact for entry in session.entries.values()]
    spent = [artifact.meta.tokens for artifact in artifacts]
    assert sum(map(Tokens.total.fget, spent)) > 1000  # type: ignore[misc, arg-type]
    assert any(isinstance(frame, StreamToken) for frame in world.frames)
    texts = {s.source_id: await world.store.get_text(s.text_sha256 or "") for s in session.phase0.sources}
    cited = [c for found in session.findings.values() for f in found.findings for c in f.citations]
    cited += [c for reference in session.phase4.references for c in reference.citations]
    assert cited, fell_back(session)
    assert all(texts[c.source_id][c.start : c.end] == c.quote for c in cited)
    assert fell_back(session), "a model of this size has never done all of it"
    assert "model smollm2" in session.phase4.markdown
    assert len(session.phase4.sections) >= 2
