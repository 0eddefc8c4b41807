"""What an update costs, and whether it says what a research from scratch says: real edits, two versions of a
packaged documentation.

    PYTHONPATH=services:shared python benchmarks/edits.py OLD NEW [--edits 200] [--beside 3] [--seed 1]

OLD and NEW are folders of the same documentation, for example `docs` of two releases' source archives. For
each file that differs, a batch of the old file and some others is researched; the file is replaced by the new
one and what is stale is run again, as a refresh does. Then everything is researched from scratch. Printed are
how many reports are the same to the byte, and what of the work an update does again.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reprise_contracts.sources import Source, Upload
from reprise_contracts.wire import derived_id
from reprise_library.session import ResearchSession
from reprise_research import DeepResearchAgent
from reprise_research.stores import MemoryStore, sha256_of

NAMED = 20
"""Reports that are told when they differ."""


@dataclass(frozen=True)
class Edit:
    """A file of which two versions differ, and files that are read with it."""

    path: Path
    beside: tuple[Path, ...]

    @property
    def topic(self) -> str:
        """A question that its batch answers."""
        return f"What do these pages say of {self.path.stem.replace('-', ' ')}?"


@dataclass(frozen=True)
class Outcome:
    """How an update compares with a run from scratch; `same` also where nothing had to be done."""

    edit: Edit
    same: bool
    nodes: float
    """The share of the nodes that ran."""
    seconds: float
    """The time of the update, that of the run from scratch being 1."""


def edits(old: Path, new: Path, number: int, beside: int, seed: int) -> list[Edit]:
    """So many files that both have and that differ, each with others near it."""
    paths = sorted(
        path.relative_to(old)
        for path in old.rglob("*")
        if path.is_file() and (new / path.relative_to(old)).is_file()
    )
    changed = [path for path in paths if (old / path).read_bytes() != (new / path).read_bytes()]
    chance = random.Random(seed)
    chosen = sorted(chance.sample(changed, min(number, len(changed))))
    return [Edit(path, _others(path, paths, beside)) for path in chosen]


def _others(path: Path, paths: list[Path], number: int) -> tuple[Path, ...]:
    near = sorted(
        paths, key=lambda other: (other.parent != path.parent, abs(paths.index(other) - paths.index(path)))
    )
    return tuple(other for other in near if other != path)[:number]


async def update(edit: Edit, old: Path, new: Path) -> Outcome:
    """Research, replace the file, update; and once more from scratch."""
    store = MemoryStore()
    told = ResearchSession(edit.topic)
    async with DeepResearchAgent(told, store) as agent:
        await _put(agent, store, ((path, old) for path in (edit.path, *edit.beside)))
        await agent.run_research()
        before = {node: told.state.node(node).generation for node in told.nodes()}
        await _put(agent, store, [(edit.path, new)])
        begun = time.perf_counter()
        await agent.run_research()
        updated = time.perf_counter() - begun
        nodes = [node for node in told.nodes() if node != "phase3"]
        ran = [node for node in nodes if told.state.node(node).generation > before.get(node, 0)]
    scratch = ResearchSession(edit.topic)
    async with DeepResearchAgent(scratch, store) as agent:
        await _put(agent, store, [(edit.path, new), *((path, old) for path in edit.beside)])
        begun = time.perf_counter()
        await agent.run_research()
        whole = time.perf_counter() - begun
    same = told.phase4.markdown == scratch.phase4.markdown and not told.stale()
    return Outcome(edit, same, len(ran) / len(nodes), updated / whole)


async def _put(agent: DeepResearchAgent, store: MemoryStore, files: Iterable[tuple[Path, Path]]) -> None:
    """Put files into a session's batch; one that is there already gets its new text."""
    for path, root in files:
        data = (root / path).read_bytes()
        await store.put_raw(data)
        upload = Upload(
            sha256=sha256_of(data), bytes=len(data), content_type="text/plain", filename=path.name
        )
        agent.session.put_sources((Source(source_id=derived_id("s", str(path)), upload=upload),))


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--beside", type=int, default=3, help="files that are read with the edited one")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    told = [
        await update(one, asked.old, asked.new)
        for one in edits(asked.old, asked.new, asked.edits, asked.beside, asked.seed)
    ]
    same = [one for one in told if one.same]
    print(f"{len(same)} of {len(told)} updated reports are those of a run from scratch, to the byte")
    print(f"run again, at the median: {statistics.median(one.nodes for one in told):.0%} of the nodes")
    share = statistics.median(one.seconds for one in told)
    print(f"time of an update, at the median: {share:.0%} of a run from scratch")
    for one in [one for one in told if not one.same][:NAMED]:
        print(f"differs: {one.edit.path}")


if __name__ == "__main__":
    asyncio.run(main())
