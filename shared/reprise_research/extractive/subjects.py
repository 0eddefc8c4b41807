"""What passages are about: beyond the topic, which every source repeats, and around a figure."""

import re
from functools import lru_cache

from reprise_research.extractive.stance import DOWN, UP, stated
from reprise_research.text.figures import UNIT_WORDS, Figure, clause, figures, same
from reprise_research.text.passages import Passage
from reprise_research.text.words import content, stem, word_list

ANYWHERE = frozenset(stem(word) for word in word_list("anywhere"))
"""Words that two clauses may share without being about one thing."""

_RIVALS = re.compile(r"\b[A-Z][\w.+#-]*(?:, [A-Z][\w.+#-]*)*,? (?:or|and|versus|vs\.?|against) [A-Z][\w.+#-]*")
"""Names that a topic asks to compare: `SQLite, RocksDB or LMDB`."""


class Topic:
    """What the topic itself says, which every source repeats and which therefore proves nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.terms = content(text)
        self.figures = figures(text)
        self.rivals = content(" ".join(_RIVALS.findall(text)))

    def figures_of(self, passage: Passage) -> tuple[Figure, ...]:
        """The figures of a passage that are not the topic's own."""
        return tuple(figure for figure in passage.figures if not any(same(figure, own) for own in self.figures))

    def stated_by(self, passage: Passage) -> tuple[Figure, ...]:
        """Those of them that the passage itself states, and not only compares with or starts from."""
        said = stated(passage.text)
        return tuple(figure for figure in self.figures_of(passage) if said[figure.start : figure.end] == figure.text)

    def subject_of(self, passage: Passage) -> frozenset[str]:
        """What a passage is about, beyond the topic, directions and measures."""
        return passage.content - self.terms - UP - DOWN - UNIT_WORDS


def about(passage: Passage, figure: Figure, topic: Topic) -> frozenset[str]:
    """What the clause around a figure is about, without directions and words that fit any clause."""
    return clause_content(passage.text, figure) - UP - DOWN - ANYWHERE - UNIT_WORDS - topic.terms


def told_alike(one: Passage, a: Figure, other: Passage, b: Figure) -> bool:
    """Whether the words before two figures are the same, and say something: `Drilling takes` six weeks, `drilling takes` four."""
    first, second = (text[clause(text, f, limit=200)[0] : f.start].strip().lower() for text, f in ((one.text, a), (other.text, b)))
    return first == second and bool(content(first))


@lru_cache(maxsize=16384)
def clause_content(text: str, figure: Figure) -> frozenset[str]:
    """The terms around a figure, in its clause."""
    start, end = clause(text, figure, limit=200)
    return content(f"{text[start : figure.start]} {text[figure.end : end]}") - {figure.unit}
