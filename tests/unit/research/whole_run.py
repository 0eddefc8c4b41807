"""Run the research on the samples and print the hash of every part of every artifact: what must not differ
between processes."""

import asyncio
import sys

from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.stores import MemoryStore
from unit.research.research_builders import World, sample_files, sample_topic


async def run_all() -> str:
    """One line for each node."""
    world = World(MemoryStore(), [])
    session = ResearchSession(topic=sample_topic(), sources=await world.files(sample_files()))
    session.guidance = {"phase1": "cyclists and noise"}
    async with DeepResearchAgent(session, world.store) as agent:
        await agent.run_research()
    return "".join(
        f"{node} {sorted(entry.artifact.parts().items())}\n"
        for node, entry in sorted(session.entries.items())
    )


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(run_all()))
