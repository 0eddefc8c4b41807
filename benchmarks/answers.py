"""Whether questions on manuals are answered: is a known answer among the first five statements of the report?

    PYTHONPATH=services:shared python benchmarks/answers.py [--only NAME] [--documents N] [--misses]

The questions and what answers them are in `questions.toml`. A manual is read once; each question is then a research of its own on what was
read, without a model. A manual that is not installed is left out with the reason.
"""

import argparse
import asyncio
import re
import tomllib
from pathlib import Path

from corpora import Corpus, corpora

from reprise_contracts.artifacts import Phase0, Phase4, StepFindings
from reprise_contracts.sources import Source, Upload
from reprise_research.checking.statements import statements
from reprise_research.context import Context, MemoryStore
from reprise_research.engines import load_engine
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
from reprise_research.stores import sha256_of

FIRST = 5
QUESTIONS = Path(__file__).with_name("questions.toml")


async def read(corpus: Corpus, documents: int, store: MemoryStore) -> Phase0:
    """Read a manual."""
    sources = []
    for number, paper in enumerate(corpus.papers[:documents]):
        await store.put_raw(paper.data)
        upload = Upload(sha256=sha256_of(paper.data), bytes=len(paper.data), content_type="text/html", filename=paper.name)
        sources.append(Source(source_id=f"d{number}", upload=upload))
    return (await prepare(tuple(sources), context(corpus.topic, store))).artifact


def context(topic: str, store: MemoryStore) -> Context:
    return Context(topic=topic, guidance="", store=store, engine=load_engine("extractive", "", {}), progress=lambda _: None)


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
    told = [statement.text for section in done.sections for statement in statements(section.markdown) if statement.references]
    return told[:FIRST]


async def main(arguments: argparse.Namespace) -> None:
    answered = asked = 0
    tables = tomllib.loads(QUESTIONS.read_text("utf-8"))
    known = {corpus.name: corpus for corpus in corpora()}
    for name, questions in tables.items():
        corpus = known[name]
        if corpus.missing or arguments.only not in name:
            print(f"{name}: left out{': ' + corpus.missing if corpus.missing else ''}")
            continue
        store = MemoryStore()
        phase0 = await read(corpus, arguments.documents, store)
        texts = [await store.get_text(source.text_sha256) for source in phase0.sources if source.text_sha256]
        told, given = 0, 0
        for question, answer in questions.items():
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
        print(f"{name}: {given} of {told} answers among the first {FIRST} statements", flush=True)
        asked, answered = asked + told, answered + given
    print(f"\n{answered} of {asked} ({answered / max(asked, 1):.0%})")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="manuals with this in their name")
    parser.add_argument("--documents", type=int, default=20, metavar="N", help="read only the first N chapters of each manual")
    parser.add_argument("--misses", action="store_true", help="print the questions that were not answered, and what was said instead")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parsed()))
