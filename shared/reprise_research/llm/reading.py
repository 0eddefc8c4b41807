"""Phase 0 with a model: a summary of each source with quotes that stand in it, and an abstract of all."""

import asyncio
from collections import deque
from typing import Literal

from pydantic import BaseModel, Field

from reprise_contracts.artifacts import Excerpt, PreparedSource, Summary, Theme
from reprise_research.context import Brief, Library
from reprise_research.drafts import Abstract
from reprise_research.llm.grounding import find, is_echo, only_grounded
from reprise_research.llm.labels import Labels
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import InvalidAnswer, Model, Overlong, Task
from reprise_research.llm.windowing import LABEL, SHORTEST_PART, Part, batches, parts
from reprise_research.text.ranking import bm25
from reprise_research.text.words import shorten, terms

MOST_EXCERPTS = 12
MOST_PARTS = 24
"""Parts of one source that are read; of a longer one those that speak most of the topic."""
_LONGEST_SUMMARY = 2_000
_MOST = {"most": str(MOST_EXCERPTS)}


class _Quote(BaseModel):
    quote: str = ""
    kind: Literal["fact", "opinion", "figure"] = "fact"


class _Summary(BaseModel):
    summary: str
    excerpts: list[_Quote] = Field(default_factory=list, max_length=MOST_EXCERPTS)


class _Text(BaseModel):
    summary: str


class _Theme(BaseModel):
    label: str
    sources: list[str] = Field(default_factory=list, max_length=40)


class _Abstract(BaseModel):
    abstract: str
    themes: list[_Theme] = Field(default_factory=list, max_length=8)


async def summarise(source: PreparedSource, library: Library, brief: Brief, model: Model) -> Summary:
    """The summary of one source: part by part if it is longer than the window. Raises `InvalidAnswer` if nothing that was said holds."""
    text = await library.text(source.source_id)
    every = parts(text, _room(source, brief, model), model.endpoint.estimate)
    chosen = _chosen(every, brief)
    if len(chosen) < len(every):
        brief.provenance.fall_back(
            f"summary of {shorten(source.title, 60)}", f"of {len(every)} parts the {len(chosen)} nearest to the topic were read"
        )
    read, failed = list[tuple[Part, _Summary]](), ""
    left, done = deque(chosen), 0
    while left:
        part = left.popleft()
        number = f", part {done + 1} of {done + 1 + len(left)}" if done or left else ""
        where = f"the summary of {shorten(source.title, 60)}{number}"
        try:
            read.append((part, await _part(source, part, where, brief, model)))
        except Overlong:
            most = min(_room(source, brief, model), model.endpoint.estimate(part.text) // 2)
            smaller = parts(part.text, most, model.endpoint.estimate)
            left.extendleft(Part(one.text, part.start + one.start, part.start + one.end) for one in reversed(smaller))
            continue
        except InvalidAnswer as error:
            failed = str(error)
        done += 1
    if not read:
        raise InvalidAnswer(failed)
    excerpts = await asyncio.to_thread(_placed, read, text)
    said = [answer.summary for _, answer in read]
    summary = said[0] if len(said) == 1 else await _gathered(said, source, brief, model)
    return Summary(source_id=source.source_id, summary=summary, excerpts=excerpts)


def _room(source: PreparedSource, brief: Brief, model: Model) -> int:
    """Tokens of a source's text that can be read at once, as far as is known now."""
    return model.room("summarise", _MOST, _Summary, brief) - LABEL - model.endpoint.estimate(source.title[:120])


async def _part(source: PreparedSource, part: Part, where: str, brief: Brief, model: Model) -> _Summary:
    """The summary of a part. Raises `Overlong` for one that has to be read in smaller ones, unless it is as small as they get."""

    def check(answer: _Summary) -> _Summary:
        summary = _sound(answer.summary, part.text)
        quotes = [quote for quote in answer.excerpts if find(part.text, quote.quote) is not None]
        if not quotes:
            raise ValueError("none of the excerpts stands in the material; copy whole sentences character by character")
        return _Summary(summary=summary, excerpts=quotes)

    material = (Material("S1", source.title, part.text),)
    task = Task("summarise", _MOST, material, _Summary, "phase0", where, check, whole=len(part.text) > SHORTEST_PART)
    return await model.ask(task, brief)


async def _gathered(said: list[str], source: PreparedSource, brief: Brief, model: Model) -> str:
    """One summary of several, by as many rounds as their length needs; where that fails, the first sentences of each."""
    where = f"the summary of {shorten(source.title, 60)}"
    while len(said) > 1:
        groups = batches(said, lambda one: model.endpoint.estimate(one) + LABEL, model.room("gather", {}, _Text, brief))
        if len(groups) == len(said):
            break
        gathered = []
        for group in groups:
            evidence = "\n".join(group)

            def check(answer: _Text, evidence: str = evidence) -> _Text:
                return _Text(summary=_sound(answer.summary, evidence))

            material = tuple(Material(f"S{number}", "", text) for number, text in enumerate(group, start=1))
            try:
                gathered.append((await model.ask(Task("gather", {}, material, _Text, "phase0", where, check), brief)).summary)
            except InvalidAnswer as error:
                brief.provenance.fall_back(where, f"its parts are put side by side: {error}")
                return shorten(" ".join(said), _LONGEST_SUMMARY)
        said = gathered
    return shorten(" ".join(said), _LONGEST_SUMMARY)


async def combine(summaries: tuple[Summary, ...], library: Library, brief: Brief, model: Model) -> Abstract:
    """The abstract and the themes, in rounds if there are more summaries than fit. Raises `InvalidAnswer`."""
    labels = {f"S{number}": summary.source_id for number, summary in enumerate(summaries, start=1)}
    material = [Material(label, library.source(s.source_id).title, s.summary) for label, s in zip(labels, summaries, strict=True)]
    groups = _groups(material, brief, model)
    answers = [await _combined(tuple(group), brief, model) for group in groups]
    abstracts = [answer.abstract for answer in answers]
    while len(abstracts) > 1:
        again = [Material(f"T{number}", "", abstract) for number, abstract in enumerate(abstracts, start=1)]
        groups = _groups(again, brief, model)
        if len(groups) == len(abstracts):
            break
        abstracts = [(await _combined(tuple(group), brief, model)).abstract for group in groups]
    themes: dict[str, Theme] = {}
    spoken_of = Labels(material)
    for theme in (theme for answer in answers for theme in answer.themes):
        named = [labels[label] for label in spoken_of.all_meant(theme.sources)]
        before = themes.get(theme.label.lower())
        spoken = tuple(dict.fromkeys([*(before.source_ids if before else ()), *named]))
        if spoken and not is_echo(theme.label):
            themes[theme.label.lower()] = Theme(label=shorten(theme.label, 80), source_ids=spoken, terms=tuple(terms(theme.label)))
    return Abstract(shorten(" ".join(abstracts), _LONGEST_SUMMARY), tuple(themes.values())[:8])


def _groups(material: list[Material], brief: Brief, model: Model) -> list[list[Material]]:
    """What can be combined at once."""
    return batches(material, lambda one: model.endpoint.estimate(one.text) + LABEL, model.room("combine", {}, _Abstract, brief))


async def _combined(material: tuple[Material, ...], brief: Brief, model: Model) -> _Abstract:
    evidence = "\n".join(f"{one.title}\n{one.text}" for one in material)

    def check(answer: _Abstract) -> _Abstract:
        return answer.model_copy(update={"abstract": _sound(answer.abstract, evidence)})

    return await model.ask(Task("combine", {}, material, _Abstract, "phase0", "the abstract of all sources", check), brief)


def _sound(text: str, evidence: str) -> str:
    """What of a summary stands on the evidence; raises ValueError if too little does."""
    text = " ".join(text.split())
    if len(text) < 40:
        raise ValueError("the summary is too short")
    if is_echo(text):
        raise ValueError("it repeats the instructions, or itself")
    kept = only_grounded(text, evidence)
    if len(kept) < len(text) / 2:
        raise ValueError("most sentences state what the material does not say, or figures that are not in it")
    return shorten(kept, _LONGEST_SUMMARY)


def _placed(read: list[tuple[Part, _Summary]], text: str) -> tuple[Excerpt, ...]:
    """The quotes where they stand in the whole text, each passage once, in its order."""
    found: dict[int, Excerpt] = {}
    most = max(2, MOST_EXCERPTS // len(read)) if len(read) > 1 else MOST_EXCERPTS
    for part, answer in read:
        for quote in answer.excerpts[:most]:
            place = find(part.text, quote.quote)
            if place is not None:
                start, end = part.start + place.start, part.start + place.end
                found.setdefault(start, Excerpt(quote=text[start:end], start=start, end=end, kind=quote.kind))
    return tuple(found[start] for start in sorted(found))


def _chosen(every: list[Part], brief: Brief) -> list[Part]:
    if len(every) <= MOST_PARTS:
        return every
    score = bm25([terms(part.text) for part in every], terms(f"{brief.topic} {brief.guidance}"))
    best = sorted(range(len(every)), key=lambda i: (-float(score[i]), i))[:MOST_PARTS]
    return [every[index] for index in sorted(best)]
