"""Whether questions on manuals are answered: is a known answer among the first five statements of the report?

    PYTHONPATH=services:shared python benchmarks/answers.py [--only NAME] [--root FOLDER] [--misses]

The questions and what answers them are in `questions.toml`. A manual is read once; each question is then a
research of its own on what was read, without a model. A manual that is not installed is left out;
packages that were only unpacked (`dpkg -x`) are read below `--root`.
"""

import argparse
import asyncio
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from reprise_contracts.artifacts import Phase0, Phase4, StepFindings
from reprise_contracts.sources import Source, Upload
from reprise_research.checking.statements import statements
from reprise_research.context import Context
from reprise_research.engines import load_engine
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
from reprise_research.stores import MemoryStore, sha256_of

FIRST = 5
QUESTIONS = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True)
class Manual:
    """A manual, which of its pages are read, and questions with what answers them."""

    name: str
    package: str
    set: str
    folder: str
    pages: str
    questions: dict[str, str]

    def paths(self, root: Path) -> list[Path]:
        """Its pages below a root folder; none where it is not there."""
        folder = root / "usr/share" / self.folder
        return [path for page in self.pages.split() for path in sorted(folder.glob(f"{page}.html"))]


def manuals() -> list[Manual]:
    """All manuals of the questions' file."""
    return [Manual(name, **table) for name, table in tomllib.loads(QUESTIONS.read_text("utf-8")).items()]


async def read(manual: Manual, root: Path, documents: int, store: MemoryStore) -> Phase0:
    """Read a manual."""
    sources = []
    for number, path in enumerate(manual.paths(root)[:documents]):
        data = path.read_bytes()
        await store.put_raw(data)
        upload = Upload(sha256=sha256_of(data), bytes=len(data), content_type="text/html", filename=path.name)
        sources.append(Source(source_id=f"d{number}", upload=upload))
    return (await prepare(tuple(sources), context(manual.name, store))).artifact


def context(topic: str, store: MemoryStore) -> Context:
    return Context(
        topic=topic,
        guidance="",
        store=store,
        engine=load_engine("extractive", "", {}),
        progress=lambda _: None,
    )


async def ask(question: str, phase0: Phase0, store: MemoryStore) -> Phase4:
    """Research one question on what was read."""
    asked = context(question, store)
    plan = await synthesize(phase0, await discover(phase0, asked), asked)
    findings: dict[int, StepFindings] = {}
    for step in plan.steps:
        findings[step.step_id] = await execute(step, phase0, findings, asked)
    return await report(phase0, plan, findings, asked)


def first_statements(done: Phase4) -> list[str]:
    """What a reader is told first."""
    told = [
        statement.text
        for section in done.sections
        for statement in statements(section.markdown)
        if statement.references
    ]
    return told[:FIRST]


async def main(arguments: argparse.Namespace) -> None:
    asked, answered = Counter[str](), Counter[str]()
    for manual in manuals():
        if arguments.only not in manual.name:
            continue
        if not manual.paths(arguments.root):
            print(f"{manual.name}: left out: the package {manual.package} is not there")
            continue
        store = MemoryStore()
        phase0 = await read(manual, arguments.root, arguments.documents, store)
        texts = [await store.get_text(source.text_sha256) for source in phase0.sources if source.text_sha256]
        told, given = 0, 0
        for question, answer in manual.questions.items():
            pattern = re.compile(answer, re.IGNORECASE)
            if not any(pattern.search(text) for text in texts):
                print(f"  no text answers: {question}")
                continue
            first = first_statements(await ask(question, phase0, store))
            found = any(pattern.search(statement) for statement in first)
            told, given = told + 1, given + found
            if arguments.misses and not found:
                print(f"  missed: {question}")
                for statement in first:
                    print(f"    {statement[:150]}")
        print(f"{manual.name}: {given} of {told} answers among the first {FIRST} statements", flush=True)
        asked[manual.set], answered[manual.set] = asked[manual.set] + told, answered[manual.set] + given
    for name in asked:
        print(f"{name}: {answered[name]} of {asked[name]} ({answered[name] / max(asked[name], 1):.0%})")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="manuals with this in their name")
    parser.add_argument(
        "--documents", type=int, default=20, metavar="N", help="read only the first N chapters of each manual"
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="FOLDER",
        help="where the packages are, / if installed",
    )
    parser.add_argument(
        "--misses",
        action="store_true",
        help="print the questions that were not answered, and what was said instead",
    )
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parsed()))
