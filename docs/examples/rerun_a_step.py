"""Research three texts, run one step again with guidance, and see what that made stale. Needs no server and
no network.

python docs/examples/rerun_a_step.py
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.stores import FolderStore

TEXTS = {
    "Lake authority": "The level of the lake fell by 40 centimetres last summer. Fishing fell by 12 percent "
    "in the same season. "
    "The authority blames the dry spring for the low level. Water for farms was cut by 15 percent in August.",
    "Fishers' union": "Fishing fell by 30 percent last season, according to the landings of 80 boats. "
    "We believe that farms take too much water. "
    "The level of the lake fell every summer since 2019. Fishing has fed this town for a century.",
    "Farmers' paper": "Farms use less water than ten years ago. The level of the lake fell because the "
    "spring was dry. "
    "Water for farms was cut by 15 percent in August. Nobody has measured how much water the town itself "
    "uses.",
}


async def main() -> None:
    """Run the example and print what it shows."""
    with tempfile.TemporaryDirectory() as folder:
        session = ResearchSession(topic="Why is the lake so low, and what does it mean for fishing?")
        async with DeepResearchAgent(session, FolderStore(Path(folder))) as agent:
            for title, text in TEXTS.items():
                await agent.add_text(text, title)
            await agent.run_research()
            show(
                f"{len(session.phase2.steps)} steps, {len(session.phase4.references)} references, stale: "
                f"{sorted(session.stale())}"
            )

            step = next(step for step in session.phase2.steps if step.title == "Level")
            await agent.phase3.rerun_step(step.step_id, guidance="since 2019")
            show(f"after rerunning step {step.step_id} with guidance, stale: {sorted(session.stale())}")

            await agent.run_research()
            show(f"brought up to date, stale: {sorted(session.stale())}")
            for section in session.phase4.changes.sections if session.phase4.changes else ():
                show(f"  {section.change}: {section.title}")

            session.save(Path(folder) / "session.json")
            show(
                "saved and loaded: "
                f"{ResearchSession.load(Path(folder) / 'session.json').phase4 == session.phase4}"
            )
            show(session.phase4.markdown)


def show(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main())
