"""What the reports of a model say about themselves, in the topic's language."""

from dataclasses import dataclass

from reprise_contracts.languages import lacking, primary
from reprise_research.text.language import is_chinese


@dataclass(frozen=True)
class Words:
    """The sentences of one language."""

    note: str
    nothing_held: str
    """The note where nothing that the model wrote is in the report."""
    quoted: str
    extracted: str
    against: str
    unsupported: str


ENGLISH = Words(
    note="Written by the model {model} from the numbered sources. Code has looked up every quote in its source and every figure of a "
    "sentence in what it cites; whether the sources are read rightly it cannot tell. Read them before relying on this.",
    quoted=" The model's text did not hold for {sections}: there, sentences of the sources are quoted instead.",
    extracted=" The findings of {sections} were extracted without the model, whose answer did not hold.",
    nothing_held="The model {model} was asked, and none of its text held when code checked it: every section quotes the numbered sources "
    "instead. Read them before relying on this.",
    against="Other sources say otherwise.",
    unsupported="no source says this",
)
CHINESE = Words(
    note="本报告由模型{model}根据带编号的来源写成。引文是否出自来源、句中数字是否见于所引之处，均已由程序核对；对来源的理解是否正确，程序无法判断，使用前请阅读原文。",
    quoted="以下部分模型所写未通过核对，改为摘录来源原文：{sections}。",
    extracted="以下问题的发现由程序摘录，未采用模型的回答：{sections}。",
    nothing_held="已询问模型{model}，但其文字均未通过程序核对，各部分改为摘录带编号的来源原文，使用前请阅读原文。",
    against="另有来源说法不同。",
    unsupported="无来源支持",
)


def frame(language: str) -> str:
    """The language of what surrounds a model's text: the one asked for where there are words of ours in it, else English; empty if none
    was asked for."""
    return language if not lacking("extractive", language) else "en"


def words_for(topic: str, language: str = "") -> Words:
    """In the language asked for, without one in the topic's; English for every language but Chinese."""
    return CHINESE if primary(language) == "zh" or (not language and is_chinese(topic)) else ENGLISH
