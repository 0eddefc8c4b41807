"""Makes the three reports of this folder again, with the product's own library and nothing else:

    PYTHONPATH=services:shared python docs/examples/make.py [FOLDER]

`havenbrook.md` and `.pdf` from the sample batch, `heating.md` and `.pdf` from the five documents in
`heating/`, `seilbahn.md` and `.pdf`, which are German, from the four German and two English ones in
`seilbahn/`.
"""

import asyncio
import sys
from pathlib import Path

from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.documents import document
from reprise_research.stores import MemoryStore

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
REPORTS = {
    "havenbrook": ((SAMPLES / "topic.txt").read_text("utf-8").strip(), (SAMPLES / "files", SAMPLES / "web")),
    "heating": (
        "Should the school of Lindau be heated with a heat pump or with wood pellets?",
        (Path(__file__).parent / "heating",),
    ),
    "seilbahn": (
        "Hat sich die Seilbahn in Murgau gelohnt, was hat sie gekostet, und was sagen die Anwohner?",
        (Path(__file__).parent / "seilbahn",),
    ),
}


async def research(topic: str, sources: tuple[Path, ...]) -> ResearchSession:
    """All five phases on some files and folders."""
    session = ResearchSession(topic=topic)
    async with DeepResearchAgent(session, MemoryStore()) as agent:
        for path in sources:
            await agent.add_path(path)
        return await agent.run_research()


def main(folder: Path) -> None:
    """Write all reports, as Markdown and PDF."""
    for name, (topic, sources) in REPORTS.items():
        session = asyncio.run(research(topic, sources))
        for kind in ("md", "pdf"):
            (folder / f"{name}.{kind}").write_bytes(document(session.phase4, kind).content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
