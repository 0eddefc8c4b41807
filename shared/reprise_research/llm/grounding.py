"""Whether what a model says stands on what it was given: its quotes are found, its figures are in them, its
words are theirs.

Words are compared within one language only; across languages figures are, and what no comparison sees is a
reader's to judge (`reprise_research.llm.verification`)."""

from collections.abc import Iterable
from dataclasses import replace

from rapidfuzz import fuzz

from reprise_contracts.languages import primary
from reprise_research.checking.claims import direction_of, doubts
from reprise_research.llm.calculation import Sum, explained
from reprise_research.llm.contradictions import disputed, swapped, too_sure
from reprise_research.llm.numbers import missing, readings
from reprise_research.llm.prompts import NAMES, prompt
from reprise_research.text.citations import Place, locate
from reprise_research.text.language import han_share, language_of
from reprise_research.text.sentences import split
from reprise_research.text.words import content, overlap

_SHARED = 0.25
"""The share of a claim's content words that its evidence has to contain."""
_SOME_WORDS = 6
"""Words that a language can be told by."""
_TURNED = 2
"""Figures of a claim, all in one passage, that a movement is told by."""
_ECHO = 90.0
_REPEATED = 0.5
_STOPS = tuple(".!?。！？")
_BETWEEN = ".!?。！？,;:，；： \n”»)]"


def objection(
    claim: str,
    evidence: Iterable[str],
    worked_out: Iterable[Sum] = (),
    *,
    own_words: bool = False,
    around: str = "",
) -> str:
    """What code sees wrong with a claim, in words that its writer can act on; empty if nothing. A figure has
    to be in the evidence, or be what a sum of figures in it comes to; within one language enough of the words
    have to be its words, or those of what stands `around` it (who speaks, what was asked), unless the claim
    is a conclusion, which may have its own."""
    given = "\n".join(evidence)
    sums = tuple(worked_out)
    strange = [one.text for one in missing(claim, given) if not explained(one, sums)]
    if strange:
        return f"the lines do not give the figure {', '.join(strange[:4])}"
    if own_words or not same_language(claim, given):
        return ""
    said = content(claim)
    if said and len(said & content(f"{given}\n{around}")) / len(said) < _SHARED:
        return "the lines speak of something else"
    return ""


def contradiction(claim: str, passages: Iterable[str]) -> str:
    """What code sees denied or turned round in a claim, by the words of its passages in its own language;
    empty if nothing. It sees what is put alike; a reader sees more, and knows better."""
    given = tuple(passages)
    kinds = {"negation", "direction", "attribution"}
    found = next((doubt.why for doubt in doubts(claim, given) if doubt.kind in kinds), "")
    way, figures = direction_of(claim), readings(claim)
    if found:
        return found
    if way and len(figures) >= _TURNED:
        alike = [one for one in given if same_language(claim, one) and not missing(claim, one)]
        if alike and all(direction_of(one) == -way for one in alike):
            return "the lines say that it went the other way"
    return disputed(claim, given) or swapped(claim, given) or too_sure(claim, given)


def stands_on(claim: str, evidence: Iterable[str]) -> bool:
    """Whether code sees nothing wrong with a claim."""
    return not objection(claim, evidence)


def same_language(one: str, other: str) -> bool:
    """Whether words of two texts can be compared: one script, and, as far as that can be told, one
    language."""
    if abs(han_share(one) - han_share(other)) > 0.5:
        return False
    spoken, heard = language_of(one), language_of(other)
    return spoken == heard


def wrong_language(texts: Iterable[str], wanted: str) -> str:
    """The language that an answer is in, if it is another than the one that is wanted (a code); empty if not,
    or if it cannot be told."""
    said = " ".join(texts)
    spoken = language_of(said) if wanted and len(content(said)) >= _SOME_WORDS else None
    return spoken if spoken is not None and spoken != primary(wanted) else ""


def is_about(text: str, evidence: str) -> bool:
    """Whether a question or a title speaks of anything that the evidence speaks of; in another language that
    cannot be told, and counts."""
    return bool(content(text) & content(evidence)) or not same_language(text, evidence)


def only_grounded(text: str, evidence: str) -> str:
    """The sentences of a text that stand on the evidence."""
    return " ".join(sentence.text for sentence in split(text) if stands_on(sentence.text, (evidence,)))


def is_echo(text: str) -> bool:
    """Whether a text only says again what a prompt says, or one thing over and over."""
    words = text.lower().split()
    runs = [tuple(words[place : place + 5]) for place in range(len(words) - 4)]
    if len(runs) >= 8 and len(set(runs)) < (1 - _REPEATED) * len(runs):
        return True
    return len(text) >= 24 and any(
        fuzz.partial_ratio(text.lower(), prompt(name).text.lower()) >= _ECHO for name in NAMES
    )


def find(text: str, quote: str) -> Place | None:
    """Where a quote stands in a text: as it is, or nearly; without the quotation marks and dots that models
    put around it."""
    bare = quote.strip().strip("\"“”„«»‘’'").strip()
    for candidate in dict.fromkeys((quote.strip(), bare, bare.strip("…. "))):
        if len(candidate) >= 8 and (place := locate(text, candidate)) is not None:
            return _trimmed(text, place, bare) if place.score < 1 else place
    return None


def _trimmed(text: str, place: Place, quote: str) -> Place:
    """A near match without what belongs to the sentence before it, and with the full stop that the quote has
    as well."""
    start, end = place.start, place.end
    while start < end and text[start] in _BETWEEN and not quote.startswith(text[start]):
        start += 1
    if quote[-1:] in _STOPS and text[end - 1] not in _STOPS and text[end : end + 1] in _STOPS:
        end += 1
    return replace(place, start=start, end=end)


def alike(one: str, other: str) -> bool:
    """Whether two sentences say the same in nearly the same words. Other figures are another claim, however
    like the words are."""
    if missing(one, other) or missing(other, one):
        return False
    return (
        fuzz.token_sort_ratio(one.lower(), other.lower()) >= 88
        or overlap(content(one), content(other)) >= 0.95
    )
