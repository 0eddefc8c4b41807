"""Phase 0 with a model: a summary of each source with quotes that stand in it, and an abstract of all."""

from collections import deque
from typing import Literal

from pydantic import Field, field_validator

from reprise_contracts.artifacts import Citation, Excerpt, PreparedSource, Profile, Summary, Theme
from reprise_research.brief import Brief, Library
from reprise_research.drafts import Abstract
from reprise_research.llm.evidence import Evidence
from reprise_research.llm.finding import as_ids
from reprise_research.llm.grounding import is_echo, objection
from reprise_research.llm.labels import Labels
from reprise_research.llm.numbering import Unit, rendered
from reprise_research.llm.numbers import missing
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Overlong, Task
from reprise_research.llm.windowing import LABEL, batches, windows
from reprise_research.text.prose import is_opinion
from reprise_research.text.ranking import bm25
from reprise_research.text.sentences import split
from reprise_research.text.words import shorten, terms

MOST_EXCERPTS = 12
MOST_PARTS = 24
"""Parts of one source that are read; of a longer one those that speak most of the topic."""
_LONGEST_SUMMARY = 2_000
_MOST = {"most": str(MOST_EXCERPTS)}


class _Profile(Form):
    speaker: str = ""
    interest: str = ""
    method: str = ""
    sample: str = ""
    relies: str = ""
    firsthand: Literal["yes", "no", "mixed", ""] = ""

    @field_validator("firsthand", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        """Any other word says nothing."""
        return given if given in {"yes", "no", "mixed"} else ""


class _Summary(Form):
    summary: str
    excerpts: list[str] = Field(default_factory=list, max_length=MOST_EXCERPTS)
    profile: _Profile = Field(default_factory=_Profile)

    _ids = field_validator("excerpts", mode="before")(as_ids)

    def prose(self) -> list[str]:
        return [self.summary]


class _Text(Form):
    summary: str

    def prose(self) -> list[str]:
        return [self.summary]


class _Theme(Form):
    label: str
    sources: list[str] = Field(default_factory=list, max_length=40)


class _Dependence(Form):
    source: str = ""
    on: list[str] = Field(default_factory=list, max_length=40)


class _Abstract(Form):
    abstract: str
    themes: list[_Theme] = Field(default_factory=list, max_length=8)
    dependence: list[_Dependence] = Field(default_factory=list, max_length=40)

    def prose(self) -> list[str]:
        return [self.abstract]


async def summarise(source: PreparedSource, library: Library, brief: Brief, model: Model) -> Summary:
    """The summary of one source: part by part if it is longer than the window. Raises `InvalidAnswer` if
    nothing that was said holds."""
    text = await library.text(source.source_id)
    evidence = Evidence(library.only([source.source_id]), {source.source_id: text})
    (label,) = evidence.labels
    every = windows(text, _room(source, brief, model), model.endpoint.estimate)
    chosen = _chosen(every, text, brief)
    if len(chosen) < len(every):
        brief.provenance.fall_back(
            f"summary of {shorten(source.title, 60)}",
            f"of {len(every)} parts the {len(chosen)} nearest to the topic were read",
        )
    read, failed = list[tuple[_Summary, list[Citation]]](), ""
    left, done = deque(chosen), 0
    while left:
        part = left.popleft()
        number = f", part {done + 1} of {done + 1 + len(left)}" if done or left else ""
        where = f"the summary of {shorten(source.title, 60)}{number}"
        try:
            read.append(
                await _part(
                    Material(label, source.title, rendered(text, part)),
                    len(part) > 1,
                    evidence,
                    where,
                    brief,
                    model,
                )
            )
        except Overlong:
            left.extendleft(reversed((part[: len(part) // 2], part[len(part) // 2 :])))
            continue
        except InvalidAnswer as error:
            failed = str(error)
        done += 1
    if not read:
        raise InvalidAnswer(failed)
    said = [answer.summary for answer, _ in read]
    summary = said[0] if len(said) == 1 else await _gathered(said, source, brief, model)
    own = read[0][0].profile
    profile = Profile(
        **{name: value if is_sound(value, text) else "" for name, value in own.model_dump().items()}
    )
    return Summary(
        source_id=source.source_id,
        summary=summary,
        excerpts=_excerpts(read),
        profile=profile if profile != Profile() else None,
    )


def is_sound(words: str, text: str) -> bool:
    """Whether an assessment brings no figure of its own."""
    return not is_echo(words) and not missing(words, text)


def _room(source: PreparedSource, brief: Brief, model: Model) -> int:
    """Tokens of a source's text that can be read at once, as far as is known now."""
    return (
        model.room("summarise", _MOST, _Summary, brief) - LABEL - model.endpoint.estimate(source.title[:120])
    )


async def _part(
    material: Material, whole: bool, evidence: Evidence, where: str, brief: Brief, model: Model
) -> tuple[_Summary, list[Citation]]:
    """The summary of a part, and the passages that carry it. Raises `Overlong` for one that has to be read in
    smaller ones, unless it is a single sentence."""
    found: list[Citation] = []

    def check(answer: _Summary) -> _Summary:
        nonlocal found
        summary = _sound(answer.summary, material.text, brief)
        found = evidence.cited(answer.excerpts)[0]
        if not found:
            raise ValueError(
                "no excerpt is a line of the material; name lines by their ids, such as "
                + f"{material.label}.2"
            )
        return answer.model_copy(update={"summary": summary})

    task = Task("summarise", _MOST, (material,), _Summary, "phase0", where, check, whole=whole)
    answer = await model.ask(task, brief)
    return answer, found


async def _gathered(said: list[str], source: PreparedSource, brief: Brief, model: Model) -> str:
    """One summary of several, by as many rounds as their length needs; where that fails, the first sentences
    of each."""
    where = f"the summary of {shorten(source.title, 60)}"
    while len(said) > 1:
        groups = batches(
            said, lambda one: model.endpoint.estimate(one) + LABEL, model.room("gather", {}, _Text, brief)
        )
        if len(groups) == len(said):
            break
        gathered = []
        for group in groups:
            evidence = "\n".join(group)

            def check(answer: _Text, evidence: str = evidence) -> _Text:
                return _Text(summary=_sound(answer.summary, evidence, brief))

            material = tuple(Material(f"S{number}", "", text) for number, text in enumerate(group, start=1))
            try:
                gathered.append(
                    (
                        await model.ask(Task("gather", {}, material, _Text, "phase0", where, check), brief)
                    ).summary
                )
            except InvalidAnswer as error:
                brief.provenance.fall_back(where, f"its parts are put side by side: {error}")
                return shorten(" ".join(said), _LONGEST_SUMMARY)
        said = gathered
    return shorten(" ".join(said), _LONGEST_SUMMARY)


async def combine(summaries: tuple[Summary, ...], library: Library, brief: Brief, model: Model) -> Abstract:
    """The abstract and the themes, in rounds if there are more summaries than fit. Raises `InvalidAnswer`."""
    labels = {f"S{library.numbers[summary.source_id]}": summary.source_id for summary in summaries}
    material = [
        Material(label, library.source(s.source_id).title, s.summary)
        for label, s in zip(labels, summaries, strict=True)
    ]
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
            themes[theme.label.lower()] = Theme(
                label=shorten(theme.label, 80), source_ids=spoken, terms=tuple(terms(theme.label))
            )
    depends: dict[str, tuple[str, ...]] = {}
    for one in (one for answer in answers for one in answer.dependence):
        source = spoken_of.meant(one.source)
        others = tuple(labels[label] for label in spoken_of.all_meant(one.on) if label != source)
        if source is not None and others:
            depends[labels[source]] = others
    return Abstract(shorten(" ".join(abstracts), _LONGEST_SUMMARY), tuple(themes.values())[:8], depends)


def _groups(material: list[Material], brief: Brief, model: Model) -> list[list[Material]]:
    """What can be combined at once."""
    return batches(
        material,
        lambda one: model.endpoint.estimate(one.text) + LABEL,
        model.room("combine", {}, _Abstract, brief),
    )


async def _combined(material: tuple[Material, ...], brief: Brief, model: Model) -> _Abstract:
    evidence = "\n".join(f"{one.title}\n{one.text}" for one in material)

    def check(answer: _Abstract) -> _Abstract:
        return answer.model_copy(update={"abstract": _sound(answer.abstract, evidence, brief)})

    return await model.ask(
        Task("combine", {}, material, _Abstract, "phase0", "the abstract of all sources", check), brief
    )


def _sound(text: str, evidence: str, brief: Brief) -> str:
    """What of a summary stands on the evidence; raises ValueError if too little does."""
    text = " ".join(text.split())
    if len(text) < (40 if text.isascii() else 20):
        raise ValueError("the summary is too short")
    if is_echo(text):
        raise ValueError("it repeats the instructions, or itself")
    said = [sentence.text for sentence in split(text)]
    wrong = {one: why for one in said if (why := objection(one, (evidence,)))}
    kept = " ".join(one for one in said if one not in wrong)
    if len(kept) < len(text) / 2:
        raise ValueError(
            f"most sentences do not hold; of “{shorten(next(iter(wrong)), 80)}” {next(iter(wrong.values()))}"
        )
    brief.provenance.count("summary sentences", said=len(said), kept=len(said) - len(wrong))
    return shorten(kept, _LONGEST_SUMMARY)


def _excerpts(read: list[tuple[_Summary, list[Citation]]]) -> tuple[Excerpt, ...]:
    """The passages of all parts, each once, in their order."""
    most = max(2, MOST_EXCERPTS // len(read)) if len(read) > 1 else MOST_EXCERPTS
    found = {c.start: c for _, citations in read for c in citations[:most]}
    return tuple(
        Excerpt(quote=c.quote, start=c.start, end=c.end, kind=_kind(c.quote))
        for _, c in sorted(found.items())
    )


def _kind(quote: str) -> Literal["fact", "opinion", "figure"]:
    return (
        "opinion"
        if is_opinion(quote)
        else "figure"
        if any(character.isdigit() for character in quote)
        else "fact"
    )


def _chosen(every: list[list[Unit]], text: str, brief: Brief) -> list[list[Unit]]:
    if len(every) <= MOST_PARTS:
        return every
    score = bm25(
        [terms(text[part[0].start : part[-1].end]) for part in every],
        terms(f"{brief.topic} {brief.guidance}"),
    )
    best = sorted(range(len(every)), key=lambda i: (-float(score[i]), i))[:MOST_PARTS]
    return [every[index] for index in sorted(best)]
