"""Makes the lexical data of opposites again from WordNet 3.0 (Debian's package wordnet-base), and measures it
on words kept back.

Writes `opposites.tsv` (the sides of WordNet's antonyms, with the usual words near to each) and
`opposites.json` (a logistic regression over the encoder's vectors of two words) into the folder it is given.
Besides what the project installs it needs the package wordfreq.
"""

import argparse
import itertools
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from wordfreq import zipf_frequency

from reprise_research.judging.opposites import OppositeModel
from reprise_research.meaning import encoder

FILES = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
SCALE = 1000
USUAL = 1.8
"""How frequent a word of the lexicon is at least (Zipf scale: 3 is once in a million words)."""
COMMON = 2.6
"""The same of the words that the model is fitted to."""
BELOW = "h"
"""Marks, instead of a part of speech, a verb that is a kind of one of the two."""
Pairs = list[tuple[str, str]]


def is_usual(word: str, least: float) -> bool:
    """Return whether a word is as frequent as that in English."""
    return zipf_frequency(word, "en") >= least


def _usual(words: set[str], *, verbs: bool) -> set[str]:
    """Those that are usual; of verbs those too that a small word completes (`turn down`)."""
    spaced = {word.replace("_", " ") for word in words if word.count("_") <= int(verbs)}
    return {word for word in spaced if re.sub("[- ]", "", word).isalpha() and is_usual(word, USUAL)}


class WordNet:
    """The synsets of WordNet: their words, and what they point to."""

    def __init__(self, folder: Path) -> None:
        self.synsets: dict[tuple[str, str], tuple[list[str], list[list[str]]]] = {}
        self.topics: dict[tuple[str, str], str] = {}
        """The number of the file that WordNet's authors keep a synset in: of people, of acts."""
        for kind in ("noun", "verb", "adj", "adv"):
            for line in (folder / f"data.{kind}").read_text("latin-1").splitlines():
                if not line.startswith("  "):
                    fields = line.split()
                    count = int(fields[3], 16)
                    words = [re.sub(r"\((?:a|p|ip)\)$", "", fields[4 + 2 * i]).lower() for i in range(count)]
                    first = 5 + 2 * count
                    pointers = [
                        fields[first + 4 * i : first + 4 + 4 * i] for i in range(int(fields[first - 1]))
                    ]
                    self.synsets[kind, fields[0]] = (words, pointers)
                    self.topics[kind, fields[0]] = fields[1]

    def near(self, place: tuple[str, str]) -> set[str]:
        """The words of a synset and, of an adjective, those of the ones similar to it."""
        words, pointers = self.synsets[place]
        found = set(words)
        for symbol, offset, kind, _ in pointers if place[0] == "adj" else ():
            if symbol == "&":
                found |= set(self.synsets[FILES[kind], offset][0])
        return _usual(found, verbs=place[0] == "verb")

    def below(self, place: tuple[str, str]) -> set[str]:
        """The words of the verbs that are kinds of this one: whoever bans something forbids it."""
        return _usual(
            {
                word
                for symbol, offset, kind, _ in (self.synsets[place][1] if place[0] == "verb" else ())
                if symbol == "~"
                for word in self.synsets[FILES[kind], offset][0]
            },
            verbs=True,
        )

    def opposed(self) -> Iterable[tuple[tuple[str, str], tuple[str, str], str, str]]:
        """Each pair of opposite synsets once, with the two words that are antonyms themselves."""
        for place in sorted(self.synsets):
            words, pointers = self.synsets[place]
            for symbol, offset, kind, which in pointers:
                other = (FILES[kind], offset)
                if symbol == "!" and place <= other:
                    yield (
                        place,
                        other,
                        words[int(which[:2], 16) - 1],
                        self.synsets[other][0][int(which[2:], 16) - 1],
                    )

    def alike(self) -> Pairs:
        """Words of one synset, and siblings below one synset: near in meaning, and no opposites."""
        below: dict[tuple[str, str], list[str]] = defaultdict(list)
        pairs = []
        for words, pointers in (self.synsets[place] for place in sorted(self.synsets)):
            pairs += [(words[0], word) for word in words[1:]]
            for symbol, offset, kind, _ in pointers:
                if symbol == "@":
                    below[FILES[kind], offset].append(words[0])
        pairs += [(a, b) for siblings in below.values() for a, b in itertools.pairwise(siblings) if a != b]
        return [(a, b) for a, b in pairs if a.isalpha() and b.isalpha()]


def main() -> None:
    """Make both files, and say how many opposites of words kept back the model finds, and how many others it
    takes for some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "wordnet", type=Path, help="the folder with data.noun and its like: /usr/share/wordnet"
    )
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    net, meaning = WordNet(arguments.wordnet), encoder()
    if meaning is None:
        parser.error("no encoder is installed")
    sides: dict[str, list[str]] = defaultdict(list)
    direct, indirect = set[tuple[str, str]](), set[tuple[str, str]]()
    chance = random.Random(1)
    for number, (one, other, word, antonym) in enumerate(net.opposed()):
        direct.add((word, antonym))
        kind = "r" if one[0] == "adv" else one[0][0]
        left, right = sorted(net.near(one)), sorted(net.near(other))
        for side, words, place in (("+", left, one), ("-", right, other)):
            for near in words:
                sides[near].append(f"{number}{side}{kind}")
            for near in sorted(net.below(place) - {*left, *right}):
                sides[near].append(f"{number}{side}{BELOW}")
        left, right = ([word for word in words if is_usual(word, COMMON)] for words in (left, right))
        if left and right:
            indirect.add((chance.choice(left), chance.choice(right)))
    rows = "".join(f"{word}\t{' '.join(sides[word])}\n" for word in sorted(sides))
    heading = (
        "# Sides of WordNet 3.0's antonyms: a word, and for each pair of opposite meanings its "
        "number, its side and part of speech (h: a kind of such a verb).\n"
    )
    (arguments.folder / "opposites.tsv").write_text(heading + rows, "utf-8")
    alike = [
        pair
        for pair in net.alike()
        if all(is_usual(w, COMMON) for w in pair) and pair not in direct and pair not in indirect
    ]
    words = sorted({word for pair in alike for word in pair})
    others = [*chance.sample(alike, 12_000), *(tuple(chance.sample(words, 2)) for _ in range(4000))]

    def features(pairs: Pairs) -> NDArray[np.float64]:
        return OppositeModel.features(
            meaning.encode([a for a, _ in pairs]), meaning.encode([b for _, b in pairs])
        )

    def kept(pairs: Pairs) -> NDArray[np.bool_]:
        return np.array([any(zlib.crc32(word.encode()) % 5 == 0 for word in pair) for pair in pairs])

    named = [
        (w, o) for w, o in sorted(direct) if all(word.isalpha() and is_usual(word, COMMON) for word in (w, o))
    ]
    groups = [(named, 1, 3.0), (sorted(indirect - direct), 1, 0.3), (others, 0, 1.0)]
    inputs = np.vstack([features(pairs) for pairs, _, _ in groups])
    labels = np.concatenate([np.full(len(pairs), label) for pairs, label, _ in groups])
    weights = np.concatenate([np.full(len(pairs), weight) for pairs, _, weight in groups])
    back = np.concatenate([kept(pairs) for pairs, _, _ in groups])
    tried = LogisticRegression(C=0.1, max_iter=400).fit(
        inputs[~back], labels[~back], sample_weight=weights[~back]
    )
    said = tried.predict_proba(inputs[back])[:, 1] >= 0.7
    print(
        f"of opposites kept back {said[labels[back] == 1].mean():.2f}, of others "
        f"{said[labels[back] == 0].mean():.3f}"
    )
    model = LogisticRegression(C=0.1, max_iter=400).fit(inputs, labels, sample_weight=weights)
    data = {
        "bias": round(float(model.intercept_[0]), 4),
        "scale": SCALE,
        "weights": np.round(model.coef_[0] * SCALE).astype(int).tolist(),
    }
    (arguments.folder / "opposites.json").write_text(json.dumps(data), "utf-8")


if __name__ == "__main__":
    main()
