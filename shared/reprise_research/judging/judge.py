"""The judge of an engine: what passages of sources say of one another."""

from functools import lru_cache

from reprise_research.judging.statement import read
from reprise_research.judging.verdict import UNLIKE, Ground, Relation, Verdict
from reprise_research.judging.verdicts import judge
from reprise_research.judging.years import year_around
from reprise_research.meaning import Encoder, encoder
from reprise_research.quantities import excludes
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage


class Judge:
    """Judges passages in whatever languages they are in. Without an encoder it judges by words and figures
    alone, and says less."""

    def __init__(self, meaning: Encoder | None, topic: str = "") -> None:
        """`topic` is what is asked: what it names tells no two statements apart."""
        self.meaning = meaning
        self._context = (
            frozenset(word.stem for word in read(topic, tongue(topic)).words) if topic else frozenset()
        )
        self._judged = lru_cache(maxsize=65536)(self._judge)

    def between(self, one: str, other: str, codes: tuple[str, str] = ("", "")) -> Verdict:
        """Return how two statements stand to each other, in the languages with these codes; an empty code is
        found out. The evidence is in their order."""
        first, second = ((text, code or tongue(text)) for text, code in ((one, codes[0]), (other, codes[1])))
        if first <= second:
            return self._judged(*first, *second)
        return self._judged(*second, *first).turned()

    def backs(self, quote: str, claim: str) -> bool:
        """Return whether a quote says all that a claim says."""
        return self.between(quote, claim).whole[0]

    def relation(self, one: Passage, other: Passage) -> Verdict:
        """Return how two passages stand to each other. One that leans on what stands before it is not judged:
        it may speak of anything. The year that the text around a passage names counts as if it said so
        itself: what is told of 2019 and of 2023 is of two things."""
        if not (one.whole and other.whole):
            return UNLIKE
        codes = (one.language, other.language)
        found = self.between(one.text, other.text, codes)
        if found.relation is Relation.COPY or not (year_around(one) or year_around(other)):
            return found
        dated = self.between(_dated(one), _dated(other), codes)
        if found.relation is Relation.UNLIKE:
            return dated if dated.relation is Relation.DISPUTE and dated.ground is not Ground.DATES else found
        return found if self._of_one_time(one, other) else UNLIKE

    @staticmethod
    def _of_one_time(one: Passage, other: Passage) -> bool:
        first, second = (read(_dated(passage), passage.language).dates for passage in (one, other))
        return not any(excludes(a, b) for a in first for b in second)

    def same(self, one: Passage, other: Passage) -> bool:
        """Return whether two passages say the same, each in its own words or both in one's."""
        return one.overlaps(other) or self.relation(one, other).relation in (
            Relation.AGREEMENT,
            Relation.COPY,
        )

    def dispute(self, one: Passage, other: Passage) -> Verdict | None:
        """Return why two passages of two sources exclude each other, or None."""
        if one.source_id == other.source_id:
            return None
        found = self.relation(one, other)
        return found if found.relation is Relation.DISPUTE else None

    def _judge(self, one: str, code: str, other: str, other_code: str) -> Verdict:
        return judge(one, other, (code, other_code), self.meaning, self._context)


def _dated(passage: Passage) -> str:
    """What it says, with the year that is told around it behind."""
    year = year_around(passage)
    return f"{passage.text} ({year})" if year else passage.text


@lru_cache(maxsize=65536)
def tongue(text: str) -> str:
    """Return the code of a text's language; empty where it cannot be told."""
    return language_of(text) or ""


@lru_cache(maxsize=8)
def judging(topic: str = "") -> Judge:
    """Return the judge of statements on a topic. It remembers what it has judged."""
    return Judge(encoder(), topic)
