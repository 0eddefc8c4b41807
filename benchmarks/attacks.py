"""Citations under attack: finished reports are damaged in known ways, and code has to see it.

    PYTHONPATH=services:shared python benchmarks/attacks.py [--each N] [--documents N] [--reports FOLDER]
    [--only NAME] [--misses]

Each corpus of `corpora.py` is researched without a model; then one thing of its report or of its findings is
damaged at a time, and `reprise_research.checking` looks at the whole. A damage counts as flagged if a fault
is reported that the undamaged report does not have. A false alarm is a fault of the undamaged report, counted
against everything that was looked at. `--reports` adds finished reports, each a folder with `phase0.json`,
`phase3-1.json` and so on, `phase4.json` and `texts/<source>.txt`: those of a model, for example.
"""

import argparse
import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from corpora import corpora

from reprise_contracts.artifacts import Citation, Finding, Phase0, Phase4, StepFindings
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.checking import Fault, Made, check_report
from reprise_research.checking.statements import statements
from reprise_research.languages import language
from reprise_research.stores import MemoryStore
from reprise_research.text.language import language_of
from reprise_research.text.markup import escaped

UNITS = {
    "en": """
        percent>percentage points, million>billion, euros>dollars, km/h>mph, kilometres>miles,
        minutes>hours, days>weeks, months>years, years>decades, decibels>percent, metres>kilometres,
        MB>GB, seconds>minutes, %>kg, bytes>bits""",
    "de": "Prozent>Prozentpunkte, Millionen>Milliarden, Euro>Dollar, Minuten>Stunden, Tage>Wochen, "
    "Monate>Jahre, Meter>Kilometer",
    "zh": "万>亿, 欧元>美元, %>万元, 年>天, 分贝>公里, 人>辆",
}
"""Units, and what each is damaged into."""
TURNS = {
    "en": """
        rose>fell, fell>rose, increased>decreased, decreased>increased, more>less, less>more,
        higher>lower, lower>higher, longer>shorter, above>below, before>after, after>before, up>down,
        reduced>raised, at least>at most, over>under""",
    "de": "stieg>sank, sank>stieg, gestiegen>gesunken, gesunken>gestiegen, mehr>weniger, weniger>mehr, "
    "über>unter, vor>nach",
    "zh": "下降>上升, 上升>下降, 增加>减少, 减少>增加, 超过>低于, 扣除>计入",
}
"""Directions, and what each is turned into."""
NEGATIONS = {
    "en": ["not", "no", "never", "cannot", "nobody", "none"],
    "de": ["nicht", "kein", "keine", "nie"],
    "zh": ["没有", "不", "未", "尚无"],
}
_SCALED = re.compile(r"\d\s?(?:million |billion |万|亿)?$")
_FIGURE = re.compile(r"(?<![\w\[])(?<!\\\[)\d+(?:[.,]\d+)*(?![\w\]])|\d+(?=[\u4e00-\u9fff%])")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_GROUP = re.compile(r"(?:(?<!\\)\[\d+\])+")


@dataclass(frozen=True)
class Damage:
    """One damage: its way, where it was done, and the artifacts after it."""

    way: str
    what: str
    made: Made


Item = TypeVar("Item")
Change = Callable[[str, random.Random], str | None]


def turn_figure(text: str, chance: random.Random) -> str | None:
    """Change a digit of a figure that is no year."""
    found = [match for match in _FIGURE.finditer(text) if not _YEAR.fullmatch(match[0])]
    if not found:
        return None
    match = chance.choice(found)
    places = [at for at, character in enumerate(match[0]) if character.isascii() and character.isdigit()]
    at = chance.choice(places)
    options = [digit for digit in "123456789" if digit != match[0][at]]
    figure = match[0][:at] + chance.choice(options) + match[0][at + 1 :]
    return text[: match.start()] + figure + text[match.end() :]


def turn_year(text: str, chance: random.Random) -> str | None:
    found = list(_YEAR.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    other = int(match[0]) + chance.choice([-9, -3, -2, -1, 1, 2, 3, 9])
    return f"{text[: match.start()]}{other}{text[match.end() :]}"


def _turn_words(
    text: str, chance: random.Random, pairs: dict[str, str], behind: re.Pattern[str] | None = None
) -> str | None:
    """Exchange one word for its counterpart; with `behind`, one that stands behind that."""
    code = language_of(text) or "en"
    boundary = "{}" if code == "zh" else r"(?<!\w){}(?!\w)"
    found: list[tuple[int, str, str]] = []
    for pair in pairs.get(code, "").split(","):
        old, _, new = pair.strip().partition(">")
        places = (
            [match.start() for match in re.finditer(boundary.format(re.escape(old)), text)] if old else []
        )
        found += [
            (at, old, new) for at in places if behind is None or behind.search(text[max(0, at - 12) : at])
        ]
    if not found:
        return None
    at, old, new = chance.choice(found)
    return text[:at] + new + text[at + len(old) :]


def turn_unit(text: str, chance: random.Random) -> str | None:
    return _turn_words(text, chance, UNITS, _SCALED)


def turn_sign(text: str, chance: random.Random) -> str | None:
    """Turn a direction, or drop the sign of a number."""
    minus = re.search(r"(?<=[\s(])[-−](?=\d)", text)
    return text[: minus.start()] + text[minus.end() :] if minus else _turn_words(text, chance, TURNS)


NEGATIONS = {
    "en": ["not", "no", "never", "cannot", "nobody", "none"],
    "de": ["nicht", "kein", "keine", "nie"],
    "zh": ["没有", "不", "未", "尚无"],
}


def turn_not(text: str, chance: random.Random) -> str | None:
    """Drop a word that denies."""
    code = language_of(text) or "en"
    boundary = r"(?<!\w){}\s(?=\w)" if code != "zh" else "{}"
    found = [match for word in NEGATIONS.get(code, []) for match in re.finditer(boundary.format(word), text)]
    if not found or not language(code):
        return None
    match = chance.choice(found)
    return text[: match.start()] + ("can " if match[0].startswith("cannot") else "") + text[match.end() :]


TEXT: dict[str, Change] = {
    "figure": turn_figure,
    "year": turn_year,
    "unit": turn_unit,
    "sign": turn_sign,
    "dropped not": turn_not,
}


def with_section(made: Made, index: int, markdown: str) -> Made:
    """The artifacts with another section, in the whole text as well."""
    section = made.report.sections[index]
    whole = made.report.markdown.replace(section.markdown, markdown, 1)
    sections = (
        *made.report.sections[:index],
        section.model_copy(update={"markdown": markdown}),
        *made.report.sections[index + 1 :],
    )
    return replace(made, report=made.report.model_copy(update={"sections": sections, "markdown": whole}))


def with_finding(made: Made, step: int, index: int, finding: Finding) -> Made:
    before = made.findings[step]
    findings = (*before.findings[:index], finding, *before.findings[index + 1 :])
    return replace(made, findings={**made.findings, step: before.model_copy(update={"findings": findings})})


def lines_of(made: Made) -> list[tuple[int, int, str]]:
    """The cited lines of the report: section, place of the line in it, and the line."""
    found = []
    for index, section in enumerate(made.report.sections):
        at = 0
        for line in section.markdown.splitlines(keepends=True):
            if _GROUP.search(line):
                found.append((index, at, line))
            at += len(line)
    return found


def text_damages(made: Made, chance: random.Random, each: int) -> Iterator[Damage]:
    """Figures, years, units, signs and negations, in the report's lines and in the findings' claims."""
    lines = lines_of(made)
    claims = [
        (step, index, finding)
        for step, own in made.findings.items()
        for index, finding in enumerate(own.findings)
    ]
    for way, change in TEXT.items():
        for index, at, line in _some(lines, chance, each):
            last = list(_GROUP.finditer(line))[-1].end()
            damaged = change(line[:last], chance)
            if damaged is not None and damaged != line[:last]:
                markdown = made.report.sections[index].markdown
                yield Damage(
                    way, damaged, with_section(made, index, markdown[:at] + damaged + markdown[at + last :])
                )
        for step, index, finding in _some(claims, chance, each):
            damaged = change(finding.claim, chance)
            if damaged is not None and damaged != finding.claim:
                yield Damage(
                    way,
                    damaged,
                    with_finding(made, step, index, finding.model_copy(update={"claim": damaged})),
                )


def _some(items: list[Item], chance: random.Random, each: int) -> list[Item]:
    """Some of the items, or all if they are few."""
    return items if len(items) <= each else chance.sample(items, each)


def quote_damages(made: Made, chance: random.Random, each: int) -> Iterator[Damage]:
    """Quotes that are shifted, altered, or another source's, in findings and in the list of references."""
    claims = [
        (step, index, finding)
        for step, own in made.findings.items()
        for index, finding in enumerate(own.findings)
    ]
    every = [citation for _, _, finding in claims for citation in finding.citations]
    for step, index, finding in _some(claims, chance, each):
        for way, changed in quote_changes(made, finding.citations[0], every, chance):
            yield Damage(
                way,
                changed.quote,
                with_finding(
                    made,
                    step,
                    index,
                    finding.model_copy(update={"citations": (changed, *finding.citations[1:])}),
                ),
            )
    for place, reference in _some(list(enumerate(made.report.references)), chance, each):
        at = chance.randrange(len(reference.citations))
        for way, changed in quote_changes(made, reference.citations[at], every, chance):
            citations = (*reference.citations[:at], changed, *reference.citations[at + 1 :])
            references = (
                *made.report.references[:place],
                reference.model_copy(update={"citations": citations}),
                *made.report.references[place + 1 :],
            )
            yield Damage(
                way,
                changed.quote,
                replace(made, report=made.report.model_copy(update={"references": references})),
            )


def quote_changes(
    made: Made, citation: Citation, every: list[Citation], chance: random.Random
) -> Iterator[tuple[str, Citation]]:
    text = made.texts[citation.source_id]
    by = chance.choice([-40, -17, -5, -1, 1, 4, 11, 35])
    yield (
        "shifted quote",
        citation.model_copy(update={"start": citation.start + by, "end": citation.end + by}),
    )
    start, end = max(0, citation.start + by), min(len(text), citation.end + by)
    if text[start:end] and text[start:end].strip() != citation.quote.strip():
        yield (
            "shifted quote",
            citation.model_copy(update={"start": start, "end": end, "quote": text[start:end]}),
        )
    for change in (turn_figure, turn_not):
        quote = change(citation.quote, chance)
        if quote is not None and quote != citation.quote:
            yield "altered quote", citation.model_copy(update={"quote": quote})
    others = [other for other in every if other.source_id != citation.source_id]
    if others:
        yield "another source", chance.choice(others)
        yield "another source", citation.model_copy(update={"source_id": chance.choice(others).source_id})


def reference_damages(made: Made, chance: random.Random, each: int) -> Iterator[Damage]:
    """Numbers that are exchanged in a line, or lead nowhere, and names that are another source's."""
    numbers = [reference.number for reference in made.report.references]
    for index, at, line in _some(lines_of(made), chance, each):
        group = chance.choice(list(_GROUP.finditer(line)))
        cited = [int(number) for number in re.findall(r"\d+", group[0])]
        others = [number for number in numbers if number not in cited]
        markdown = made.report.sections[index].markdown
        for number in ([chance.choice(others)] if others else []) + [max(numbers) + 1]:
            changed = "".join(f"[{number if place == 0 else other}]" for place, other in enumerate(cited))
            damaged = line[: group.start()] + changed + line[group.end() :]
            yield Damage(
                "swapped reference",
                damaged,
                with_section(made, index, markdown[:at] + damaged + markdown[at + len(line) :]),
            )
    for place, reference in _some(list(enumerate(made.report.references)), chance, each):
        others_named = [
            other for other in made.phase0.sources if other.source_id != reference.source_id and other.title
        ]
        if others_named:
            other = chance.choice(others_named)
            renamed = reference.model_copy(update={"title": other.title})
            references = (*made.report.references[:place], renamed, *made.report.references[place + 1 :])
            head, _, rest = made.report.markdown.rpartition("\n## ")
            whole = head + "\n## " + rest.replace(escaped(reference.title), escaped(other.title), 1)
            yield Damage(
                "copy's name",
                other.title,
                replace(
                    made, report=made.report.model_copy(update={"references": references, "markdown": whole})
                ),
            )


def looked_at(made: Made) -> int:
    """Everything in which a fault can be found: statements, claims, quotes, references."""
    told = sum(
        1
        for section in made.report.sections
        for statement in statements(section.markdown)
        if statement.references
    )
    findings = [finding for step in made.findings.values() for finding in step.findings]
    quotes = sum(len(finding.citations) + len(finding.contradicts) for finding in findings)
    return (
        told
        + len(findings)
        + quotes
        + sum(1 + len(reference.citations) for reference in made.report.references)
    )


async def researched(topic: str, papers: list[tuple[str, bytes]]) -> Made:
    store, session = MemoryStore(), ResearchSession(topic=topic)
    async with DeepResearchAgent(session, store) as agent:
        for name, data in papers:
            await agent.add_bytes(data, "application/octet-stream", name)
        await agent.run_research()
    texts = {
        source.source_id: await store.get_text(source.text_sha256)
        for source in session.phase0.sources
        if source.text_sha256
    }
    return Made(session.phase0, session.findings, session.phase4, texts)


def finished(folder: Path) -> Made:
    """A finished report out of a folder."""
    steps = [
        StepFindings.model_validate_json(path.read_text("utf-8"))
        for path in sorted(folder.glob("phase3-*.json"))
    ]
    return Made(
        Phase0.model_validate_json((folder / "phase0.json").read_text("utf-8")),
        {step.step_id: step for step in steps},
        Phase4.model_validate_json((folder / "phase4.json").read_text("utf-8")),
        {path.stem: path.read_text("utf-8") for path in (folder / "texts").glob("*.txt")},
    )


def attacked(name: str, made: Made, each: int, misses: bool) -> dict[str, tuple[int, int]]:
    """Damage one report; print and return flagged and done by way."""
    chance = random.Random(name)
    before = set(check_report(made))
    counts: dict[str, tuple[int, int]] = {}
    for damages in (text_damages, quote_damages, reference_damages):
        for damage in damages(made, chance, each):
            new: set[Fault] = set(check_report(damage.made)) - before
            flagged, done = counts.get(damage.way, (0, 0))
            counts[damage.way] = flagged + bool(new), done + 1
            if misses and not new:
                print(f"  missed {damage.way}: {damage.what.strip()[:160]}")
    counts["false alarms"] = len(before), looked_at(made)
    if misses:
        for fault in before:
            print(f"  false alarm: {str(fault)[:200]}")
    told = "; ".join(f"{way} {flagged}/{done}" for way, (flagged, done) in counts.items())
    print(f"{name} ({made.report.meta.engine}): {told}", flush=True)
    return counts


async def main(arguments: argparse.Namespace) -> None:
    total: dict[str, tuple[int, int]] = {}
    everything: list[tuple[str, Made]] = [(folder.name, finished(folder)) for folder in arguments.reports]
    for corpus in corpora():
        if corpus.missing or arguments.only not in corpus.name:
            print(f"{corpus.name}: skipped{': ' + corpus.missing if corpus.missing else ''}")
            continue
        papers = [(paper.name, paper.data) for paper in corpus.papers][: arguments.documents]
        everything.append((corpus.name, await researched(corpus.topic, papers)))
    for name, made in everything:
        for way, (flagged, done) in attacked(name, made, arguments.each, arguments.misses).items():
            before = total.get(way, (0, 0))
            total[way] = before[0] + flagged, before[1] + done
    print("\n| damage | done | flagged |\n| --- | --- | --- |")
    for way, (flagged, done) in total.items():
        print(f"| {way} | {done} | {flagged / max(done, 1):.1%} |")
    damages = [counts for way, counts in total.items() if way != "false alarms"]
    flagged, done = sum(flagged for flagged, _ in damages), sum(done for _, done in damages)
    print(f"| all damages | {done} | {flagged / max(done, 1):.1%} |")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=25, help="places that each way of damaging is tried at")
    parser.add_argument(
        "--documents", type=int, default=10, metavar="N", help="read only the first N of each corpus"
    )
    parser.add_argument("--only", default="", help="corpora with this in their name")
    parser.add_argument(
        "--reports",
        type=Path,
        nargs="*",
        default=[],
        metavar="FOLDER",
        help="finished reports to damage as well",
    )
    parser.add_argument("--misses", action="store_true", help="print what was not flagged, and false alarms")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parsed()))
