"""Makes the list of English words that belong together again from WordNet 3.0 (Debian's wordnet-base):

    python benchmarks/families.py /usr/share/wordnet shared/reprise_research/judging/families.tsv

Each line has a word and the numbers of its families. A family is a verb or noun with its irregular forms
(`sank`, `sink`), a verb with the noun for what it does (`emit`, `emission`), or an adjective with the noun
for the measure that it is derived from. Pairs that begin alike need no list. Needs the package wordfreq.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.opposites import FILES, WordNet, is_usual

USUAL = 2.8
"""How frequent each of the words is at least (Zipf scale)."""
BEGINNING = 5
"""Letters in common from which two words are seen to belong together without a list."""
DOERS = ("06", "18")
"""WordNet's files of nouns for things made and for people: who emits is no emission, nor is a washer."""


def irregular(folder: Path) -> Iterator[frozenset[str]]:
    """Each verb and noun with its irregular forms."""
    for kind in ("verb", "noun"):
        forms: dict[str, set[str]] = defaultdict(set)
        for line in (folder / f"{kind}.exc").read_text("latin-1").splitlines():
            form, *words = line.split()
            for word in words:
                forms[word].add(form)
        yield from (_usual({word, *own}) for word, own in forms.items())


def derived(net: WordNet) -> Iterator[frozenset[str]]:
    """Verbs and adjectives, each with its noun."""
    for (kind, _), (words, pointers) in sorted(net.synsets.items()):
        measures = {
            noun
            for symbol, offset, other, _ in pointers
            if symbol == "=" and FILES[other] == "noun"
            for noun in net.synsets["noun", offset][0]
        }
        for symbol, offset, other, which in pointers:
            place = FILES[other], offset
            if symbol != "+" or place[0] != "noun" or net.topics[place] in DOERS:
                continue
            word, noun = words[int(which[:2], 16) - 1], net.synsets[place][0][int(which[2:], 16) - 1]
            if (kind == "verb" or (kind == "adj" and noun in measures)) and not _begin_alike(word, noun):
                yield _usual({word, noun})


def _usual(words: set[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.isascii() and word.isalpha() and is_usual(word, USUAL))


def _begin_alike(one: str, other: str) -> bool:
    return one[:BEGINNING] == other[:BEGINNING]


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    found = {*irregular(arguments.wordnet), *derived(WordNet(arguments.wordnet))}
    families: dict[str, list[int]] = defaultdict(list)
    for number, family in enumerate(sorted(sorted(family) for family in found if len(family) > 1)):
        for word in family:
            families[word].append(number)
    head = "# English words that belong together, and the numbers of their families: WordNet 3.0.\n"
    rows = (f"{word}\t{' '.join(map(str, families[word]))}\n" for word in sorted(families))
    arguments.target.write_text(head + "".join(rows), "utf-8")


if __name__ == "__main__":
    main()
