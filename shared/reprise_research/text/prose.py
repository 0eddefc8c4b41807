"""What a stretch of text is good for: whether it is prose, leans on what stands before it, gives an opinion,
speaks to a machine.

The words that tell it stand in the languages' files; here is what holds in all of them.
"""

import re
from functools import cache

from reprise_research.languages import LANGUAGES, Language, knows, language
from reprise_research.text.lexicon import Lexicon, lexicon
from reprise_research.text.parts import has_parts, parts_of
from reprise_research.text.script import is_unspaced, script_of
from reprise_research.text.sentences import Sentence, ends, is_question, is_spoken, split
from reprise_research.text.words import LETTER, runs, stop_words

LONGEST = 600
"""Characters; a longer stretch without a full stop is a list or a table that lost its shape."""
_OPENING = "\"'“‘«„([¿¡"
_STARTS_WITHIN = re.compile(rf"[{re.escape(_OPENING)}]*[a-zà-ÿа-яё]")
_NAMED_IN_LOWER = re.compile(
    r"[\"'“‘«(\[]*[a-z][\w.+-]*(?:\(\d\w*\)|\d|[-_.+]\w)|\S+\s(?:is|are|was|has|can|will|does|provides|reads|uses)\b|"
    r"\S+\s(?:[a-z]+s\s|[-–—:]\s|\(\w)|[\"“‘][^\"”’]{1,60}[\"”’]\s|[a-z][^.:!?]{0,40}: [A-Z]"
)
"""A sentence may begin in lower case with the name of a program or with what it explains: `dpkg(1) is …`,
`hold - the user …`, `keys folder: All keys …`, `"netstat -an" shows …`."""
_CRUMB = re.compile(
    r"^\d{1,3} (?:This|The|It|In|If|See|As|For|When|That|These|An?)\s|(?:\s?\.){4,}|"
    r"(?:\s?…){2,}\s*\d|^[”’»\"')\]]\s|^\\|\s\d+ / \d+\b|_{3,}"
)
"""Marks of a table of contents, of a page's foot, or of a quotation that began before."""
_ROW = re.compile(r"[^:;|]{1,40}: [^;]+(?:; [^:;|]{1,40}: [^;]+)+")
_FIELD = re.compile(r"(?:^|\s)[A-Z][\w-]*: ")
"""A field of a record, such as `Priority: optional`."""
_POINTS = re.compile(r"\b(?:they|them|it|he|him|she|her)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"«「『][^“”\"«»「」『』]{0,200}[”\"»」』]")
_LETTERS = re.compile(LETTER)
_NAMED = re.compile(r"[^:.!?。]{1,60}(?:\([^)]{0,40}\))?: \w+")
_ADDRESS = re.compile(r"https?://\S+")
_BESIDE = 9
"""Words beside an address from which a sentence says something besides where to look."""
_CLOSING = "）)】」』，、。：；,.:;的地得都也就而并或和与及をはがのにでとも"
_LABEL = 4
"""Words of a label before its colon, at most."""
_LABELLED = 14
"""Words of a sentence up to which it may have none; a longer one is no label."""
_FEWEST = {"ko": 3, "ar": 4, "ru": 4, "hi": 5}
"""Words of a sentence; a language that writes articles and prepositions apart needs five."""
_FEWEST_AMONG = 3
"""The same of a sentence in a paragraph that has another one."""
_SHORTEST, _SHORTEST_AMONG = 10, 6
"""The same in characters, where spaces part no words."""


def prose(text: str, code: str = "en") -> tuple[Sentence, ...]:
    """Return the sentences of a text that say something by themselves: no headings, menus, captions, legal
    lines or tables, and nothing of a paragraph from where on it speaks to a machine that reads it."""
    every = split(text, code)
    tainted: dict[int, int] = {}
    for sentence in every:
        if sentence.paragraph not in tainted and instructs(sentence.text):
            tainted[sentence.paragraph] = sentence.position
    safe = [one for one in every if one.position < tainted.get(one.paragraph, one.position + 1)]
    safe = [one for one in safe if one.text != one.heading]
    says = {one for one in safe if (_says if one.spoken else is_prose)(one.text, code)}
    running = {one.paragraph for one in says if not one.spoken}
    return tuple(
        one
        for one in safe
        if one in says
        or (not one.spoken and one.paragraph in running and is_prose(one.text, code, among_others=True))
    )


def rows(text: str, code: str = "en") -> tuple[Sentence, ...]:
    """Return the rows of a text's tables, as `sources.tables` writes them: `Head: cell; Head: cell.`"""
    return tuple(
        sentence
        for sentence in split(text, code)
        if len(sentence.text) <= LONGEST and _ROW.match(sentence.text)
    )


def is_row(stretch: str) -> bool:
    """Return whether a stretch is a row of a table: `Head: cell; Head: cell.`"""
    return _ROW.match(stretch) is not None


def is_prose(sentence: str, code: str = "en", *, among_others: bool = False) -> bool:
    """Return whether a stretch is a whole sentence of running text that says something itself; `among_others`
    says that its paragraph has others, where a short one is no heading."""
    if len(sentence) > LONGEST or not ends(sentence) or "|" in sentence or _CRUMB.search(sentence):
        return False
    if "http" in sentence and not _speaks(_ADDRESS.sub(" ", sentence), code):
        return False
    if _ROW.fullmatch(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    bare = sentence.lstrip(_OPENING + " ")
    read = _read_with(sentence, code)
    if not bare or any(
        one.reading.boilerplate.search(sentence) or one.reading.refers.match(bare) for one in read
    ):
        return False
    return (
        _is_unspaced_sentence(sentence, _SHORTEST_AMONG if among_others else _SHORTEST)
        if is_unspaced(bare[0]) or _is_unspaced_text(sentence)
        else _is_sentence(sentence, code, _FEWEST_AMONG if among_others else _FEWEST.get(code, 5))
    )


def may_be_quoted(stretch: str, code: str = "en") -> bool:
    """Return whether a stretch is no furniture of a page, and says more than where to read something."""
    bare = stretch.lstrip(_OPENING + " ")
    return not any(
        one.reading.boilerplate.search(stretch) or one.reading.refers.match(bare)
        for one in _read_with(stretch, code)
    )


def _speaks(rest: str, code: str) -> bool:
    """Whether what stands beside an address is a sentence by itself, and no entry of a list of links."""
    words = runs(rest, code)
    return len(words) >= _BESIDE and sum(word in stop_words(code) for word in words) >= 0.25 * len(words)


def leans(sentence: str, code: str = "en") -> bool:
    """Return whether a sentence needs the one before it to be understood: it begins with a pronoun or a
    connective, or points elsewhere."""
    bare = sentence.lstrip(_OPENING)
    named = _NAMED.match(
        bare
    )  # what points right behind a term points at it: `SIGINT: This is a fast shutdown.`
    for one in _read_with(sentence, code):
        if one.reading.opens.match(bare) or one.reading.points.search(bare, named.end() if named else 0):
            return True
    return code == "en" and not named and len(bare) < 50 and _POINTS.search(bare) is not None


def is_bare(sentence: str, code: str = "en") -> bool:
    """Return whether a sentence says nothing that tells which thing it begins with (`the cost`). It may be
    compared as it stands; who reads it alone cannot know."""
    bare = sentence.lstrip(_OPENING)
    return any(one.reading.bare.match(bare) is not None for one in _read_with(sentence, code))


def is_opinion(sentence: str, code: str = "en") -> bool:
    """Return whether someone values, demands or believes in it, rather than reports."""
    return any(
        _opinion(one.code).search(sentence) or one.opinion.pattern.search(sentence)
        for one in _own(sentence, code)
    )


def is_opinionated(title: str, code: str = "en") -> bool:
    """Return whether a title says that what stands below it is somebody's opinion: `Letters`,
    `Opinion: …`."""
    return any(one.opinion.titles.match(title.strip()) for one in _read_with(title, code))


def speaks_of_itself(sentence: str, code: str = "en") -> bool:
    """Return whether a sentence says `we` or `my` outside of quotation marks: who speaks has to be named with
    it."""
    if not knows(code):
        return False
    return _selves(code).search(_QUOTED.sub(" ", sentence)) is not None


def is_unknown(sentence: str, code: str = "en") -> bool:
    """Return whether it says that something is not known, was not measured or has not been decided; not where
    it only supposes so."""
    return any(
        not one.reading.supposes.search(re.split(r"[,;:]", sentence[: match.start()])[-1])
        for one in _read_with(sentence, code)
        for match in one.reading.unknown.finditer(sentence)
    )


def without_unknown(sentence: str, code: str = "en") -> str:
    """Return a sentence without the words that say that something is not known, and without why it is not:
    what it is that is not known."""
    for one in _read_with(sentence, code):
        last = max((match.end() for match in one.reading.unknown.finditer(sentence)), default=len(sentence))
        why = _because(one.code).search(sentence, last)
        sentence = one.reading.unknown.sub(" ", sentence[: why.start()] if why is not None else sentence)
    return sentence


@cache
def _because(code: str) -> re.Pattern[str]:
    """Where a sentence begins to say why: at a mark, at a reason behind a comma, at the plainest one
    anywhere."""
    reasons = language(code).asks.reasons
    if not reasons:
        return re.compile("[:;]")
    behind = "|".join(map(re.escape, sorted(reasons, key=len, reverse=True)))
    return re.compile(rf"[:;]|,\s+(?:{behind})\b|\s{re.escape(reasons[0])}\b", re.IGNORECASE)


def asks(sentence: str, code: str = "en") -> bool:
    """Return whether it asks, or tells that somebody asked; that something is not known is no question."""
    if is_question(sentence):
        return True
    if not knows(code) or is_unknown(sentence, code):
        return False
    return language(code).asks.indirect.search(sentence) is not None


def reports_question(sentence: str, code: str = "en") -> bool:
    """Return whether a sentence only tells that somebody asked or discussed something, which says nothing of
    the matter."""
    return knows(code) and language(code).asks.reported.match(sentence) is not None


def instructs(text: str) -> bool:
    """Return whether a text speaks, in any language, to the machine that reads it instead of to its readers;
    not where it quotes such words."""
    bare = _QUOTED.sub(" ", text)
    return any(language(code).reading.instructs.search(bare) for code in LANGUAGES)


def is_transcript(text: str, code: str = "en") -> bool:
    """Return whether a text is speech that nobody punctuated."""
    return is_spoken(text, code)


def _says(piece: str, code: str) -> bool:
    """Whether a piece of speech holds enough words to say something."""
    if is_unspaced(piece[0]):
        return len(piece) >= 12
    words = runs(piece, code)
    return len(words) >= 5 and any(word not in stop_words(code) for word in words)


def _read_with(sentence: str, code: str) -> tuple[Language, ...]:
    """The languages whose words tell something of a sentence: its text's own, and in Latin script English,
    which stands on pages in all of them; a sentence in another script than its text is read with the language
    of that script."""
    foreign = sum(character > "\u024f" and character.isalpha() for character in sentence) > len(sentence) / 5
    return _languages(code, script_of(sentence) if foreign else "latin")


def _own(sentence: str, code: str) -> tuple[Language, ...]:
    """The same without English beside another language: a word of both values in one of them only (`votos a
    favor`)."""
    read = _read_with(sentence, code)
    return tuple(one for one in read if one.code == code) or read


@cache
def _languages(code: str, script: str | None) -> tuple[Language, ...]:
    own = (language(code),) if knows(code) else ()
    if any(one.script == script for one in own) or (
        own and script in ("han", "kana") and own[0].script in ("han", "kana")
    ):
        return own if script != "latin" or code == "en" else (*own, language("en"))
    return tuple(
        language(known)
        for known in LANGUAGES
        if language(known).script == script and (script != "latin" or known == "en")
    )


@cache
def _opinion(code: str) -> Lexicon:
    known = language(code)
    return lexicon(known.opinion.words, known.opinion.phrases, code)


@cache
def _selves(code: str) -> Lexicon:
    return lexicon(language(code).words.selves, (), code)


def _is_unspaced_text(sentence: str) -> bool:
    letters = _LETTERS.findall(sentence)
    return bool(letters) and sum(is_unspaced(letter[0]) for letter in letters) >= len(letters) / 3


def _is_sentence(sentence: str, code: str, fewest: int) -> bool:
    words = sentence.split()
    within = _STARTS_WITHIN.match(sentence) and (
        not _NAMED_IN_LOWER.match(sentence) or words[0].strip("\"'“‘«([") in stop_words(code)
    )
    if sentence[0] in "<>)].,;:=" or within:
        return False
    if len(words) <= _LABELLED and knows(code) and not _may_have_verb(words, language(code)):
        return False
    if len(_FIELD.findall(sentence)) >= 3 or (sentence[0] == "(" and sentence.rstrip(".!?")[-1:] == ")"):
        return False
    if len(words) < fewest or sum(map(len, _LETTERS.findall(sentence))) < 0.55 * len(sentence):
        return False
    capitals = sum(word[0].isupper() for word in words if word[0].isalpha())
    return len(words) <= 6 or capitals <= 0.75 * len(words)


def _may_have_verb(words: list[str], known: Language) -> bool:
    """Whether a sentence may have a verb, as far as capitals or a list of verbs tell it: `Entschuldigt: Herr
    Kast.` and `Repair of the organ.` have none, and a label in front says nothing. Figures say something
    without one."""
    if not (known.nouns.capitals or has_parts(known.code)):
        return True
    label = next((place for place, word in enumerate(words[:_LABEL]) if word.endswith(":")), -1)
    bare = [word.strip("\"'“‘«„([¿¡”’»).,;!?…") for word in words[label + 1 :]]
    if known.kinds.future.search(" ".join(bare)):
        return True
    for place, word in enumerate(bare):
        lower = word.casefold().replace("’", "'")
        if any(character.isdigit() for character in word):
            return True
        opens = place == 0 and label < 0
        after = bare[place + 1].casefold() if place + 1 < len(bare) else ""
        if not word or not (opens or word[0].islower()) or lower in _verbless(known.code):
            continue
        if known.nouns.capitals or not opens:
            if _may_be_verb(lower, known):
                return True
        elif _commands(lower, after, known):
            return True
    return False


def _may_be_verb(word: str, known: Language) -> bool:
    """Whether a word in lower case may be a finite verb."""
    if known.nouns.capitals:
        return word.isalpha()
    if "'" in word or "-" in word:
        return True
    kinds = known.kinds
    auxiliaries = known.words.present | known.words.past | kinds.hedges | kinds.duty | kinds.ability
    return word in auxiliaries or "v" in parts_of(word, known.code)


def _commands(word: str, after: str, known: Language) -> bool:
    """Whether a sentence that begins so may command something: what is a verb more often than a noun, and has
    no preposition behind it (`Letter to the editor.`)."""
    parts = parts_of(word, known.code)
    small = known.words.prepositions | known.words.genitives | known.sentences.joins
    return "'" in word or (parts.startswith("v") and not word.endswith("ing") and after not in small)


@cache
def _verbless(code: str) -> frozenset[str]:
    """Small words and numbers, which stand beside nouns and are no verbs."""
    known = language(code)
    numbers = frozenset(word for words in known.numbers.cardinals.values() for word in words)
    small = known.nouns.before | known.units.determiners | known.units.links | known.words.prepositions
    return small | known.words.genitives | known.words.relators | known.sentences.joins | numbers


def _is_unspaced_sentence(sentence: str, shortest: int) -> bool:
    """It is long enough, and begins as a sentence does: with no closing mark and no particle."""
    return len(sentence) >= shortest and sentence[0] not in _CLOSING
