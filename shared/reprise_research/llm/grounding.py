"""Whether what a model says stands on what it was given: its quotes are found, its figures are in them, its words are theirs."""

import re
from collections.abc import Iterable
from dataclasses import replace

from rapidfuzz import fuzz

from reprise_research.llm.prompts import NAMES, prompt
from reprise_research.text.citations import Place, locate
from reprise_research.text.language import han_share
from reprise_research.text.sentences import split
from reprise_research.text.words import content, overlap

_NUMBER = re.compile(r"\d+(?:[.,\u202f\u00a0 ]\d+)*")
_SEPARATOR = re.compile(r"[,\u202f\u00a0 ](?=\d{3}(?!\d))")
_SHARED = 0.3
"""The share of a claim's content words that its evidence has to contain."""
_ECHO = 90.0
_REPEATED = 0.5
_STOPS = tuple(".!?。！？")
_BETWEEN = ".!?。！？,;:，；： \n”»)]"


def figures_in(text: str) -> frozenset[str]:
    """The numbers of a text, without separators of thousands."""
    return frozenset(_SEPARATOR.sub("", number).replace(",", ".") for number in _NUMBER.findall(text))


def stands_on(claim: str, evidence: Iterable[str]) -> bool:
    """Whether every figure of a claim is in its evidence, and, within one script, enough of its words."""
    given = "\n".join(evidence)
    if not figures_in(claim) <= figures_in(given):
        return False
    if abs(han_share(claim) - han_share(given)) > 0.5:
        return True  # another script: words cannot be compared
    said = content(claim)
    return not said or len(said & content(given)) / len(said) >= _SHARED


def is_about(text: str, evidence: str) -> bool:
    """Whether a question or a title speaks of anything that the evidence speaks of; in another script that cannot be told, and counts."""
    said = content(text)
    return bool(said & content(evidence)) or abs(han_share(text) - han_share(evidence)) > 0.5


def only_grounded(text: str, evidence: str) -> str:
    """The sentences of a text that stand on the evidence."""
    return " ".join(sentence.text for sentence in split(text) if stands_on(sentence.text, (evidence,)))


def is_echo(text: str) -> bool:
    """Whether a text only says again what a prompt says, or one thing over and over."""
    words = text.lower().split()
    runs = [tuple(words[place : place + 5]) for place in range(len(words) - 4)]
    if len(runs) >= 8 and len(set(runs)) < (1 - _REPEATED) * len(runs):
        return True
    return len(text) >= 24 and any(fuzz.partial_ratio(text.lower(), prompt(name).text.lower()) >= _ECHO for name in NAMES)


def find(text: str, quote: str) -> Place | None:
    """Where a quote stands in a text: as it is, or nearly; without the quotation marks and dots that models put around it."""
    bare = quote.strip().strip("\"“”„«»‘’'").strip()
    for candidate in dict.fromkeys((quote.strip(), bare, bare.strip("…. "))):
        if len(candidate) >= 8 and (place := locate(text, candidate)) is not None:
            return _trimmed(text, place, bare) if place.score < 1 else place
    return None


def _trimmed(text: str, place: Place, quote: str) -> Place:
    """A near match without what belongs to the sentence before it, and with the full stop that the quote has as well."""
    start, end = place.start, place.end
    while start < end and text[start] in _BETWEEN and not quote.startswith(text[start]):
        start += 1
    if quote[-1:] in _STOPS and text[end - 1] not in _STOPS and text[end : end + 1] in _STOPS:
        end += 1
    return replace(place, start=start, end=end)


def alike(one: str, other: str) -> bool:
    """Whether two sentences say the same in nearly the same words. Other figures are another claim, however like the words are."""
    if figures_in(one) != figures_in(other):
        return False
    return fuzz.token_sort_ratio(one.lower(), other.lower()) >= 88 or overlap(content(one), content(other)) >= 0.95
