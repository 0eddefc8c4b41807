"""How good and how fast the research is: on the samples, and on handbooks that Debian packages install.

    PYTHONPATH=services:shared python benchmarks/research.py [--only NAME] [--documents N] [--pages 100]
        [--engine openai --base-url URL --model M]

Each corpus is researched in one process with its parser children. `--json FILE` keeps the figures. A corpus
that is not installed is skipped with the reason.
"""

import argparse
import asyncio
import http.server
import json
import math
import os
import resource
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from corpora import Corpus, corpora
from rouge import Rouge, mean, rouge, shared, words

from reprise_contracts.artifacts import Citation, Phase4
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.engines import Engine, load_engine
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import MemoryStore
from reprise_research.text.prose import prose

PATIENT = {"timeout": "900", "call_timeout": "1800"}
"""Seconds: a small machine's own model answers one question after the other."""
SENTENCES = 3
"""Of every summary that is compared."""


@dataclass
class Row:
    """One corpus, measured."""

    name: str
    documents: int
    summary: Rouge
    lead: Rouge
    textrank: Rouge
    redundancy: float
    used: float
    verbatim: float
    statements: int
    contradictions: str
    gaps: str
    seconds: float
    megabytes: float


class Memory:
    """The largest sum of this process's and its children's resident memory, looked at every 50 ms, in MB."""

    def __enter__(self) -> "Memory":
        self.peak, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self.peak = max(self.peak, sum(resident(pid) for pid in (os.getpid(), *children(os.getpid()))))


def children(parent: int) -> list[int]:
    """The processes below one."""
    found: list[int] = []
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            below = [int(pid) for pid in path.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
            continue
        for pid in below:
            found += [pid, *children(pid)]
    return found


def resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0.0


def textrank(text: str) -> str:
    """The three sentences that TextRank ranks first, in their order (Mihalcea and Tarau 2004): shared words
    over log lengths."""
    found = [sentence.text for sentence in prose(text)[:400]]
    bags = [frozenset(words(sentence)) for sentence in found]
    sizes = [math.log(len(bag) + 1) for bag in bags]
    weights = [
        [len(a & b) / (m + n) if a is not b and a and b else 0.0 for b, n in zip(bags, sizes, strict=True)]
        for a, m in zip(bags, sizes, strict=True)
    ]
    totals = [sum(row) or 1.0 for row in weights]
    score = [1.0] * len(found)
    for _ in range(30):
        score = [
            0.15
            + 0.85 * sum(weights[j][i] / totals[j] * score[j] for j in range(len(found)) if weights[j][i])
            for i in range(len(found))
        ]
    best = sorted(sorted(range(len(found)), key=lambda i: -score[i])[:SENTENCES])
    return " ".join(found[i] for i in best)


def lead(text: str) -> str:
    return " ".join(sentence.text for sentence in prose(text)[:SENTENCES])


def redundancy(claims: list[str]) -> float:
    """How much each statement shares with the one most like it: the mean of the largest ROUGE-2."""
    bags = [words(claim) for claim in claims]
    resolve_option = [
        max((shared(one, other, 2) for other in bags if other is not one), default=0.0) for one in bags
    ]
    return sum(resolve_option) / len(resolve_option) if resolve_option else 0.0


def both_sides(report: Phase4, facts: Iterable[tuple[str, ...]]) -> int:
    """The known contradictions of which the report names both sides in one line."""
    lines = report.markdown.splitlines()
    return sum(any(all(side in line for side in fact) for line in lines) for fact in facts)


def modelled(session: ResearchSession) -> str:
    """What a model did, and how much of it did not hold."""
    made = [entry.artifact for entry in session.entries.values()]
    tokens, without = sum(one.meta.tokens.total for one in made), sum(len(one.meta.fallbacks) for one in made)
    lost = sum(found.dropped_citations for found in session.findings.values())
    unsupported = len(session.phase4.unsupported_claims)
    return (
        f"{tokens} tokens; made without the model: {without}; quotes dropped: {lost}; sentences listed "
        f"as unsupported: {unsupported}"
    )


def processor() -> float:
    """Seconds of a core that this process and its parsers, those that have ended, have used: the same on a
    busy machine."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def beginning(corpus: Corpus, documents: int) -> Corpus:
    """A handbook's first documents, named so; all of them where none or more are asked for. The samples
    belong together."""
    if corpus.facts or not 0 < documents < len(corpus.papers):
        return corpus
    return replace(corpus, name=f"{corpus.name}, first {documents}", papers=corpus.papers[:documents])


async def measure(corpus: Corpus, engine: Engine) -> tuple[Row, Phase4, str]:
    """Research a corpus."""
    store = MemoryStore()
    session = ResearchSession(topic=corpus.topic)
    with Memory() as memory:
        start, spent = time.perf_counter(), processor()
        async with DeepResearchAgent(session, store, engine=engine) as agent:
            for paper in corpus.papers:
                await agent.add_bytes(paper.data, "application/octet-stream", paper.name)
            await agent.run_research()
        elapsed, spent = time.perf_counter() - start, processor() - spent
    texts = {
        s.source_id: await store.get_text(s.text_sha256) for s in session.phase0.sources if s.text_sha256
    }
    names = {
        source.source_id: (source.upload.filename if source.upload else "") for source in session.sources
    }
    abstracts = {paper.name: paper.abstract for paper in corpus.papers}
    scored: dict[str, list[Rouge]] = {"summary": [], "lead": [], "textrank": []}
    for summary in session.phase0.summaries:
        abstract = abstracts.get(names[summary.source_id] or "", "")
        if abstract:
            text = texts[summary.source_id]
            for name, made in (
                ("summary", summary.summary),
                ("lead", lead(text)),
                ("textrank", textrank(text)),
            ):
                scored[name].append(rouge(made, abstract))
    cited: dict[tuple[str, int], Citation] = {
        (c.source_id, c.start): c for r in session.phase4.references for c in r.citations
    }
    exact = sum(texts[c.source_id][c.start : c.end] == c.quote for c in cited.values())
    ready = [s for s in session.phase0.sources if s.status == "ready"]
    missing = " ".join(section.markdown for section in session.phase4.sections[-2:]).lower()
    row = Row(
        name=corpus.name,
        documents=len(corpus.papers),
        summary=mean(scored["summary"]),
        lead=mean(scored["lead"]),
        textrank=mean(scored["textrank"]),
        redundancy=redundancy([c.quote for c in cited.values()]),
        used=len(session.phase4.references) / max(len(ready), 1),
        verbatim=exact / max(len(cited), 1),
        statements=len(cited),
        contradictions=f"{both_sides(session.phase4, corpus.facts)} of {len(corpus.facts)}"
        if corpus.facts
        else "–",
        gaps=f"{sum(gap in missing for gap in corpus.gaps)} of {len(corpus.gaps)}" if corpus.gaps else "–",
        seconds=spent / max(len(corpus.papers), 1),
        megabytes=memory.peak,
    )
    return row, session.phase4, f"{elapsed:.0f} s; {modelled(session)}"


PARAGRAPH = (
    "In the year {year} the level of lake {lake} fell by {cm} centimetres, as was measured at "
    "{places} places around its shore."
)


def _paragraph(number: int, line: int) -> str:
    told = PARAGRAPH.format(
        year=1200 + number * 7 + line, lake=f"{number}-{line}", cm=number + line, places=line + 2
    )
    return f"{told} {told} {' '.join(f'Word{number}x{line}x{k}' for k in range(20))} closes the paragraph."


def page(number: int) -> bytes:
    """A page of about 900 words, unlike the others."""
    paragraphs = "".join(f"<p>{_paragraph(number, line)}</p>" for line in range(14))
    return (
        f"<html><head><title>Lake {number}</title></head><body><article><h1>Lake "
        f"{number}</h1>{paragraphs}</article></body></html>"
    ).encode()


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.strip("/")
        body = page(int(name)) if name.isdigit() else b"User-agent: *\nAllow: /\n"
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8" if name.isdigit() else "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


async def hundred(pages: int) -> tuple[float, float]:
    """Phase 0 of that many pages from a server of this machine: seconds, and MB of this process and its
    parsers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True).start()
    session = ResearchSession(topic="How has the level of the lakes changed?")
    try:
        async with DeepResearchAgent(
            session, MemoryStore(), fetcher=FetcherSettings(allow_loopback=True)
        ) as agent:
            for number in range(pages):
                await agent.add_url(f"http://127.0.0.1:{server.server_port}/{number}")
            with Memory() as memory:
                start = time.perf_counter()
                await agent.run_phase0()
                seconds = time.perf_counter() - start
    finally:
        server.shutdown()
        server.server_close()
    if len(session.phase0.summaries) != pages:
        raise RuntimeError("not every page was read")
    return seconds, memory.peak


def shown(score: Rouge, row: Row) -> str:
    return f"{score.one:.2f} / {score.two:.2f} / {score.longest:.2f}" if row.summary.one else "–"


HEADER = (
    "| corpus | documents | summary: ROUGE-1 / 2 / L | lead-3 | TextRank | redundancy | sources used | "
    "statements | verbatim | "
    "contradictions | gaps | core seconds per source | MB |"
)


def line(row: Row) -> str:
    compared = " | ".join(shown(score, row) for score in (row.summary, row.lead, row.textrank))
    found = (
        f"{row.redundancy:.2f} | {row.used:.0%} | {row.statements} | {row.verbatim:.0%} | "
        f"{row.contradictions} | {row.gaps}"
    )
    return (
        f"| {row.name} | {row.documents} | {compared} | {found} | {row.seconds:.2f} | {row.megabytes:.0f} |"
    )


async def main(arguments: argparse.Namespace) -> None:
    settings: Mapping[str, str] = {
        "base_url": arguments.base_url,
        "api_key": arguments.api_key,
        "window": str(arguments.window),
        **PATIENT,
    }
    engine = load_engine(arguments.engine, arguments.model, settings)
    print(HEADER)
    print("|" + " --- |" * (HEADER.count("|") - 1), flush=True)
    rows = []
    for corpus in (beginning(corpus, arguments.documents) for corpus in corpora()):
        if arguments.only and arguments.only not in corpus.name:
            continue
        if corpus.missing:
            print(f"| {corpus.name} | skipped: {corpus.missing} |", flush=True)
            continue
        row, report, told = await measure(corpus, engine)
        rows.append(row)
        print(line(row), flush=True)
        if arguments.engine == "openai":
            print(f"\n{told}\n", flush=True)
        if arguments.reports:
            arguments.reports.mkdir(parents=True, exist_ok=True)
            (arguments.reports / f"{corpus.name.replace(' ', '-')}.md").write_text(report.markdown, "utf-8")
    if arguments.pages and not arguments.only:
        seconds, megabytes = await hundred(arguments.pages)
        print(
            f"\nphase 0 of {arguments.pages} pages from a local server: {seconds:.1f} s, {megabytes:.0f} MB "
            "with the parsers"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", default="extractive")
    parser.add_argument("--base-url", default="", help="of an OpenAI-compatible endpoint")
    parser.add_argument("--api-key", default="none")
    parser.add_argument("--model", default="")
    parser.add_argument(
        "--window", type=int, default=8192, help="tokens that the model reads and writes in one call"
    )
    parser.add_argument("--only", default="", help="corpora with this in their name")
    parser.add_argument(
        "--documents", type=int, default=0, metavar="N", help="read only the first N of each handbook"
    )
    parser.add_argument(
        "--pages", type=int, default=100, help="of the measurement of phase 0; 0 leaves it out"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--reports", type=Path, help="write the reports into this folder")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parsed()))
