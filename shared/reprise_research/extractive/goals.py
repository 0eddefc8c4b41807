"""Phase 1 of the extractive engine: a question for each theme, why it is worth asking, and who speaks of
it."""

import re

from reprise_contracts.artifacts import Excerpt, Goal, Phase0, Theme
from reprise_contracts.wire import derived_id
from reprise_research.extractive.wording import Wording, upper_first, wording_for
from reprise_research.languages import LANGUAGES, language
from reprise_research.quantities import amounts
from reprise_research.text.language import language_of
from reprise_research.text.ranking import bm25
from reprise_research.text.script import script_of
from reprise_research.text.words import content, shorten, terms

_LIST = re.compile(r"\s*[,;、，；]\s*(?:and\s+|以及|和)?")
_FEWEST_LISTED = 3
_BESIDE = 30
"""Characters between a figure and what it is of."""
_A_SUBJECT = 40
"""Characters of a subject in a list, at most."""


def goals_of(phase0: Phase0, topic: str, guidance: str, asked: str = "") -> tuple[Goal, ...]:
    """The goals: first what the guidance asks, then the themes that it touches, then the others in the order
    of phase 0."""
    wording = wording_for(topic, asked)
    wanted = content(guidance, _code(guidance, topic))
    themes = sorted(phase0.themes, key=lambda theme: -_touch(theme, wanted, phase0))
    if only(guidance):
        themes = [theme for theme in themes if frozenset(terms(theme.label, _code(guidance, topic))) & wanted]
    goals = [_goal(theme, phase0, wording) for theme in themes]
    if guidance.strip():
        goals = [*asked_for(guidance, phase0, wording), *goals]
    if not goals:
        goals.append(_whole_topic(topic, phase0, asked))
    unique: dict[str, Goal] = {}
    for goal in goals:
        unique.setdefault(goal.goal_id, goal)
    return tuple(unique.values())


def subject_of(guidance: str) -> str:
    """What a line of guidance is about, without the request around it: `Focus on costs.` → `costs`."""
    subject = " ".join(guidance.split()).rstrip(".!。！ ")
    for code in LANGUAGES:
        found = language(code).reading.request.match(subject)
        if found is not None and found.end():
            return subject[found.end() :].strip() or subject
    return subject


def only(guidance: str) -> str:
    """The subject that guidance asks for and nothing besides: `Only costs and prices.` → `costs and prices`;
    empty for other guidance."""
    subject = " ".join(guidance.split()).rstrip(".!。！ ")
    for code in LANGUAGES:
        found = language(code).reading.only.match(subject)
        if found is not None and found.end():
            return subject[found.end() :].strip()
    return ""


def _orders(guidance: str) -> bool:
    """Whether guidance says what to do, in any language, and names no subject that sources could speak
    of."""
    return any(language(code).reading.orders.match(guidance) for code in LANGUAGES)


def _code(text: str, otherwise: str) -> str:
    """The language of guidance; a word or two may be in the topic's."""
    return language_of(text) or language_of(otherwise) or "en"


def _touch(theme: Theme, wanted: frozenset[str], phase0: Phase0) -> float:
    """How much a theme has to do with the guidance: its own words, and how often its passages use the
    guidance's."""
    if not wanted:
        return 0.0
    code = language_of(theme.label) or "en"
    own = frozenset(terms(theme.label, code))
    excerpts = [content(excerpt.quote, code) for _, excerpt in _excerpts(theme, phase0)]
    share = sum(bool(words & wanted) for words in excerpts) / len(excerpts) if excerpts else 0.0
    return 2.0 * len(own & wanted) + 0.3 * len(frozenset(theme.terms) & wanted) + round(share, 3)


def _goal(theme: Theme, phase0: Phase0, wording: Wording) -> Goal:
    excerpts = _excerpts(theme, phase0)
    kinds = [excerpt.kind for _, excerpt in excerpts]
    givers = [source_id for source_id, e in excerpts if e.kind == "figure" and _has_figure_of(theme, e.quote)]
    if _foreign(theme.label, wording):
        question = wording.ask_other
    elif len(set(givers)) >= 2:
        question = wording.ask_figures
    elif kinds.count("opinion") >= 2:
        question = wording.ask_views
    elif "figure" in kinds:
        question = wording.ask_known
    else:
        question = wording.ask_report
    return Goal(
        goal_id=_goal_id(theme.label),
        question=question.format(label=theme.label),
        rationale=_rationale(theme, excerpts, wording),
        source_ids=theme.source_ids,
    )


def _has_figure_of(theme: Theme, quote: str) -> bool:
    """Whether a figure of a quote stands so near to what the theme is called that it may be of it."""
    code = language_of(theme.label) or "en"
    label = frozenset(terms(theme.label, code))
    return any(
        label & frozenset(terms(quote[max(0, figure.start - _BESIDE) : figure.end + _BESIDE], code))
        for figure in amounts(quote, language_of(quote))
    )


def _foreign(label: str, wording: Wording) -> bool:
    """Whether a theme is named in another script than the report's; Japanese writes nouns in Chinese
    characters."""
    script = script_of(label)
    own = {script_of(wording.note), *(("han",) if wording.language == "ja" else ())}
    return script is not None and script not in own


def _rationale(theme: Theme, excerpts: list[tuple[str, Excerpt]], wording: Wording) -> str:
    text = upper_first(wording.filled(wording.why, sources=len(theme.source_ids)))
    for kind, template in (("figure", wording.why_figures), ("opinion", wording.why_opinions)):
        givers = len({source_id for source_id, excerpt in excerpts if excerpt.kind == kind})
        if givers:
            text += wording.filled(template, sources=givers)
    if excerpts:
        return text + wording.why_example.format(quote=shorten(excerpts[0][1].quote, 220))
    return text + wording.summary_none[-1]


def _excerpts(theme: Theme, phase0: Phase0) -> list[tuple[str, Excerpt]]:
    """The excerpts that speak of a theme, the one that does so most first."""
    code = language_of(theme.label) or "en"
    label = frozenset(terms(theme.label, code))
    options = [
        (s.source_id, e) for s in phase0.summaries if s.source_id in theme.source_ids for e in s.excerpts
    ]
    options = [
        (source_id, excerpt)
        for source_id, excerpt in options
        if label & frozenset(terms(excerpt.quote, code))
    ]
    score = bm25([terms(excerpt.quote, code) for _, excerpt in options], [*sorted(label), *theme.terms])
    ranked = sorted(range(len(options)), key=lambda i: (-score[i], i))
    return [options[i] for i in ranked]


def asked_for(guidance: str, phase0: Phase0, wording: Wording) -> tuple[Goal, ...]:
    """What the guidance asks as goals: each subject of a plain list of them is one, anything else is one as
    it stands."""
    subject = only(guidance) or subject_of(guidance)
    listed = [part for part in _LIST.split(subject) if part]
    plain = len(listed) >= _FEWEST_LISTED and all(
        len(part) <= _A_SUBJECT and not _orders(part) for part in listed
    )
    return tuple(_asked_for(one, phase0, wording) for one in (listed if plain else [subject]))


def _asked_for(subject: str, phase0: Phase0, wording: Wording) -> Goal:
    """A goal of the guidance, asked of the sources that speak of it; of all if none seems to."""
    asked = wording.ask_request if _orders(subject) else wording.ask_guidance
    question = (
        subject if subject.endswith(("?", "？", "؟")) else asked.format(guidance=_uncapitalised(subject))
    )
    code = _code(subject, wording.note)
    documents = [
        terms(" ".join(excerpt.quote for excerpt in s.excerpts) or s.summary, code) for s in phase0.summaries
    ]
    score = bm25(documents, terms(subject, code))
    speakers = tuple(s.source_id for s, value in zip(phase0.summaries, score, strict=True) if value > 0)
    return Goal(
        goal_id=_goal_id(f"guidance {subject}"),
        question=question[:2000],
        rationale=wording.why_guidance,
        source_ids=speakers or tuple(s.source_id for s in phase0.summaries),
    )


def _whole_topic(topic: str, phase0: Phase0, asked: str) -> Goal:
    """For sources that share no theme: the topic itself."""
    wording = wording_for(topic, asked)
    question = topic if topic.rstrip().endswith(("?", "？", "؟")) else wording.ask_report.format(label=topic)
    return Goal(
        goal_id=_goal_id("topic"),
        question=question[:2000],
        source_ids=tuple(s.source_id for s in phase0.summaries),
    )


def _goal_id(label: str) -> str:
    """An id that a reader recognises and that depends on nothing but the label."""
    slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    return f"goal-{slug}" if slug and slug.isascii() and len(slug) <= 50 else derived_id("goal", label)


def _uncapitalised(text: str) -> str:
    first, _, _ = text.partition(" ")
    return text[:1].lower() + text[1:] if first[1:].islower() and len(first) > 1 else text
