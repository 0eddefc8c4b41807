"""What a question wants to be answered with (an amount, a date, a place, a person, a reason, what something
is), and which passages give such a thing.

The words that ask stand in the languages' files (`[asks]`). A passage that gives what is wanted is no answer
yet; of two that speak of the same it is the better one.
"""

import re
from collections.abc import Callable
from functools import cache

from reprise_research.extractive.kinds import figures_in
from reprise_research.languages import knows, language
from reprise_research.quantities import Kind, quantities
from reprise_research.text.lexicon import lexicon
from reprise_research.text.passages import Passage
from reprise_research.text.words import runs, stem, stop_words

Fits = Callable[[Passage], bool]

_PATH = re.compile(r"(?<![\w/])[~.]?/\w[\w.+-]*|\b\w[\w-]*\.(?:conf|txt|cfg|ini|toml|json|ya?ml|log|db)\b")
"""A file or a folder."""
_WITHIN = re.compile(r"(?<=[^\W\d_] )[^\W\d_]\w+(?: [^\W\d_]\w+)*")
_SUBJECT = 9
"""Words before the copula of a sentence that says what something is."""


def expected(question: str, code: str) -> tuple[Fits, ...]:
    """Return tests of passages for what a question in a language asks for; none where no word
    tells."""
    if not knows(code):
        return ()
    asks = language(code).asks
    wanted: list[Fits] = []
    if asks.amount.search(question):
        wanted.append(gives_amount)
    if asks.date.search(question):
        wanted.append(gives_date)
    if asks.number.search(question):
        wanted.append(gives_number)
    if asks.place.search(question):
        wanted.append(gives_place)
    if asks.person.search(question):
        wanted.append(gives_person)
    if asks_reason(question, code):
        wanted.append(gives_reason)
    if asks.definition.search(question):
        wanted.append(_definition_of(question, code))
    return tuple(wanted)


def asks_change(question: str, code: str) -> bool:
    """Return whether a question asks what became different: what went up or down answers it."""
    return knows(code) and language(code).asks.change.search(question) is not None


def asks_reason(question: str, code: str) -> bool:
    """Return whether a question asks why."""
    return knows(code) and language(code).asks.reason.search(question) is not None


def asks_figures(question: str, code: str) -> bool:
    """Return whether a question asks for an amount, a number or a date: what a row of a table gives."""
    if not knows(code):
        return True
    wanted = language(code).asks
    return any(one.search(question) is not None for one in (wanted.amount, wanted.number, wanted.date))


def moves(passage: Passage) -> bool:
    """Return whether a passage says that something went up or down."""
    if not knows(passage.language):
        return False
    movement = language(passage.language).movement
    return lexicon(movement.up | movement.down, (), passage.language).search(passage.text) is not None


def gives_amount(passage: Passage) -> bool:
    """Return whether a passage gives an amount or a measure."""
    return bool(figures_in(passage))


def gives_date(passage: Passage) -> bool:
    """Return whether it names a day, a year, a time or how long something takes."""
    kinds = {one.kind for one in quantities(passage.text, passage.language or None)}
    return not kinds.isdisjoint({Kind.DATE, Kind.TIME, Kind.DURATION})


def gives_number(passage: Passage) -> bool:
    """Return whether it has a number, which may be a name: `port 22`."""
    return any(character.isdigit() for character in passage.text)


def gives_place(passage: Passage) -> bool:
    """Return whether it names a file, a folder or an address of the web; other places cannot be told from
    other names."""
    return "://" in passage.text or _PATH.search(passage.text) is not None


def gives_person(passage: Passage) -> bool:
    """Return whether it holds a name of two words within a sentence, where a language writes only names with
    capitals."""
    if knows(passage.language) and language(passage.language).nouns.capitals:
        return False
    return any(
        sum(word[0].isupper() and not word.isupper() for word in name.split()[at : at + 2]) == 2
        for found in _WITHIN.finditer(passage.text)
        for name in (found[0],)
        for at in range(len(name.split()) - 1)
    )


def gives_reason(passage: Passage) -> bool:
    """Return whether it says that something has a cause."""
    return knows(passage.language) and _causes(passage.language).search(passage.text) is not None


@cache
def _causes(code: str) -> re.Pattern[str]:
    return lexicon((), language(code).asks.causes, code)


def _definition_of(question: str, code: str) -> Fits:
    """The test whether a passage begins with what is asked about and goes on to say what it is."""
    subject = _named(question, code)

    def defines(passage: Passage) -> bool:
        if not knows(passage.language) or not subject:
            return False
        copula, words = language(passage.language).asks.copula, runs(passage.text, passage.language)
        if not language(passage.language).spaces:
            head = passage.text[: 4 * _SUBJECT]
            return any(head.find(word) > 0 for word in copula) and any(word in head for word in subject)
        for place, word in enumerate(words[:_SUBJECT]):
            if word in copula:
                return bool(subject & {stem(one, passage.language) for one in words[:place]})
        return False

    return defines


def _named(question: str, code: str) -> frozenset[str]:
    """The words of a question that name what it asks about, without function words."""
    function = language(code).words.function | language(code).asks.copula
    named = [word for word in runs(question, code) if word not in function]
    spaced = language(code).spaces
    return frozenset(stem(word, code) if spaced else word for word in named if word not in stop_words(code))
