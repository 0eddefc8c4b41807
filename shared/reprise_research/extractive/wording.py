"""The language that a report is framed in: the one asked for, else the topic's."""

import re
from functools import cache

from reprise_contracts.languages import lacking, primary
from reprise_research.errors import EngineUnavailable
from reprise_research.languages import LANGUAGES, knows, language
from reprise_research.languages.report import Noun, Report
from reprise_research.text.language import language_of

Wording = Report

ENGLISH = language("en").report
CHINESE = language("zh").report


def frame_of(topic: str, asked: str = "") -> str:
    """Return the code of the language in which a report is framed: the one asked for, without one the
    topic's, English where there are no words of ours in it."""
    code = primary(asked) if asked else language_of(topic) or "en"
    return code if knows(code) else "en"


def wording_for(topic: str, asked: str = "") -> Wording:
    """Return the frame's words. Raises `EngineUnavailable` for a language that is asked for and has none."""
    missing = lacking("extractive", asked)
    if missing:
        raise EngineUnavailable(
            missing, "Name one of these, or leave the language to the topic; a model writes in others too."
        )
    return language(frame_of(topic, asked)).report


def asked_label(question: str) -> str | None:
    """Return what a question of ours is about, in whatever language it was asked; None for any other
    question."""
    for pattern in _questions():
        found = pattern.fullmatch(question.strip())
        if found is not None:
            return found[1]
    return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, re.split(r"\{\w+\}", template, maxsplit=1))), re.DOTALL)


@cache
def _questions() -> tuple[re.Pattern[str], ...]:
    return tuple(
        _pattern(getattr(language(code).report, name))
        for name in (
            "ask_figures",
            "ask_views",
            "ask_known",
            "ask_other",
            "ask_request",
            "ask_guidance",
            "ask_report",
        )
        for code in LANGUAGES
    )


def count(wording: Wording, number: int, noun: Noun) -> str:
    """Return a number with its noun: `three sources`."""
    return wording.counted(noun, number)


def upper_first(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
