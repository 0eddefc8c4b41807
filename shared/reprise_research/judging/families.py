"""Whether two English words belong together though they do not begin alike: `sank` and `sink`, `emitted` and
`emissions`, `long` and `length`. The families are WordNet's (`families.tsv`, from WordNet 3.0;
`benchmarks/families.py` makes it)."""

from functools import cache, lru_cache
from importlib.resources import files

from reprise_research.text.words import stem

_FOLDER = files("reprise_research.judging")


@cache
def _families() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """The families of each word, by the word and by its stem, and the words of each family."""
    lines = _FOLDER.joinpath("families.tsv").read_text("utf-8").splitlines()
    known: dict[str, frozenset[str]] = {}
    members: dict[str, frozenset[str]] = {}
    for word, numbers in (line.split("\t") for line in lines if not line.startswith("#")):
        for form in {word, stem(word)}:
            known[form] = known.get(form, frozenset()) | frozenset(numbers.split())
        for number in numbers.split():
            members[number] = members.get(number, frozenset()) | {word}
    return known, members


def _of(word: str) -> frozenset[str]:
    bare, (known, _) = word.casefold().replace("’", "'").removesuffix("'s"), _families()
    return known.get(bare, frozenset()) | known.get(stem(bare), frozenset())


@lru_cache(maxsize=65536)
def of_one_family(one: str, other: str) -> bool:
    """Return whether two words of English are of one family."""
    return not _of(one).isdisjoint(_of(other))


@lru_cache(maxsize=16384)
def kin(word: str) -> frozenset[str]:
    """Return the words of a word's families: of `sold` that is `sell`."""
    _, members = _families()
    return frozenset().union(*(members[number] for number in _of(word)))
