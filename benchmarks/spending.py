"""What research with a capable model costs in tokens.

    PYTHONPATH=tests:services:shared python benchmarks/spending.py

A server on loopback answers every question from `capable/en.json`: what a capable model said on the
samples, the ids of sentences in place of the quotes that it copied then. Of its 88 claims 72 are left, for
a plan of so little material has six steps now instead of ten, and what several of them said is said once;
of the 102 passages that they rest on 97. The reader finds nothing wrong. Tokens are counted as the former
figures were: four characters one token, a wide character one. `seen before` is the share of the prompts
that stands in a beginning which an earlier question of the session had: what a provider's cache of prompts
can serve.
"""

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model_server import Body, materials, serving, task_of
from reprise_contracts.commands import Options, Target
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.engines import load_engine
from reprise_research.sources.kinds import SUFFIXES
from reprise_research.stores import MemoryStore

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "benchmarks" / "capable" / "en.json"
TOPIC = (
    "Should Havenbrook keep its 30 km/h limit? What do the first-year results on safety, noise, travel times "
    "and costs show, and how far can they be trusted?"
)
DOCUMENTS = (
    "web/city/one-year-of-30.html",
    "web/courier/slower-safer-dearer.html",
    "web/cycling/calmer-streets.html",
    "web/environment/noise-and-air.html",
    "web/reprint/havenbrook-30.html",
    "web/transit/bus-timetables.html",
    "files/hospital-registry.txt",
    "files/kaocha-baogao.md",
    "files/police-data.pdf",
    "files/taxi-federation.md",
    "files/university-assessment.pdf",
)
FORMER = (86_023, 23_481)
"""Prompt and completion tokens of the same research when claims still copied their quotes (35 calls)."""
_WORD = re.compile(r"\w{4,}")
_SUBJECTS = {
    "summarise": r"^\[material \w+ S\d+\] (.*)$",
    "investigate": r"^Question: (.*)$",
    "section": r'^Write the section "(.*?)"',
}
"""How a question names what it is about."""


def tokens(text: str) -> int:
    """Four characters one token, a wide character one."""
    wide = sum(ord(character) > 0x2E80 for character in text)
    return wide + max(1, round((len(text) - wide) / 4))


def alike(one: str, other: str) -> int:
    """Characters with which both begin."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@dataclass
class Asked:
    """One question with its answer."""

    kind: str
    prompt: str
    answer: str
    fresh: int = 0
    """Tokens of the prompt behind the longest beginning that an earlier question had."""

    @property
    def size(self) -> int:
        """Tokens of the prompt."""
        return tokens(self.prompt)


@dataclass
class Capable:
    """Answers from the file, and keeps what was asked."""

    answers: Body = field(default_factory=lambda: json.loads(ANSWERS.read_text("utf-8")))
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, body: Body) -> str:
        kind, prompt = task_of(body), "\n".join(one["content"] for one in body["messages"])
        given = json.dumps(self._answer(kind, body), ensure_ascii=False)
        shared = max((alike(prompt, one.prompt) for one in self.asked), default=0)
        self.asked.append(Asked(kind, prompt, given, tokens(prompt[shared:])))
        return given

    def _answer(self, kind: str, body: Body) -> object:
        asked = body["messages"][1]["content"]
        if kind in _SUBJECTS:
            said = re.findall(_SUBJECTS[kind], asked, re.MULTILINE)[-1]
            return next(answer for title, answer in self.answers[kind].items() if said.startswith(title))
        if kind == "check":
            every = re.findall(r"^(V\d+) ", "\n".join(materials(body).values()), re.MULTILINE)
            return {"no": [], "partly": [], "yes": every}
        return (
            {"statements": []}
            if kind == "mend"
            else self._edited(asked)
            if kind == "edit"
            else self.answers[kind]
        )

    def _edited(self, asked: str) -> object:
        """The summary, each sentence resting on those of the draft that share most words with it."""
        draft = {
            f"D{number}": set(_WORD.findall(text.lower()))
            for number, text in re.findall(r"^(\d+) (.*)$", asked, re.MULTILINE)
        }
        told = []
        for one in self.answers["edit"]["summary"]:
            own = set(_WORD.findall(one["text"].lower()))
            nearest = sorted(draft, key=lambda label: -len(own & draft[label]))[:4]
            told.append({**one, "lines": nearest})
        return {"summary": told, "drop": [], "change": []}


def line(name: str, asked: Sequence[Asked]) -> str:
    """A row of the table."""
    prompt, answer = sum(one.size for one in asked), sum(tokens(one.answer) for one in asked)
    seen = f"{1 - sum(one.fresh for one in asked) / prompt:.0%}" if prompt else "–"
    return f"| {name} | {len(asked)} | {prompt:,} | {answer:,} | {prompt + answer:,} | {seen} |\n"


async def main() -> None:
    """Print the table: a full run by kind of question, then a refresh and a rerun of one step."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--report", type=Path, help="write the report there")
    options = asked.parse_args()
    capable, store, session = Capable(), MemoryStore(), ResearchSession(TOPIC)
    told = sys.stdout.write
    with serving(capable) as server:
        settings = {"base_url": server.url, "window": "32000", "answer": "3000"}
        engine = load_engine("openai", "capable", settings)
        async with DeepResearchAgent(session, store, engine=engine, at_once=1) as agent:
            for name in DOCUMENTS:
                path = ROOT / "samples" / name
                await agent.add_bytes(path.read_bytes(), SUFFIXES[path.suffix][1], path.name)
            await agent.run_research()
            whole = list(capable.asked)
            told("| question | calls | prompt | answers | both | seen before |\n" + "| --- " * 6 + "|\n")
            for kind in Counter(one.kind for one in whole):
                told(line(kind, [one for one in whole if one.kind == kind]))
            told(line("a full run", whole))
            both = sum(one.size + tokens(one.answer) for one in whole)
            told(f"Of the former {sum(FORMER):,} tokens: {both / sum(FORMER):.0%}.\n")
            claims = sum(len(one.findings) for one in session.findings.values())
            told(f"{claims} claims, {len(session.phase4.markdown.split())} words of report.\n")
            for name, run in (
                ("a refresh", agent.rerun(Target(stale=True))),
                ("the sites asked again", agent.rerun(Target(phase="phase0"), Options(refetch=True))),
                ("one step, guided", agent.rerun_step(7, guidance="say how average speed was measured")),
                ("the report after it", agent.rerun(Target(stale=True))),
            ):
                before = len(capable.asked)
                await run
                told(line(name, capable.asked[before:]))
            if options.report:
                options.report.write_text(session.phase4.markdown, "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
